//! A service of a workspace of Node, built alone so far: the image gets the root of the
//! workspace, the manifests first, then the sources of the members that the service needs.
//!
//! The service moves from `/app` to its place below the root, `/app/api`; every path of the
//! Dockerfile that names it follows. What cannot be moved safely is refused.

mod command;

use std::collections::BTreeSet;

use plimsoll_model::EntryKind;
use plimsoll_syntax::dockerfile::{Base, FromRef};

use crate::discover::paths::{below, folder, join};
use crate::layout::image_path;
use crate::layout::installs::Install;
use crate::packages::{Ecosystem, Manifest};
use crate::remedy::Case;
use crate::remedy::change::Changes;
use crate::remedy::dockerfile::{above, after, offset, text_of};
use crate::remedy::install::{Done, one_line};
use crate::remedy::needs::Needs;
use crate::repo::{CopyStep, Place, Stage, Step, StepKind};
use crate::views::Manager;

/// What stands beside the root manifest and tells the installer something.
const BESIDE: [&str; 7] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "yarn.lock",
    ".yarnrc.yml",
    ".npmrc",
];

/// A workspace that is laid out in an image.
pub(in crate::remedy) struct Workspace<'w, 'a> {
    case: &'w Case<'w, 'a>,
    install: &'w Install<'w>,
    root: &'a Manifest,
    /// The service's folder below the root.
    service: String,
    /// The folders of the members it needs, below the root.
    members: BTreeSet<String>,
    /// The folder of the image that becomes the root: the service's so far.
    pub(in crate::remedy) at: String,
}

