//! Installs with local packages, in two steps: the third-party packages first, so that their
//! layer stays when a local package changes, then the packages of the repository.

use super::change::Changes;
use super::dockerfile::{Copied, above, after, copies, offset, shippers, text_of};
use super::needs::{Need, Needs};
use crate::discover::paths::below;
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, Layout, Moment, image_path};
use crate::local::{Use, Uses};
use crate::packages::{Dependency, Ecosystem, Group, Syntax, Target};
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
        if needs.ecosystem == Ecosystem::Node {
            self.node(install, needs, changes);
        }
        self.editable(install, needs, changes);
    }

    /// Inserts COPY, and what follows it, above the RUN of an install.
    fn before(&self, install: &Install<'_>, copied: &[Copied], then: &str, changes: &mut Changes) {
        let text = self.layout.file.text(self.layout.sources);
        let lines = self.lines(copied);
        let at = offset(above(text, &install.step.at));
        changes.insert(&self.layout.file.path, at, format!("{lines}{then}"));
    }

    fn lines(&self, copied: &[Copied]) -> String {
        copied.iter().map(|c| self.line(c)).collect()
    }

    fn line(&self, copied: &Copied) -> String {
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
    fn brings_packages(&self, install: &Install<'_>, needs: &Needs) -> Option<Moment> {
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

    #[expect(clippy::too_many_arguments, reason = "each is a fact of the install")]
    fn pip(
        &self,
        install: &Install<'_>,
        needs: &Needs,
        copied: &[Copied],
        run: &str,
        single: bool,
        changes: &mut Changes,
        done: &mut Done,
    ) {
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
        let (third, local) =
            (format!("{}third-party.txt", dir(&written)), format!("{}local.txt", dir(&written)));
        let split = format!(
            " \\\n    && sed -e '/^-e /d' -e '/ @ file:/d' {written} > {third} \\\n    && sed -n -e 's/^-e //' -e '/file:\\/\\//p' {written} > {local}"
        );
        let path = &self.layout.file.path;
        if let Some(span) = export.at.span {
            changes.insert(path, offset(span.end as usize), split);
        }
        self.carried(&source, changes);
        let third = run.replacen(&word, &format!("{}third-party.txt", dir(&word)), 1);
        let local = run.replacen(&word, &format!("{}local.txt", dir(&word)), 1);
        let local = local.replacen(" install", " install --no-deps", 1);
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
                let both = format!(
                    "{} {}",
                    image_path::join(folder, "third-party.txt"),
                    image_path::join(folder, "local.txt")
                );
                changes.replace(&source.path.at, both);
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
        let local = format!("RUN {body}");
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

    fn index(&self, install: &Install<'_>) -> usize {
        let same = |i: &Install<'_>| i.moment == install.moment && i.at == install.at;
        self.uses.installs.iter().position(same).unwrap_or(usize::MAX)
    }

    /// npm, pnpm and yarn link a package outside the project, and do not install what it needs.
    fn node(&self, install: &Install<'_>, needs: &Needs, changes: &mut Changes) {
        let text = self.layout.file.text(self.layout.sources);
        let path = &self.layout.file.path;
        let mut installs = String::new();
        if needs.workspace.is_none() && !install.has(&["--install-links"]) {
            for need in needs.missing.iter().filter(|n| self.has_third_party(n)) {
                let lock = crate::discover::paths::join(&need.folder, "package-lock.json");
                let locked = lock.is_some_and(|l| self.review.sources.kind(&l).is_some());
                let verb = if locked { "ci" } else { "install" };
                installs.push_str(&format!("RUN npm {verb} --omit=dev --prefix {}\n", need.wanted));
            }
        }
        if !installs.is_empty() {
            changes.insert(path, offset(above(text, &install.step.at)), installs);
        }
        self.ship(install, needs, &["node_modules"], changes);
    }

    fn has_third_party(&self, need: &Need) -> bool {
        let packages = &self.review.repo.packages;
        let Some(manifest) = packages.in_folder(&need.folder, Ecosystem::Node) else {
            return false;
        };
        manifest.wants.iter().any(|w| {
            w.group == Group::Main
                && !manifest.dependencies.iter().any(|d| d.name == w.name)
                && packages.named(Ecosystem::Node, &w.name).is_empty()
        })
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

/// A text as one line, as a builder prints it.
pub(super) fn one_line(text: &str) -> String {
    let text = text.strip_prefix("RUN").unwrap_or(text).replace("\\\n", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
