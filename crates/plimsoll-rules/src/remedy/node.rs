//! Installs of npm, pnpm and yarn: what they copy comes before them; of what they link the
//! manifest is enough, and the sources come after, so that the third-party packages stay cached.

use plimsoll_model::EntryKind;

use super::change::Changes;
use super::dockerfile::{Copied, above, after, copies, offset, shippers, text_of};
use super::install::{Done, Kitchen, one_line};
use super::needs::{Need, Needs};
use crate::discover::paths::{below, file_name, join};
use crate::layout::installs::Install;
use crate::layout::{Found, image_path};
use crate::local::{State, Taken, Use, Why, taken};
use crate::packages::{Ecosystem, Group, Syntax};
use crate::views::Manager;

impl Kitchen<'_, '_> {
    /// Brings what an install of Node lacks before it, after it and into the image that runs.
    pub(super) fn node(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        changes: &mut Changes,
        done: &mut Done,
    ) {
        let text = self.layout.file.text(self.layout.sources);
        let path = &self.layout.file.path;
        let (mut whole, mut later) = (Vec::new(), Vec::new());
        let (mut manifests, mut installs) = (String::new(), String::new());
        for need in &needs.missing {
            let Some(found) = self.found(needs, need) else { continue };
            if self.only_ignored(install, found, need) {
                continue;
            }
            if taken(install, &found.dependency) == Taken::Copied {
                whole.push(need);
                continue;
            }
            if let State::Missing(Why::Unseen(member, _)) = &found.state {
                let manifest = self.copied(&found.manifest, &format!("{member}/"));
                manifests.push_str(&self.line(&manifest));
                continue;
            }
            if !self.has_manifest(install, need) {
                manifests.push_str(&self.manifests(need));
            }
            if !is_member(found) && self.needs_more(install, found, need) {
                installs.push_str(&self.own_install(need));
            }
            if self.comes_later(install, found) {
                later.push(need);
            }
        }
        let context = self.context;
        let before = self.lines(&copies(self.review, &whole, Ecosystem::Node, context));
        let after_it = self.lines(&copies(self.review, &later, Ecosystem::Node, context));
        let at = offset(above(text, &install.step.at));
        changes.insert(path, at, format!("{before}{manifests}{installs}"));
        changes.insert(path, offset(after(text, &install.step.at)), after_it);
        // Where the sources are there already, a change of them runs the install again.
        let early = needs.missing.iter().any(|n| self.is_early(install, n));
        if whole.is_empty() && !early {
            done.third_party.push(one_line(text_of(text, &install.step.at)));
        }
        if self.ships {
            self.ship_links(install, needs, changes);
        }
    }

    /// The use that a need comes from.
    fn found(&self, needs: &Needs, need: &Need) -> Option<&Use> {
        self.uses.uses.iter().find(|u| {
            u.install == needs.install
                && u.dependency.name == need.name
                && matches!(u.state, State::Missing(_))
        })
    }

    fn copied(&self, source: &str, dest: &str) -> Copied {
        let source = below(self.context, source).unwrap_or(source);
        Copied { source: source.to_owned(), dest: dest.to_owned() }
    }

    /// Whether a step before the install takes the sources of a package into the image.
    fn is_early(&self, install: &Install<'_>, need: &Need) -> bool {
        let sources = self.review.sources.below(&need.folder);
        let mut files =
            sources.filter(|(p, e)| e.kind == EntryKind::File && file_name(p) != "package.json");
        let Some((file, _)) = files.next() else { return false };
        let lineage = self.layout.file.lineage(install.moment.stage);
        self.layout
            .places_of(file)
            .iter()
            .any(|(m, ..)| *m <= install.moment && lineage.iter().any(|s| s.index == m.stage))
    }

    /// Whether the Dockerfile copies a package to its place, but for the ignore file.
    fn only_ignored(&self, install: &Install<'_>, found: &Use, need: &Need) -> bool {
        let Some(manifest) = join(&need.folder, "package.json") else { return false };
        let there = image_path::join(&need.wanted, "package.json");
        let linked = taken(install, &found.dependency) == Taken::Linked;
        matches!(found.state, State::Missing(Why::Ignored(_)))
            && self
                .layout
                .places_of(&manifest)
                .iter()
                .any(|(m, to, _)| *to == there && (linked || *m <= install.moment))
    }

