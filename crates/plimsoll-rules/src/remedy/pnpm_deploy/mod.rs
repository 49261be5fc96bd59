//! `pnpm deploy`: pnpm writes the service, its production dependencies and the members it needs
//! into a folder of their own, as copies, and the stage that ships takes that folder.
//!
//! A builder stage holds the workspace: its root, the lock file, the members. Where the
//! Dockerfile has one stage, it is split in two; where it has two, the install and the stage that
//! ships stay, and what is taken from one by the other is taken from the deployed folder.
//!
//! The folder holds what `npm pack` would put into an archive: without what `files`, `.npmignore`
//! or `.gitignore` leave out, and without what a command wrote into `node_modules`. What cannot be
//! told to survive that is refused.

mod after_install;
mod command;
mod shipping;
mod split;

use std::collections::BTreeSet;

use plimsoll_model::EntryKind;
use plimsoll_syntax::dockerfile::FromRef;

use super::change::Changes;
use super::dockerfile::{after, offset, shippers};
use super::install::{Done, Kitchen};
use super::needs::Needs;
use super::workspace::node::Workspace;
use super::{Case, Draft, proof, widen};
use crate::discover::paths::{below, folder, join};
use crate::layout::installs::Install;
use crate::layout::{Found, image_path};
use crate::local::Uses;
use crate::packages::{Ecosystem, Group, Manifest};
use crate::repo::{DockerfileView, Stage, StepKind};
use crate::views::Manager;

/// Whether any install is one of pnpm.
pub(super) fn fits(uses: &Uses<'_>) -> bool {
    uses.installs.iter().any(|i| i.manager == Manager::Pnpm)
}

/// Whether another stage takes the links that an install of pnpm makes.
pub(super) fn leaves_links(file: &DockerfileView, uses: &Uses<'_>) -> bool {
    let mut installs = uses.installs.iter().filter(|i| i.manager == Manager::Pnpm);
    installs.any(|i| !shippers(file, i.moment.stage, &["node_modules"]).is_empty())
}

/// A service that pnpm can deploy.
struct Deploy<'d, 'a> {
    case: &'d Case<'d, 'a>,
    needs: &'d Needs,
    install: &'d Install<'d>,
    /// The root of the workspace.
    root: &'a Manifest,
    /// The manifest of the service.
    service: &'a Manifest,
    /// The service's name.
    name: &'a str,
    /// The folders of the members it needs.
    members: BTreeSet<String>,
    /// Whether the context is the service's folder, so that the workspace must be laid out.
    alone: bool,
    /// The folder of the builder that holds the root of the workspace, or will hold it.
    top: String,
    /// The folder of the builder that holds the service so far.
    place: String,
    /// The folder that pnpm writes.
    out: &'static str,
}

/// Works the strategy out.
///
/// # Errors
/// A sentence that says why it does not fit.
pub(super) fn work_out(case: &Case<'_, '_>) -> Result<Draft, String> {
    let deploy = Deploy::new(case)?;
    let single = deploy.stage().index == case.last;
    let end = match single {
        true => deploy.split_at()?,
        false => deploy.stage().steps.len(),
    };
    deploy.check_steps(end)?;
    if deploy.starts_pnpm() {
        return Err("the image starts pnpm, which would install again".to_owned());
    }
    let mut changes = Changes::default();
    let mut done = Done::default();
    let context = deploy.build(end, &mut changes, &mut done)?;
    let whole = single || deploy.ship(&mut changes)?;
    let command = deploy.command(end, whole, &mut done.notes)?;
    let dev = deploy.manifests_of_development(&command, &context);
    if single {
        deploy.split(end, &format!("{dev}{}", command.line), &mut changes)?;
    } else {
        let at = deploy.last_step(end).map_or(&deploy.install.step.at, |s| &s.at);
        let at = offset(after(deploy.text(), at));
        let text = format!("{}{dev}{}", deploy.newline(at), command.line);
        changes.insert(&case.file.path, at, text);
    }
    Ok(Draft {
        changes,
        done,
        context,
        named: Vec::new(),
        packages: proof::folders(case.review, case.uses),
        released: false,
    })
}