impl<'w, 'a> Workspace<'w, 'a> {
    /// Looks whether a workspace can be laid out.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub(in crate::remedy) fn new(
        case: &'w Case<'w, 'a>,
        needs: &Needs,
        path: &str,
    ) -> Result<Self, String> {
        let refuse = |why: &str| {
            Err(format!("{path} lists the service as a member of its workspace: {why}"))
        };
        let install = &case.uses.installs[needs.install];
        let packages = &case.review.repo.packages;
        let root = packages.get(path).filter(|r| r.ecosystem == Ecosystem::Node);
        let Some(root) = root else {
            return refuse("the whole workspace must be laid out in the image");
        };
        let context = case.layout.context;
        let base = folder(&root.path);
        let is_member = packages.members(root).contains(&context);
        let Some(service) = below(base, context).filter(|_| is_member) else {
            return refuse("the context is not the folder of the service");
        };
        if case.needs.len() > 1 {
            return refuse("several stages install it");
        }
        if install.folder == "/" {
            return refuse("it lies at the root of the image");
        }
        if case.layout.cwd(install.moment) != Some(&install.folder) || install.command.exec {
            return refuse("the install changes its folder");
        }
        let folders = needs.missing.iter().chain(&needs.present).map(|n| n.folder.as_str());
        let members: Option<BTreeSet<String>> =
            folders.map(|f| below(base, f).map(str::to_owned)).collect();
        let Some(members) = members else {
            return refuse("it needs a package outside of the workspace, too");
        };
        let at = install.folder.clone();
        let service = service.to_owned();
        Ok(Self { case, install, root, service, members, at })
    }

    /// The files of the repository that the context must hold besides the service.
    pub(in crate::remedy) fn needed(&self) -> BTreeSet<String> {
        let manifests = self.manifests();
        let others = manifests.iter().filter(|m| **m != self.service && !self.members.contains(*m));
        let others = others.map(|m| format!("{m}/package.json"));
        let all = self.beside().into_iter().chain(self.members.iter().cloned()).chain(others);
        all.filter_map(|p| join(folder(&self.root.path), &p)).collect()
    }

    /// The files beside the root manifest, the root manifest first, as their names.
    fn beside(&self) -> Vec<String> {
        let base = folder(&self.root.path);
        let sources = self.case.review.sources;
        let there =
            |n: &&str| join(base, n).is_some_and(|p| sources.kind(&p) == Some(EntryKind::File));
        ["package.json"]
            .iter()
            .chain(&BESIDE)
            .copied()
            .filter(|n| there(n))
            .map(str::to_owned)
            .collect()
    }

    /// The members whose manifests the install must see: yarn checks all of them.
    fn manifests(&self) -> BTreeSet<String> {
        let mut all = self.members.clone();
        if self.install.manager == Manager::Yarn {
            let base = folder(&self.root.path);
            let members = self.case.review.repo.packages.members(self.root);
            all.extend(members.iter().filter_map(|m| below(base, m)).map(str::to_owned));
        }
        all.insert(self.service.clone());
        all
    }

    /// Rewrites the Dockerfile.
    ///
    /// # Errors
    /// A sentence that names the instruction which cannot follow.
    pub(in crate::remedy) fn lay_out(
        &self,
        changes: &mut Changes,
        done: &mut Done,
    ) -> Result<(), String> {
        let file = self.case.file;
        // Where each stage has the service so far.
        let mut moved: Vec<Option<String>> = Vec::new();
        for stage in &file.stages {
            let here = if stage.index == self.install.moment.stage {
                self.installing(stage, stage.steps.len(), changes, done)?;
                Some(self.at.clone())
            } else {
                self.following(stage, &moved, changes)?
            };
            moved.push(here);
        }
        Ok(())
    }

    fn text(&self) -> &str {
        self.case.file.text(self.case.layout.sources)
    }

    fn path(&self) -> &str {
        &self.case.file.path
    }

    /// The stage of the install, up to a step: what follows is of another stage.
    pub(in crate::remedy) fn installing(
        &self,
        stage: &Stage,
        end: usize,
        changes: &mut Changes,
        done: &mut Done,
    ) -> Result<(), String> {
        let step = self.install.moment.step;
        let mut folders = 0;
        for (index, other) in stage.steps.iter().enumerate().take(end) {
            self.stays(other, &self.at)?;
            match &other.kind {
                StepKind::Workdir(_) if index < step => {
                    folders += 1;
                    if folders > 1 {
                        return Err(
                            "the Dockerfile changes its folder before the install".to_owned()
                        );
                    }
                }
                StepKind::Workdir(to) => self.follow(&to.value, &to.at, &self.at, changes),
                StepKind::Copy(copy) if copy.from.is_none() => {
                    self.dest(copy, &self.at, index < step, changes);
                }
                _ => {}
            }
        }
        let text = self.text();
        let run = text_of(text, &self.install.step.at);
        // The context is the root of the workspace.
        let mut lines = format!("COPY {} ./\n", self.beside().join(" "));
        // The service's own manifest is copied already: it was installed.
        for member in self.manifests().iter().filter(|m| **m != self.service) {
            lines.push_str(&format!("COPY {member}/package.json {member}/\n"));
        }
        changes.insert(self.path(), offset(above(text, &self.install.step.at)), lines);
        let rewritten = self.command(run);
        if let Some(span) = self.install.step.at.span {
            let end = span.start as usize + run.len();
            changes.edit(self.path(), span.start, offset(end), rewritten.clone());
            let mut then = format!("WORKDIR {}\n", self.place(&self.at));
            for member in &self.members {
                then.push_str(&format!("COPY {member} {}/{member}\n", self.at));
            }
            changes.insert(self.path(), offset(after(text, &self.install.step.at)), then);
        }
        done.third_party.push(one_line(&rewritten));
        Ok(())
    }

    /// The service's place below a root.
    pub(in crate::remedy) fn place(&self, root: &str) -> String {
        image_path::join(root, &self.service)
    }

    /// A stage after, or beside, the one of the install; where it has the service so far.
    fn following(
        &self,
        stage: &Stage,
        moved: &[Option<String>],
        changes: &mut Changes,
    ) -> Result<Option<String>, String> {
        let base = match stage.base {
            Base::Stage(i) => moved.get(i).cloned().flatten(),
            _ => None,
        };
        let inherits = base.is_some();
        let here = match base {
            Some(base) => Some(base),
            None => self.own_root(stage, moved)?,
        };
        let mut shipped = false;
        for step in &stage.steps {
            if let Some(here) = &here {
                self.stays(step, here)?;
            }
            match (&step.kind, &here) {
                (StepKind::Workdir(to), Some(here)) => {
                    self.follow(&to.value, &to.at, here, changes);
                }
                (StepKind::Copy(copy), _) => match (&copy.from, &here) {
                    (None, Some(here)) => self.dest(copy, here, false, changes),
                    (Some((_, FromRef::Stage(from))), _) => {
                        if let Some(there) = moved.get(*from).cloned().flatten() {
                            shipped |= self.take(
                                step,
                                copy,
                                *from,
                                &there,
                                here.as_deref(),
                                shipped,
                                changes,
                            )?;
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let has_folder = stage.steps.iter().any(|s| matches!(s.kind, StepKind::Workdir(_)));
        if let (Some(here), false, false) = (&here, inherits, has_folder) {
            let at = offset(after(self.text(), &stage.at));
            changes.insert(self.path(), at, format!("WORKDIR {}\n", self.place(here)));
        }
        Ok(here)
    }

    /// The folder of a stage of its own that becomes a root: where it is given node_modules.
    fn own_root(&self, stage: &Stage, moved: &[Option<String>]) -> Result<Option<String>, String> {
        let takes = |copy: &CopyStep| {
            let Some((_, FromRef::Stage(from))) = &copy.from else { return false };
            let Some(Some(there)) = moved.get(*from) else { return false };
            copy.sources.iter().any(|s| {
                let source = image_path::join("/", &s.path.value);
                source == *there || source == image_path::join(there, "node_modules")
            })
        };
        let first =
            stage.steps.iter().position(|s| matches!(&s.kind, StepKind::Copy(c) if takes(c)));
        let Some(first) = first else { return Ok(None) };
        let at = crate::layout::Moment { stage: stage.index, step: first };
        let folders = stage.steps.iter().filter(|s| matches!(s.kind, StepKind::Workdir(_))).count();
        match self.case.layout.cwd(at) {
            Some(cwd) if cwd != "/" && folders < 2 => Ok(Some(cwd.to_owned())),
            _ => Err("a stage is given node_modules without one folder to work in".to_owned()),
        }
    }

    /// COPY --from of a stage that holds the workspace now; whether it brings the members.
    #[expect(clippy::too_many_arguments, reason = "each is a fact of the step")]
    fn take(
        &self,
        step: &Step,
        copy: &CopyStep,
        from: usize,
        there: &str,
        here: Option<&str>,
        shipped: bool,
        changes: &mut Changes,
    ) -> Result<bool, String> {
        let modules = image_path::join(there, "node_modules");
        let mut brings = false;
        for source in &copy.sources {
            let path = image_path::join("/", &source.path.value);
            let Some(rest) = image_path::below(there, &path) else { continue };
            if path != there && path != modules {
                changes.replace(&source.path.at, format!("{}/{rest}", self.place(there)));
                if let Some(here) = here {
                    self.dest(copy, here, false, changes);
                }
                continue;
            }
            let Some(here) = here else {
                return Err("a stage takes node_modules to a folder of another kind".to_owned());
            };
            if copy.sources.len() > 1 {
                return Err("node_modules is copied together with something else".to_owned());
            }
            brings = true;
            let to = if path == modules {
                image_path::join(here, "node_modules")
            } else {
                here.to_owned()
            };
            let old = image_path::join(here, &copy.dest.value);
            if old != to && !(path == modules && old == here) {
                return Err(format!("node_modules goes to {old}, away from the service"));
            }
            changes.replace(&copy.dest.at, to);
            if path == modules && !shipped {
                let name = self.case.file.stages[from].name.clone();
                let name = name.unwrap_or_else(|| from.to_string());
                let lines = self.ship(&name, copy, there, here);
                changes.insert(self.path(), offset(after(self.text(), &step.at)), lines);
            }
        }
        Ok(brings)
    }

    /// The members, and what pnpm keeps beside the service, for another stage.
    fn ship(&self, name: &str, copy: &CopyStep, there: &str, here: &str) -> String {
        let chown = copy.chown.as_ref().map_or(String::new(), |c| format!("--chown={} ", c.value));
        let mut lines = String::new();
        let line = |path: &str| format!("COPY --from={name} {chown}{there}/{path} {here}/{path}\n");
        if self.install.manager == Manager::Pnpm {
            lines.push_str(&line(&format!("{}/node_modules", self.service)));
        }
        self.members.iter().for_each(|m| lines.push_str(&line(m)));
        lines
    }

    /// An absolute path of the service, where it lies now.
    fn follow(&self, path: &str, at: &Place, here: &str, changes: &mut Changes) {
        if !path.starts_with('/') {
            return;
        }
        if let Some(rest) = image_path::below(here, &image_path::join("/", path)) {
            let to = image_path::join(&self.place(here), rest);
            let tail = if path.ends_with('/') { "/" } else { "" };
            changes.replace(at, format!("{to}{tail}"));
        }
    }

    /// The destination of a COPY: it follows the service. Before the install the folder is the
    /// root still.
    fn dest(&self, copy: &CopyStep, here: &str, at_root: bool, changes: &mut Changes) {
        let dest = &copy.dest.value;
        if dest.starts_with('/') || !at_root {
            return self.follow(dest, &copy.dest.at, here, changes);
        }
        let inside = image_path::join("/", dest);
        let tail = if inside == "/" || dest.ends_with('/') { "/" } else { "" };
        let to = format!("{}{}{tail}", self.service, if inside == "/" { "" } else { &inside });
        changes.replace(&copy.dest.at, to);
    }

    /// Commands and settings that name paths of the service stay as they are: refused.
    fn stays(&self, step: &Step, here: &str) -> Result<(), String> {
        let named = !matches!(step.kind, StepKind::Copy(_) | StepKind::Workdir(_));
        let text = text_of(self.text(), &step.at);
        if named && text.contains(&format!("{here}/")) {
            let word = text.split_whitespace().next().unwrap_or("an instruction");
            return Err(format!("{word} names a path below {here}, where the service moves"));
        }
        Ok(())
    }
}