    fn has_manifest(&self, install: &Install<'_>, need: &Need) -> bool {
        let path = image_path::join(&need.wanted, "package.json");
        matches!(self.layout.find(install.moment, &path), Found::Repository { .. })
    }

    /// The manifest of a package, and its lock file where it has one.
    fn manifests(&self, need: &Need) -> String {
        let names = ["package.json", "package-lock.json"];
        let paths = names.iter().filter_map(|n| join(&need.folder, n));
        let there = paths.filter(|p| self.review.sources.kind(p) == Some(EntryKind::File));
        there.map(|p| self.line(&self.copied(&p, &format!("{}/", need.wanted)))).collect()
    }

    /// Whether the install leaves out what a package needs.
    fn needs_more(&self, install: &Install<'_>, found: &Use, need: &Need) -> bool {
        let packages = &self.review.repo.packages;
        let Some(manifest) = packages.in_folder(&need.folder, Ecosystem::Node) else {
            return false;
        };
        // A package below the project shares its node_modules.
        let shares =
            install.manager == Manager::Npm || found.dependency.syntax == Syntax::NodePortal;
        let inside = image_path::below(&install.folder, &need.wanted).is_some();
        manifest.wants.iter().any(|w| w.group == Group::Main) && !(shares && inside)
    }

    fn own_install(&self, need: &Need) -> String {
        let lock = join(&need.folder, "package-lock.json");
        let locked = lock.is_some_and(|l| self.review.sources.kind(&l).is_some());
        let verb = if locked { "ci" } else { "install" };
        format!("RUN npm {verb} --omit=dev --prefix {}\n", need.wanted)
    }

    /// Whether the sources of a package must be copied into the stage of the install.
    fn comes_later(&self, install: &Install<'_>, found: &Use) -> bool {
        let State::Missing(why) = &found.state else { return false };
        let own = self.layout.file.last().is_some_and(|last| {
            self.layout.file.lineage(last.index).iter().any(|s| s.index == install.moment.stage)
        });
        match why {
            Why::Bare(_) | Why::Unseen(..) => false,
            // The stage that runs gets it from this one, which has it.
            Why::LeftBehind(..) => own,
            _ => true,
        }
    }

    /// A linked package must be where the link leads in the image that ships, too.
    fn ship_links(&self, install: &Install<'_>, needs: &Needs, changes: &mut Changes) {
        let text = self.layout.file.text(self.layout.sources);
        let stage = install.moment.stage;
        let name = self.layout.file.stages[stage].name.clone().unwrap_or_else(|| stage.to_string());
        for (other, at) in shippers(self.layout.file, stage, &["node_modules"]) {
            let mut lines = String::new();
            for need in &needs.missing {
                let found = self.found(needs, need);
                if found.is_none_or(|f| taken(install, &f.dependency) == Taken::Copied) {
                    continue;
                }
                let from = match install.manager {
                    Manager::Pnpm => found.and_then(|f| self.consumer(f, install)),
                    _ => Some(install.folder.clone()),
                };
                let modules =
                    image_path::join(from.as_deref().unwrap_or(&install.folder), "node_modules");
                let relative = image_path::relative(&modules, &need.wanted);
                for landed in self.layout.landings(stage, &modules, other) {
                    let dest = image_path::join(&landed, &relative);
                    let probe = image_path::join(&dest, "package.json");
                    let end = self.layout.end(other);
                    if !matches!(self.layout.find(end, &probe), Found::Repository { .. }) {
                        let copied = Copied { source: need.wanted.clone(), dest };
                        let line = copied.line(Some(&name));
                        if !lines.contains(&line) {
                            lines.push_str(&line);
                        }
                    }
                }
            }
            changes.insert(&self.layout.file.path, offset(after(text, at)), lines);
        }
    }

    /// The folder of the image with the manifest that names a package.
    fn consumer(&self, found: &Use, install: &Install<'_>) -> Option<String> {
        let own = crate::discover::paths::folder(&found.manifest);
        let root = self.review.repo.packages.workspace_of(own, Ecosystem::Node)?;
        let base = crate::discover::paths::folder(&root.path);
        let at_root =
            self.layout.find(install.moment, &image_path::join(&install.folder, "package.json"));
        matches!(at_root, Found::Repository { path, .. } if *path == *root.path)
            .then(|| image_path::join(&install.folder, &image_path::relative(base, own)))
    }
}

fn is_member(found: &Use) -> bool {
    matches!(found.dependency.syntax, Syntax::NodeWorkspace | Syntax::NodeRange)
}