impl<'d, 'a> Deploy<'d, 'a> {
    /// Looks whether pnpm can deploy the service.
    fn new(case: &'d Case<'d, 'a>) -> Result<Self, String> {
        let [needs] = case.needs else {
            return Err("several installs need the packages".to_owned());
        };
        let install = &case.uses.installs[needs.install];
        if needs.ecosystem != Ecosystem::Node || install.manager != Manager::Pnpm {
            return Err("the packages are not installed with pnpm".to_owned());
        }
        let service = service(case, needs).ok_or("no pnpm workspace lists the service")?;
        let packages = &case.review.repo.packages;
        let own = folder(&service.path);
        let root = packages.workspace_of(own, Ecosystem::Node);
        let root = root.filter(|r| r.path != service.path);
        let root = root.ok_or("no pnpm workspace lists the service")?;
        let name = service.name.as_deref().ok_or("the service has no name")?;
        let base = folder(&root.path);
        let members = members(needs, base)?;
        let inside = below(base, own).unwrap_or(own);
        let alone = case.layout.context == own;
        let (top, place) = match alone {
            true => (install.folder.clone(), install.folder.clone()),
            false => {
                let top = top(case, install, base)?;
                let place = image_path::join(&top, inside);
                (top, place)
            }
        };
        let text = case.file.text(case.layout.sources);
        let out = ["/out", "/deployed"].into_iter().find(|o| !text.contains(o));
        let out = out.ok_or("the Dockerfile names /out and /deployed")?;
        let deploy =
            Self { case, needs, install, root, service, name, members, alone, top, place, out };
        deploy.check_workspace()?;
        deploy.check_stages()?;
        Ok(deploy)
    }

    fn text(&self) -> &str {
        self.case.file.text(self.case.layout.sources)
    }

    /// The stage of the install.
    fn stage(&self) -> &'d Stage {
        &self.case.file.stages[self.install.moment.stage]
    }

    /// A file beside the root manifest.
    fn beside(&self, name: &str) -> Option<&'a str> {
        let path = join(folder(&self.root.path), name)?;
        self.case.review.sources.text(&path)
    }

    /// What the workspace has that a deployment does not take along, or cannot do without.
    fn check_workspace(&self) -> Result<(), String> {
        let Some(settings) = self.beside("pnpm-workspace.yaml") else {
            return Err("no pnpm-workspace.yaml lists the service".to_owned());
        };
        if self.beside("pnpm-lock.yaml").is_none() {
            return Err("the workspace has no pnpm-lock.yaml: run `pnpm install` first".to_owned());
        }
        let manifest = self.case.review.sources.text(&self.root.path).unwrap_or("");
        let rc = self.beside(".npmrc").unwrap_or("");
        let says = |word: &str| [settings, manifest, rc].iter().any(|t| t.contains(word));
        if says("shared-workspace-lockfile") || says("sharedWorkspaceLockfile") {
            return Err("the members may have lock files of their own".to_owned());
        }
        let hooks = [".pnpmfile.cjs", ".pnpmfile.mjs"].iter().any(|n| self.beside(n).is_some());
        if self.alone && (hooks || says("patchedDependencies")) {
            return Err("the root of the workspace has patches or hooks for pnpm".to_owned());
        }
        Ok(())
    }

    /// Whether the stages are of a shape that is known here.
    fn check_stages(&self) -> Result<(), String> {
        let (file, own, last) = (self.case.file, self.stage().index, self.case.last);
        let node = |i: &&Install<'_>| {
            matches!(i.manager, Manager::Npm | Manager::Pnpm | Manager::Yarn) && !i.export
        };
        let installs = || self.case.uses.installs.iter().filter(node);
        let mut calls = file.stages.iter().flat_map(|s| s.runs()).flat_map(|(_, c)| c.calls());
        if calls.any(|c| c.program == "pnpm" && c.has("deploy")) {
            return Err("the Dockerfile deploys with pnpm already".to_owned());
        }
        if installs().any(|i| i.moment != self.install.moment) {
            return Err("several installs take packages of Node".to_owned());
        }
        if self.install.command.exec || self.install.command.script.commands.len() != 1 {
            return Err("the install is not a command of its own".to_owned());
        }
        let cwd = self.case.layout.cwd(self.install.moment);
        if cwd.is_none_or(|c| c != self.install.folder || c == "/") {
            return Err("the install changes its folder, or runs at the root".to_owned());
        }
        if own != last && self.case.layout.is_under(last, own) {
            return Err("the stage that ships is built on the one that installs".to_owned());
        }
        let takes = |s: &Stage| {
            self.case.layout.is_under(s.index, own)
                || s.copies()
                    .any(|(_, c)| matches!(&c.from, Some((_, FromRef::Stage(f))) if *f == own))
        };
        let others = file.stages.iter().filter(|s| s.index != own && s.index != last);
        if let Some(other) = others.into_iter().find(|s| takes(s)) {
            let name = other.name.clone().unwrap_or_else(|| other.index.to_string());
            return Err(format!("the stage {name} takes from the one that installs, too"));
        }
        Ok(())
    }

    /// The builder up to a step: the workspace, and what the install lacks; the new context.
    fn build(&self, end: usize, changes: &mut Changes, done: &mut Done) -> Result<String, String> {
        widen::declarations(self.case, changes, done);
        if self.alone {
            let base = folder(&self.root.path);
            let workspace = Workspace::new(self.case, self.needs, &self.root.path)?;
            let mut besides = workspace.needed();
            besides.extend(self.development().map(|m| m.path.to_string()));
            widen::grow(self.case, base, besides, changes)?;
            workspace.installing(self.stage(), end, changes, done)?;
            return Ok(base.to_owned());
        }
        let context = self.case.layout.context;
        widen::unignore(self.case, changes);
        let kitchen = Kitchen {
            review: self.case.review,
            layout: self.case.layout,
            uses: self.case.uses,
            context,
            buildkit: true,
            named: None,
            wheels: None,
            ships: false,
        };
        kitchen.mend(self.needs, changes, done);
        Ok(context.to_owned())
    }

    /// The members that the service is developed with and does not ship.
    fn development(&self) -> impl Iterator<Item = &'a Manifest> {
        let packages = &self.case.review.repo.packages;
        let all = self.service.wants.iter().filter(|w| w.group != Group::Main);
        let all = all.filter_map(|w| packages.named(Ecosystem::Node, &w.name).first());
        let base = folder(&self.root.path);
        all.filter(move |f| below(base, f).is_some() && !self.members.contains(*f))
            .filter_map(|f| packages.in_folder(f, Ecosystem::Node))
    }

    /// Copies the manifests of members that are not shipped: pnpm 10 and older look for them even
    /// so. From the context, where it begins.
    fn manifests_of_development(&self, command: &command::Command, context: &str) -> String {
        if !command.looks_at_all {
            return String::new();
        }
        let base = folder(&self.root.path);
        let end = self.case.layout.end(self.stage().index);
        let mut lines = String::new();
        for manifest in self.development() {
            let member = folder(&manifest.path);
            let place = image_path::join(&self.top, below(base, member).unwrap_or(member));
            let there = image_path::join(&place, "package.json");
            let is_there = matches!(self.case.layout.find(end, &there), Found::Repository { .. });
            if self.alone || !is_there {
                let source = below(context, &manifest.path).unwrap_or(&manifest.path);
                lines.push_str(&format!("COPY {source} {place}/\n"));
            }
        }
        lines
    }

    /// The last step before another one that does anything to the files.
    fn last_step(&self, end: usize) -> Option<&'d crate::repo::Step> {
        let acts = |k: &StepKind| matches!(k, StepKind::Run(_) | StepKind::Copy(_));
        self.stage().steps.iter().take(end).rev().find(|s| acts(&s.kind))
    }

    /// What ends the last line of a file that has no end.
    fn newline(&self, at: u32) -> &'static str {
        let before = self.text().get(..at as usize).unwrap_or("");
        if before.is_empty() || before.ends_with('\n') { "" } else { "\n" }
    }
}

