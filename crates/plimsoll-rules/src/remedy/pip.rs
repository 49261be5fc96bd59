//! Lists of requirements and paths given to pip: what is split, and what is given besides.

use super::change::Changes;
use super::dockerfile::{Copied, offset, text_of};
use super::install::{Done, Kitchen, one_line};
use super::needs::Needs;
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, Moment, image_path};
use crate::packages::{Dependency, Syntax};

impl Kitchen<'_, '_> {
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the install")]
    pub(super) fn pip(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        copied: &[Copied],
        run: &str,
        single: bool,
        changes: &mut Changes,
        done: &mut Done,
    ) {
        if let Some(name) = self.wheels {
            self.wheel_stage(install, needs, name, changes);
        }
        let list = install.roots.iter().find_map(|r| match r {
            Root::Requirements(path) => Some(path.as_str()),
            _ => None,
        });
        match list.map(|l| (l, self.layout.find(install.moment, l))) {
            Some((list, Found::Exported(moment))) if single && !copied.is_empty() => {
                self.exported(install, moment, list, copied, run, changes, done);
            }
            Some((list, Found::Repository { .. })) if single => {
                self.requirements(install, needs, list, copied, run, changes, done);
            }
            // What a package names is found when it is there already.
            None if single && !needs.alone.is_empty() => {
                let first = format!("RUN {}\n", with_paths(run, needs, true));
                self.before(install, copied, &first, changes);
            }
            _ => self.before(install, copied, "", changes),
        }
    }

    /// A list that an export wrote: it is split where it is written.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the install")]
    fn exported(
        &self,
        install: &Install<'_>,
        moment: Moment,
        list: &str,
        copied: &[Copied],
        run: &str,
        changes: &mut Changes,
        done: &mut Done,
    ) {
        let export = self.uses.installs.iter().find(|i| i.export && i.moment == moment);
        let word = self.word(install, list);
        let (Some(export), Some(word)) = (export.filter(|e| !e.command.exec), word) else {
            return self.before(install, copied, "", changes);
        };
        let Some((written, source)) = self.written(export, list) else {
            return self.before(install, copied, "", changes);
        };
        let dir =
            |path: &str| path.rsplit_once('/').map_or(String::new(), |(d, _)| format!("{d}/"));
        let folder = dir(&written);
        let mut split = format!(
            " \\\n    && sed -e '/^-e /d' -e '/ @ file:/d' {written} > {folder}third-party.txt"
        );
        if self.wheels.is_none() {
            split.push_str(&format!(
                " \\\n    && sed -n -e 's/^-e //' -e '/file:\\/\\//p' {written} > {folder}local.txt"
            ));
        }
        let path = &self.layout.file.path;
        if let Some(span) = export.at.span {
            changes.insert(path, offset(span.end as usize), split);
        }
        self.carried(&source, changes);
        let third = run.replacen(&word, &format!("{}third-party.txt", dir(&word)), 1);
        let local = match self.wheels {
            Some(name) => self.install_wheels(run, &word, name),
            None => run.replacen(&word, &format!("{}local.txt", dir(&word)), 1).replacen(
                " install",
                " install --no-deps",
                1,
            ),
        };
        self.replace_run(install, Some(&third), &local, copied, changes);
        done.third_party.push(one_line(&third));
    }

    /// The list as the export writes it: the word, and the absolute path.
    fn written(&self, export: &Install<'_>, list: &str) -> Option<(String, String)> {
        let words = export.call.args.iter().map(|w| w.text());
        let redirects = export.call.command.redirects.iter().map(|r| r.target.text());
        let name = list.rsplit('/').next()?;
        let found = words
            .chain(redirects)
            .flatten()
            .map(|t| t.split_once('=').filter(|(f, _)| f.starts_with("--")).map_or(t, |(_, v)| v));
        let ends = |t: &&str| t.ends_with(".txt") || t.rsplit('/').next() == Some(name);
        let word = found
            .into_iter()
            .filter(|t| *t != "requirements.txt" || name == "requirements.txt")
            .filter(ends)
            .fold(None, |_, word| Some(word))?;
        Some((word.to_owned(), image_path::join(&export.folder, word)))
    }

    /// The word by which an install names its list.
    fn word(&self, install: &Install<'_>, list: &str) -> Option<String> {
        let same = |w: &&str| image_path::join(&install.folder, w) == list;
        install.call.args.iter().filter_map(|w| w.text()).find(same).map(str::to_owned)
    }

    /// COPY --from of the list takes the two new ones.
    fn carried(&self, list: &str, changes: &mut Changes) {
        let folder = image_path::folder(list);
        for (_, copy) in self.layout.file.stages.iter().flat_map(|s| s.copies()) {
            if copy.from.is_none() {
                continue;
            }
            for source in &copy.sources {
                if image_path::join("/", &source.path.value) != list {
                    continue;
                }
                let lists = ["third-party.txt", "local.txt"];
                let lists = &lists[..if self.wheels.is_some() { 1 } else { 2 }];
                let lists: Vec<String> =
                    lists.iter().map(|l| image_path::join(folder, l)).collect();
                changes.replace(&source.path.at, lists.join(" "));
                let dest = copy.dest.value.as_str();
                if !dest.ends_with('/') {
                    let to =
                        if matches!(dest, "." | "..") { dest } else { image_path::folder_of(dest) };
                    changes.replace(&copy.dest.at, format!("{}/", to.trim_end_matches('/')));
                }
            }
        }
    }

