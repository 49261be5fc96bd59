//! Installs with local packages, in two steps: the third-party packages first, so that their
//! layer stays when a local package changes, then the packages of the repository.

use super::change::Changes;
use super::dockerfile::{Copied, above, after, copies, offset, shippers, text_of};
use super::needs::{Need, Needs};
use crate::discover::paths::below;
use crate::layout::installs::Install;
use crate::layout::{Found, Layout, Moment, image_path};
use crate::local::{Use, Uses};
use crate::packages::{Ecosystem, Target};
use crate::review::Review;
use crate::views::Manager;

/// What mending the installs of a Dockerfile goes by.
pub(super) struct Kitchen<'k, 'a> {
    pub(super) review: &'k Review<'a>,
    pub(super) layout: &'k Layout<'a>,
    pub(super) uses: &'k Uses<'k>,
    /// The context the Dockerfile will be built from.
    pub(super) context: &'k str,
    /// Whether every build knows `RUN --mount`.
    pub(super) buildkit: bool,
    /// Where the packages come from instead of the context.
    pub(super) named: Option<Named<'k>>,
    /// The stage that builds wheels of them, where wheels are installed in their place.
    pub(super) wheels: Option<&'k str>,
    /// Whether stages that take an environment get what it links to.
    pub(super) ships: bool,
}

/// A named context: the folder of the repository it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'n> {
    pub(super) name: &'n str,
    pub(super) folder: &'n str,
}

/// What was done besides.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Texts of the RUN that installs third-party packages: its layer must stay.
    pub(super) third_party: Vec<String>,
    /// What a person must know.
    pub(super) notes: Vec<String>,
}

impl Kitchen<'_, '_> {
    /// Brings what an install lacks before it.
    pub(super) fn mend(&self, needs: &Needs, changes: &mut Changes, done: &mut Done) {
        let install = &self.uses.installs[needs.install];
        if needs.ecosystem == Ecosystem::Node {
            return self.node(install, needs, changes, done);
        }
        for (stage, folder) in &needs.wheels {
            let wheels = Copied { source: folder.clone(), dest: folder.clone() };
            self.before(install, &[], &wheels.line(Some(stage)), changes);
        }
        if needs.missing.is_empty() && (needs.alone.is_empty() || !install.is_pip()) {
            return;
        }
        let missing: Vec<&Need> = needs.missing.iter().collect();
        let copied = copies(self.review, &missing, needs.ecosystem, self.context);
        let text = self.layout.file.text(self.layout.sources);
        let run = text_of(text, &install.step.at).to_owned();
        let single = install.command.script.commands.len() == 1 && !install.command.exec;
        match install.manager {
            _ if install.is_pip() => self.pip(install, needs, &copied, &run, single, changes, done),
            // Without a lock file Poetry looks at every package before it leaves one out.
            Manager::Poetry
                if single
                    && run.contains("poetry install")
                    && self.has_lock(install, "poetry.lock") =>
            {
                let mut flags = String::from(" --no-directory");
                if !install.has(&["--no-root"]) {
                    flags.push_str(" --no-root");
                }
                let first = run.replacen("poetry install", &format!("poetry install{flags}"), 1);
                self.two_steps(install, needs, &copied, &first, changes, done);
            }
            Manager::Uv
                if single && run.contains("uv sync") && self.has_lock(install, "uv.lock") =>
            {
                let first = self.uv_first(install, needs, &run);
                self.two_steps(install, needs, &copied, &first, changes, done);
            }
            _ => self.before(install, &copied, &needs.then, changes),
        }
        self.editable(install, needs, changes);
    }

    /// Inserts COPY, and what follows it, above the RUN of an install.
    pub(super) fn before(
        &self,
        install: &Install<'_>,
        copied: &[Copied],
        then: &str,
        changes: &mut Changes,
    ) {
        let text = self.layout.file.text(self.layout.sources);
        let lines = self.lines(copied);
        let at = offset(above(text, &install.step.at));
        changes.insert(&self.layout.file.path, at, format!("{lines}{then}"));
    }

    pub(super) fn lines(&self, copied: &[Copied]) -> String {
        copied.iter().map(|c| self.line(c)).collect()
    }

    pub(super) fn line(&self, copied: &Copied) -> String {
        match self.named {
            None => copied.line(None),
            Some(named) => {
                let inside = below(named.folder, &copied.source).unwrap_or(&copied.source);
                let source = if inside.is_empty() { "." } else { inside }.to_owned();
                Copied { source, dest: copied.dest.clone() }.line(Some(named.name))
            }
        }
    }