/// The member that an install is run for: the only one whose packages it misses.
fn service<'a>(case: &Case<'_, 'a>, needs: &Needs) -> Option<&'a Manifest> {
    let packages = &case.review.repo.packages;
    let own = case.uses.uses.iter().filter(|u| u.install == needs.install && u.depth == 0);
    let all: BTreeSet<&str> = own.map(|u| u.manifest.as_str()).collect();
    let members = all.into_iter().filter_map(|m| packages.get(m)).filter(|m| {
        let root = packages.workspace_of(folder(&m.path), Ecosystem::Node);
        root.is_some_and(|r| r.path != m.path)
    });
    let members: Vec<&Manifest> = members.collect();
    match members[..] {
        [only] => Some(only),
        _ => None,
    }
}

/// The folders of the members that are needed.
fn members(needs: &Needs, base: &str) -> Result<BTreeSet<String>, String> {
    let all = needs.missing.iter().chain(&needs.present).map(|n| n.folder.clone());
    let all: BTreeSet<String> = all.collect();
    match all.iter().find(|f| below(base, f).is_none()) {
        Some(other) => Err(format!("it needs {other}, outside of the workspace")),
        None => Ok(all),
    }
}

/// The folder of the image with the root of the workspace, where the install has all of it.
fn top(case: &Case<'_, '_>, install: &Install<'_>, base: &str) -> Result<String, String> {
    let layout = case.layout;
    if below(layout.context, base).is_none() {
        return Err("the context is not the folder of the service".to_owned());
    }
    let settings = join(base, "pnpm-workspace.yaml").unwrap_or_default();
    let places = layout.places_of(&settings);
    let stages = case.file.lineage(install.moment.stage);
    let here = places
        .iter()
        .rev()
        .find(|(m, ..)| *m <= install.moment && stages.iter().any(|s| s.index == m.stage));
    let top = here.map(|(_, to, _)| image_path::folder(to).to_owned());
    let top = top.ok_or("pnpm-workspace.yaml is not there when pnpm installs")?;
    for name in ["package.json", "pnpm-lock.yaml"] {
        let path = image_path::join(&top, name);
        let there = matches!(layout.find(install.moment, &path), Found::Repository { .. });
        let exists =
            join(base, name).is_some_and(|p| case.review.sources.kind(&p) == Some(EntryKind::File));
        if exists && !there {
            return Err(format!("{name} of the workspace is not there when pnpm installs"));
        }
    }
    Ok(top)
}