    /// A list of the repository: its local lines wait for the packages.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the install")]
    fn requirements(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        list: &str,
        copied: &[Copied],
        run: &str,
        changes: &mut Changes,
        done: &mut Done,
    ) {
        let body = with_paths(run, needs, false);
        let word = self.word(install, list).filter(|_| self.splits(install, list));
        let Some(word) = word else {
            if needs.alone.is_empty() {
                return self.before(install, copied, "", changes);
            }
            return self.replace_run(install, None, &format!("RUN {body}"), copied, changes);
        };
        let local = match self.wheels {
            Some(name) => self.install_wheels(run, &word, name),
            None => format!("RUN {body}"),
        };
        let body = run.strip_prefix("RUN").map(str::trim_start).unwrap_or(run);
        let third_file = "/tmp/third-party.txt";
        let third = body.replacen(&word, third_file, 1);
        let (mounts, third) = mounts_of(&third);
        let third = format!(
            "RUN {mounts}sed -E '/^(-e|--editable)? *(\\.|file:)|@ +file:/d' {word} > {third_file} \\\n    && {third}"
        );
        self.replace_run(install, Some(&third), &local, copied, changes);
        if self.brings_packages(install, needs).is_none() {
            done.third_party.push(one_line(&third));
        }
    }

    /// Whether a list has lines of both kinds, and no other list below it.
    fn splits(&self, install: &Install<'_>, list: &str) -> bool {
        let Found::Repository { path, .. } = self.layout.find(install.moment, list) else {
            return false;
        };
        let Some(list) = self.review.repo.packages.get(&path) else { return false };
        let is_local = |d: &&Dependency| d.syntax == Syntax::Requirement;
        let locals = list.dependencies.iter().filter(is_local).count();
        let others = list
            .dependencies
            .iter()
            .any(|d| matches!(d.syntax, Syntax::Include | Syntax::Constraint | Syntax::FindLinks));
        locals > 0 && !others && list.wants.len() > locals
    }

    /// The RUN of an install as two, with the packages between them.
    fn replace_run(
        &self,
        install: &Install<'_>,
        third: Option<&str>,
        local: &str,
        copied: &[Copied],
        changes: &mut Changes,
    ) {
        let shipped = self.layout.file.last().is_some_and(|last| {
            self.layout.file.lineage(last.index).iter().any(|s| s.index == install.moment.stage)
        });
        let linked = self
            .uses
            .uses
            .iter()
            .any(|u| u.install == self.index(install) && u.dependency.editable)
            && local.contains("requirements");
        let third = third.map_or_else(String::new, |t| format!("{t}\n\n"));
        let copied = if self.wheels.is_some() { &[] } else { copied };
        let mounted = shipped && self.buildkit && self.named.is_none() && !linked;
        let text = if mounted && !copied.is_empty() {
            // The sources do not stay in the image.
            let mounts: Vec<String> = copied.iter().map(Copied::mount).collect();
            let rest = local.strip_prefix("RUN").unwrap_or(local).trim_start();
            format!("{third}RUN {} \\\n    {rest}", mounts.join(" \\\n    "))
        } else {
            format!("{third}{}{local}", self.lines(copied))
        };
        if let Some(span) = install.step.at.span {
            let source = self.layout.file.text(self.layout.sources);
            let length = text_of(source, &install.step.at).len();
            let end = span.start as usize + length;
            changes.edit(&self.layout.file.path, span.start, offset(end), text);
        }
    }
}

/// A pip install that is given paths besides what it names, or instead of it.
fn with_paths(run: &str, needs: &Needs, instead: bool) -> String {
    let body = run.strip_prefix("RUN").map_or(run, str::trim_start);
    let paths: String = needs.alone.iter().map(|n| format!(" {}", n.wanted)).collect();
    if instead {
        let head = body.split_inclusive(" install").next().unwrap_or(body);
        let cache = if body.contains("--no-cache-dir") { " --no-cache-dir" } else { "" };
        return format!("{head}{cache}{paths}");
    }
    body.replacen(" install", &format!(" install{paths}"), 1)
}

/// The mounts at the head of a RUN, and the rest.
fn mounts_of(run: &str) -> (String, String) {
    let mut rest = run.trim_start();
    let mut mounts = String::new();
    while rest.starts_with("--") {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        mounts.push_str(&rest[..end]);
        mounts.push(' ');
        rest = rest[end..].trim_start_matches([' ', '\\', '\n', '\t']);
    }
    (mounts, rest.to_owned())
}