    /// The third-party packages, the local ones, then the install as it was.
    fn two_steps(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        copied: &[Copied],
        first: &str,
        changes: &mut Changes,
        done: &mut Done,
    ) {
        let text = self.layout.file.text(self.layout.sources);
        let path = &self.layout.file.path;
        let lines = self.lines(copied);
        let at = offset(above(text, &install.step.at));
        match self.brings_packages(install, needs) {
            None => changes.insert(path, at, format!("{first}\n\n{lines}\n")),
            // A package that is there before would take the layer of the others with it.
            Some(step) if self.is_ready(install, step) => {
                let early = &self.layout.file.stages[step.stage].steps[step.step].at;
                changes.insert(path, offset(above(text, early)), format!("{first}\n"));
                changes.insert(path, at, lines);
            }
            Some(_) => return changes.insert(path, at, lines),
        }
        done.third_party.push(one_line(first));
    }

    /// The first step before an install that copies a package into its stage.
    pub(super) fn brings_packages(&self, install: &Install<'_>, needs: &Needs) -> Option<Moment> {
        let stage = install.moment.stage;
        let all = needs.missing.iter().chain(&needs.present);
        let places = all.flat_map(|n| self.layout.places_of(&n.folder));
        let before = places.filter(|(m, ..)| m.stage == stage && m.step < install.moment.step);
        before.map(|(m, ..)| m).min()
    }

    /// Whether the manifest and the lock file of an install are there before a step.
    fn is_ready(&self, install: &Install<'_>, at: Moment) -> bool {
        let lock = if install.manager == Manager::Uv { "uv.lock" } else { "poetry.lock" };
        ["pyproject.toml", lock].iter().all(|name| {
            let path = image_path::join(&install.folder, name);
            matches!(self.layout.find(at, &path), Found::Repository { .. })
        })
    }

    fn has_lock(&self, install: &Install<'_>, name: &str) -> bool {
        let path = image_path::join(&install.folder, name);
        matches!(self.layout.find(install.moment, &path), Found::Repository { .. })
    }

    /// `uv sync` without the local packages: it does not look at them when the lock is frozen.
    fn uv_first(&self, install: &Install<'_>, needs: &Needs, run: &str) -> String {
        let mut flags = String::new();
        let mut run = run.replace(" --locked", "");
        if !install.has(&["--frozen"]) {
            flags.push_str(" --frozen");
        }
        if !install.has(&["--no-install-project"]) {
            flags.push_str(" --no-install-project");
        }
        // Without the members their names need not be given.
        let members = |n: &&Need| !self.is_member(install, n);
        let mut names: Vec<&str> = needs
            .missing
            .iter()
            .chain(&needs.present)
            .filter(members)
            .map(|n| n.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let any_member =
            needs.missing.iter().chain(&needs.present).any(|n| self.is_member(install, n));
        if any_member && !install.has(&["--no-install-workspace"]) {
            flags.push_str(" --no-install-workspace");
        }
        names.iter().for_each(|n| flags.push_str(&format!(" --no-install-package {n}")));
        run = run.replacen("uv sync", &format!("uv sync{flags}"), 1);
        run
    }

    /// Whether a package is a member of the workspace that an install finds.
    fn is_member(&self, install: &Install<'_>, need: &Need) -> bool {
        let met = self.uses.uses.iter().filter(|u| u.install == self.index(install));
        let member = |u: &&Use| u.dependency.target == Target::Member;
        met.filter(member).any(|u| u.wanted == need.wanted)
    }

    pub(super) fn index(&self, install: &Install<'_>) -> usize {
        let same = |i: &Install<'_>| i.moment == install.moment && i.at == install.at;
        self.uses.installs.iter().position(same).unwrap_or(usize::MAX)
    }

    /// A linked package must be where the link points in the image that ships, too.
    fn ship(&self, install: &Install<'_>, needs: &Needs, names: &[&str], changes: &mut Changes) {
        let text = self.layout.file.text(self.layout.sources);
        let stage = install.moment.stage;
        let name = self.layout.file.stages[stage].name.clone().unwrap_or_else(|| stage.to_string());
        for (other, at) in shippers(self.layout.file, stage, names) {
            let mut lines = String::new();
            for need in &needs.missing {
                let end = self.layout.end(other);
                let probe = image_path::join(&need.wanted, "package.json");
                if matches!(self.layout.find(end, &probe), Found::Repository { .. }) {
                    continue;
                }
                let copied = Copied { source: need.wanted.clone(), dest: need.wanted.clone() };
                lines.push_str(&copied.line(Some(&name)));
            }
            changes.insert(&self.layout.file.path, offset(after(text, at)), lines);
        }
    }

    /// A package that Python installs as a link, copied with its environment only.
    fn editable(&self, install: &Install<'_>, needs: &Needs, changes: &mut Changes) {
        let linked =
            self.uses.uses.iter().any(|u| u.install == needs.install && u.dependency.editable);
        let env = ["site-packages", ".venv", "venv", "dist-packages"];
        if needs.ecosystem == Ecosystem::Python
            && linked
            && matches!(install.manager, Manager::Poetry | Manager::Uv | Manager::Pip)
        {
            self.ship(install, needs, &env, changes);
        }
    }
}

/// A text as one line, as a builder prints it.
pub(super) fn one_line(text: &str) -> String {
    let text = text.strip_prefix("RUN").unwrap_or(text).replace("\\\n", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
