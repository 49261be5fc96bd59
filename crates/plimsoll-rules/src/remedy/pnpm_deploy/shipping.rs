//! Another stage ships: what it takes from the one that installs is taken from the folder that
//! pnpm wrote, and nothing of the workspace comes along.

use plimsoll_syntax::dockerfile::FromRef;

use super::Deploy;
use crate::discover::paths::{below, folder};
use crate::layout::{Moment, image_path};
use crate::remedy::change::Changes;
use crate::remedy::dockerfile::{after, offset};
use crate::repo::{CopyStep, Place, SourceView, Step, StepKind};

/// What becomes of a COPY --from.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Stays,
    /// It takes another path.
    Takes(String),
    /// It takes another path and puts it elsewhere.
    Moves(String, String),
    /// It goes: it brought what the deployed folder has.
    Goes,
    /// It brought links to the store of the workspace.
    Store,
}

impl Deploy<'_, '_> {
    /// Rewrites the stage that ships; whether it takes the service's own files from the folder.
    pub(super) fn ship(&self, changes: &mut Changes) -> Result<bool, String> {
        let stage = &self.case.file.stages[self.case.last];
        let (mut whole, mut some) = (false, false);
        let mut stores = Vec::new();
        for (index, step) in stage.steps.iter().enumerate() {
            let StepKind::Copy(copy) = &step.kind else { continue };
            if !matches!(&copy.from, Some((_, FromRef::Stage(s))) if *s == self.stage().index) {
                continue;
            }
            let at = Moment { stage: stage.index, step: index };
            for (source, fate) in self.fates(at, copy)? {
                whole |= matches!(&fate, Fate::Takes(f) | Fate::Moves(f, _) if f == self.out);
                some |= self.is_deployed(&fate);
                match fate {
                    Fate::Stays => {}
                    Fate::Takes(from) => self.rewrite(&source.path.at, from, changes)?,
                    Fate::Moves(from, to) => {
                        self.rewrite(&source.path.at, from, changes)?;
                        self.rewrite(&copy.dest.at, to, changes)?;
                    }
                    Fate::Goes => self.remove(step, changes),
                    Fate::Store => stores.push((step, source, copy)),
                }
            }
        }
        let mut stores = stores.into_iter();
        if !some {
            let (_, source, copy) = stores
                .next()
                .ok_or("the stage that ships takes no node_modules from the one that installs")?;
            let to = image_path::join(&self.shipped_at()?, "node_modules");
            self.rewrite(&source.path.at, format!("{}/node_modules", self.out), changes)?;
            self.rewrite(&copy.dest.at, to, changes)?;
        }
        stores.for_each(|(step, ..)| self.remove(step, changes));
        Ok(whole)
    }

    /// What becomes of each source of a COPY.
    fn fates<'c>(
        &self,
        at: Moment,
        copy: &'c CopyStep,
    ) -> Result<Vec<(&'c SourceView, Fate)>, String> {
        let fates = copy.sources.iter().map(|s| (s, self.fate(at, copy, &s.path.value)));
        let fates: Vec<(&SourceView, Fate)> = fates.collect();
        // The sources of one COPY go to one place: what moves must stand alone.
        let plain = |f: &Fate| matches!(f, Fate::Stays | Fate::Takes(_)) && !self.is_deployed(f);
        match fates.len() > 1 && fates.iter().any(|(_, f)| !plain(f)) {
            true => {
                Err("node_modules or members are copied together with something else".to_owned())
            }
            false => Ok(fates),
        }
    }

    /// Whether a COPY brings node_modules from the deployed folder.
    fn is_deployed(&self, fate: &Fate) -> bool {
        match fate {
            Fate::Takes(from) | Fate::Moves(from, _) => image_path::below(self.out, from).is_some(),
            _ => false,
        }
    }

    /// What becomes of a source of a COPY.
    fn fate(&self, at: Moment, copy: &CopyStep, source: &str) -> Fate {
        let path = image_path::join("/", source);
        let inside = |folder: &str| image_path::below(folder, &path).map(str::to_owned);
        match inside(&self.place).as_deref() {
            Some("") => return Fate::Takes(self.out.to_owned()),
            Some("node_modules") => return Fate::Takes(format!("{}/node_modules", self.out)),
            Some(rest) if self.alone => return Fate::Takes(format!("{}/{rest}", self.moved())),
            Some(_) => return Fate::Stays,
            None => {}
        }
        let Some(rest) = inside(&self.top) else { return Fate::Stays };
        let cwd = self.case.layout.cwd(at).unwrap_or("/");
        if rest.is_empty() {
            let service = below(self.base(), self.own()).unwrap_or_default();
            let to = image_path::join(&image_path::join(cwd, &copy.dest.value), service);
            return Fate::Moves(self.out.to_owned(), to);
        }
        if rest == "node_modules" {
            return Fate::Store;
        }
        let holds = |member: &String| {
            let member = below(self.base(), member).unwrap_or(member);
            below(&rest, member).is_some() || below(member, &rest).is_some()
        };
        if self.members.iter().any(holds) { Fate::Goes } else { Fate::Stays }
    }

    /// The service's folder of the builder once the workspace is laid out.
    fn moved(&self) -> String {
        let service = below(self.base(), self.own()).unwrap_or_default();
        image_path::join(&self.top, service)
    }

    fn base(&self) -> &str {
        folder(&self.root.path)
    }

    /// Where the image that ships has the service: where its manifest lands, or where it runs.
    fn shipped_at(&self) -> Result<String, String> {
        let manifest = image_path::join(&self.place, "package.json");
        let layout = self.case.layout;
        let landed = layout.landings(self.stage().index, &manifest, self.case.last);
        let copied = layout.places_of(&self.service.path);
        let copied = copied.iter().find(|(m, ..)| m.stage == self.case.last).map(|(_, to, _)| to);
        let place = landed.first().or(copied).map(|p| image_path::folder(p).to_owned());
        let place = place.or_else(|| layout.last_cwd(self.case.last).map(str::to_owned));
        place.ok_or_else(|| "where the service runs cannot be told".to_owned())
    }

    /// Gives a COPY another source or place.
    fn rewrite(&self, at: &Place, to: String, changes: &mut Changes) -> Result<(), String> {
        let written = at.span.and_then(|s| self.text().get(s.range())).unwrap_or("$");
        if written.contains(['"', '$', '*', '?', '[']) {
            return Err(format!("COPY of {written} is quoted, a pattern or has variables"));
        }
        changes.replace(at, to);
        Ok(())
    }

    /// Takes a step out, with its line.
    fn remove(&self, step: &Step, changes: &mut Changes) {
        let Some(span) = step.at.span else { return };
        let text = self.text();
        let start = text[..span.start as usize].rfind('\n').map_or(0, |i| i + 1);
        let end = after(text, &step.at);
        changes.edit(&self.case.file.path, offset(start), offset(end), String::new());
    }
}
