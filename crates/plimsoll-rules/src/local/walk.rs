//! Follows what an install names into the packages it leads to.

use std::sync::Arc;

use super::readers::{ecosystem, is_rewritten, lock_kinds, root_names, visible};
use super::{GitUse, Met, State, Use, Why, env_is, link, lookup, node};
use crate::discover::paths::{file_name, folder, join};
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, Layout, Moment, image_path};
use crate::packages::locks::Lock;
use crate::packages::tree;
use crate::packages::{Base, Dependency, Ecosystem, Group, Manifest, Syntax, Target};
use crate::repo::Place;
use crate::review::Review;
use crate::views::Manager;

/// How many packages below one another are followed.
const DEPTH: usize = 12;

pub(super) struct Walk<'w, 'a> {
    pub(super) review: &'w Review<'a>,
    pub(super) layout: &'w Layout<'a>,
    pub(super) installs: &'w [Install<'w>],
    pub(super) index: usize,
    pub(super) install: &'w Install<'w>,
    production: bool,
    /// The stage that is shipped.
    pub(super) last: usize,
    seen: Vec<(String, String)>,
}

/// A manifest where the image has it, or would have it.
pub(super) struct At<'m> {
    pub(super) manifest: &'m Manifest,
    /// Its folder in the image.
    pub(super) folder: String,
    /// The lock file that the install follows.
    pub(super) lock: Option<(&'m Lock, String)>,
    /// Whether it is a list of requirements that an export wrote.
    pub(super) exported: bool,
    /// Whether that list names copies where the lock has links.
    pub(super) unlinked: bool,
    /// Whether it only says how to take what others want.
    pub(super) constraint: bool,
    pub(super) depth: usize,
}

impl<'m> At<'m> {
    pub(super) fn new(manifest: &'m Manifest, folder: String) -> Self {
        Self {
            manifest,
            folder,
            lock: None,
            exported: false,
            unlinked: false,
            constraint: false,
            depth: 0,
        }
    }
}

impl<'w, 'a> Walk<'w, 'a> {
    pub(super) fn new(
        review: &'w Review<'a>,
        layout: &'w Layout<'a>,
        installs: &'w [Install<'w>],
        index: usize,
        last: usize,
    ) -> Self {
        let install = &installs[index];
        let production = env_is(layout, install.moment, "NODE_ENV", &["production"]);
        Self { review, layout, installs, index, install, production, last, seen: Vec::new() }
    }

    pub(super) fn run(mut self, all: &mut Met) {
        if node::is_fetch(self.install) {
            return;
        }
        for root in &self.install.roots {
            match root {
                Root::Folder(folder) => self.folder(folder, all),
                Root::Requirements(path) => self.requirements(path, false, 0, all),
                Root::Constraints(path) => self.requirements(path, true, 0, all),
                Root::Path { text, path, editable, at } => {
                    self.argument(text, path, *editable, at, all);
                }
            }
        }
        self.wheels_of_the_call(all);
    }

    pub(super) fn moment(&self) -> Moment {
        self.install.moment
    }

    fn ecosystem(&self) -> Ecosystem {
        ecosystem(self.install.manager)
    }

    /// The manifest of the folder an install runs in.
    fn folder(&mut self, path: &str, all: &mut Met) {
        if self.ecosystem() == Ecosystem::Go {
            return self.modules(path, all);
        }
        for name in root_names(self.install.manager) {
            let image = image_path::join(path, name);
            let Found::Repository { path: source, .. } = self.layout.find(self.moment(), &image)
            else {
                continue;
            };
            self.manifest_at(&source, path, all);
            if self.ecosystem() == Ecosystem::Node {
                self.members_of_node(&source, path, all);
            }
            if self.install.manager == Manager::Uv {
                self.workspace(&source, path, all);
            }
            if self.ecosystem() != Ecosystem::Gradle {
                return;
            }
        }
        if self.ecosystem() == Ecosystem::DotNet {
            self.projects(path, all);
        }
    }

    /// Projects of .NET have names of their own: those the repository has for the folder.
    fn projects(&mut self, path: &str, all: &mut Met) {
        let packages = &self.review.repo.packages;
        let projects = packages.all().filter(|m| m.ecosystem == Ecosystem::DotNet);
        let found: Vec<String> = projects
            .map(|m| m.path.to_string())
            .filter(|p| {
                let image = image_path::join(path, file_name(p));
                matches!(self.layout.find(self.moment(), &image), Found::Repository { path, .. } if path == *p)
            })
            .collect();
        for project in found {
            self.manifest_at(&project, path, all);
        }
    }

    pub(super) fn manifest_at(&mut self, source: &str, image: &str, all: &mut Met) {
        if is_rewritten(self.layout, self.moment(), source) {
            return;
        }
        let lock = self.lock(image);
        let packages = &self.review.repo.packages;
        let Some(manifest) = packages.get(source) else { return };
        let lock = lock.as_ref().map(|(l, at)| (&**l, at.clone()));
        let at = At { lock, ..At::new(manifest, image.to_owned()) };
        self.dependencies(&at, all);
    }

    /// The lock file beside a manifest in the image, or above it for a member of a workspace.
    pub(super) fn lock(&self, image: &str) -> Option<(Arc<Lock>, String)> {
        let kinds = lock_kinds(self.install.manager);
        let mut folder_at = image.to_owned();
        loop {
            for name in kinds {
                let path = image_path::join(&folder_at, name);
                if let Found::Repository { path, .. } = self.layout.find(self.moment(), &path) {
                    let lock = self.review.repo.packages.lock(self.review.sources, &path)?;
                    return lock.error.is_none().then_some((lock, folder_at));
                }
            }
            if folder_at == "/" || self.install.manager != Manager::Uv {
                return None;
            }
            folder_at = image_path::folder(&folder_at).to_owned();
        }
    }

    /// A requirements file of the image: one of the repository, or one that an export wrote.
    fn requirements(&mut self, path: &str, constraint: bool, depth: usize, all: &mut Met) {
        match self.layout.find(self.moment(), path) {
            Found::Repository { path: source, .. } => {
                if is_rewritten(self.layout, self.moment(), &source) {
                    return;
                }
                let Some(manifest) = self.review.repo.packages.get(&source) else { return };
                let image = image_path::folder(path).to_owned();
                let at = At { constraint, depth, ..At::new(manifest, image) };
                self.dependencies(&at, all);
            }
            Found::Exported(moment) => self.exported(moment, all),
            Found::Missing | Found::Image | Found::Unknown => {}
        }
    }

    /// A list that an export wrote: the lock's paths, made absolute where the export ran.
    fn exported(&mut self, moment: Moment, all: &mut Met) {
        let Some(export) = self.installs.iter().find(|i| super::is_export_of(i, moment)) else {
            return;
        };
        let name = if export.manager == Manager::Pipenv { "Pipfile" } else { "pyproject.toml" };
        let image = image_path::join(&export.folder, name);
        let Found::Repository { path: source, .. } = self.layout.find(moment, &image) else {
            return;
        };
        if is_rewritten(self.layout, moment, &source) {
            return;
        }
        let there =
            Walk::new(self.review, self.layout, self.installs, self.index_of(export), self.last);
        let lock = there.lock(&export.folder);
        let Some(manifest) = self.review.repo.packages.get(&source) else { return };
        let lock = lock.as_ref().map(|(l, at)| (&**l, at.clone()));
        let unlinked = link::is_undone(self.layout, export, self.moment());
        let at = At::new(manifest, export.folder.clone());
        let at = At { lock, exported: true, unlinked, ..at };
        self.dependencies(&at, all);
    }

    fn index_of(&self, export: &Install<'_>) -> usize {
        self.installs
            .iter()
            .position(|i| i.moment == export.moment && i.at == export.at)
            .unwrap_or(self.index)
    }

    /// A path that the command names.
    fn argument(&mut self, text: &str, path: &str, editable: bool, at: &Place, all: &mut Met) {
        let found = self.layout.find(self.moment(), &image_path::join(path, "pyproject.toml"));
        let own = text.trim_start_matches("./").is_empty() || text == ".";
        let dependency = Dependency {
            name: file_name(path).to_owned(),
            target: Target::Path(text.to_owned()),
            base: Base::WorkingDirectory,
            syntax: Syntax::Requirement,
            group: Group::Main,
            editable,
            at: at.clone(),
            path_at: None,
        };
        if let Found::Repository { path: source, .. } = found {
            let image = path.to_owned();
            let Some(manifest) = self.review.repo.packages.get(&source) else { return };
            let place = tree::Place::Here(folder(&source).to_owned());
            let by = at.clone();
            if !own {
                let state = State::Present { path: folder(&source).to_owned(), by };
                all.uses.push(self.make(
                    &dependency,
                    at.path.as_ref(),
                    path,
                    place,
                    state,
                    0,
                    None,
                ));
            }
            return self.dependencies(&At::new(manifest, image), all);
        }
        if own || !matches!(self.layout.find(self.moment(), path), Found::Missing | Found::Image) {
            return;
        }
        let Some(place) = self.meant(text) else { return };
        let state =
            lookup::look(self.review, self.layout, self.moment(), path, &place, Ecosystem::Python);
        all.uses.push(self.make(&dependency, at.path.as_ref(), path, place, state, 0, None));
    }

    /// What the repository has for a path of a command: beside the context, or of that name.
    fn meant(&self, text: &str) -> Option<tree::Place> {
        let sources = self.review.sources;
        let bases = [self.layout.context, ""];
        let found = bases.iter().filter_map(|b| join(b, text)).find(|p| sources.kind(p).is_some());
        if let Some(found) = found {
            return Some(tree::Place::Here(found));
        }
        let path = text.trim_matches('/');
        let ends = [path]
            .into_iter()
            .chain(path.match_indices('/').filter_map(|(i, _)| path.get(i + 1..)));
        let mut by_end = ends.filter(|e| sources.kind(e).is_some()).map(str::to_owned);
        by_end.next().map(tree::Place::Here)
    }

    pub(super) fn dependencies(&mut self, at: &At<'_>, all: &mut Met) {
        let key = (at.manifest.path.to_string(), at.folder.clone());
        if at.depth > DEPTH || self.seen.contains(&key) {
            return;
        }
        self.seen.push(key);
        all.read.push((at.manifest.path.to_string(), self.index));
        all.read.extend(at.lock.iter().map(|(l, _)| (l.path.to_string(), self.index)));
        let members = self.members(at);
        for dependency in at.manifest.dependencies.iter().chain(&members) {
            if !visible(self.install, at.exported, at.manifest, dependency) {
                continue;
            }
            match dependency.target {
                _ if !self.takes(at, dependency) => {}
                Target::Git { .. } => {
                    let dependency = dependency.clone();
                    all.git.push(GitUse { dependency, install: self.index });
                }
                _ => self.dependency(at, dependency, all),
            }
        }
        self.setup_cfg(at, all);
    }

    fn takes(&self, at: &At<'_>, dependency: &Dependency) -> bool {
        let is_include = matches!(dependency.syntax, Syntax::Include | Syntax::Constraint);
        if at.constraint && !is_include && !self.is_wanted(&dependency.name) {
            return false;
        }
        if at.exported {
            // The export chose the groups.
            return self.export_takes(dependency);
        }
        if at.depth == 0 {
            return self.install.takes(&dependency.group, self.production);
        }
        // A package of Node brings what it needs, not what it is developed with.
        if at.manifest.ecosystem == Ecosystem::Node {
            return !matches!(dependency.group, Group::Dev(_));
        }
        // What a package needs for its own development is not installed with it.
        let foreign = at.manifest.ecosystem != Ecosystem::Python;
        let main = dependency.group == Group::Main
            || foreign && self.install.takes(&dependency.group, self.production);
        // An install that follows a lock file takes what it has.
        let locked = |(lock, _): &(&Lock, String)| {
            dependency.target == Target::Member || lock.local(&dependency.name).is_some()
        };
        main && (foreign || at.lock.as_ref().is_none_or(locked))
    }

    fn export_takes(&self, dependency: &Dependency) -> bool {
        let exports = self.installs.iter().filter(|i| i.export);
        exports.into_iter().any(|e| e.takes(&dependency.group, false))
    }

    /// Names that a member of the workspace answers, as npm and yarn take them.
    fn members(&self, at: &At<'_>) -> Vec<Dependency> {
        let ecosystem = at.manifest.ecosystem;
        let syntax = match ecosystem {
            Ecosystem::Node => Syntax::NodeRange,
            Ecosystem::Go => Syntax::GoUse,
            _ => return Vec::new(),
        };
        let packages = &self.review.repo.packages;
        let Some(root) = packages.workspace_of(folder(&at.manifest.path), ecosystem) else {
            return Vec::new();
        };
        if ecosystem == Ecosystem::Go && self.has_work(at, root) {
            return Vec::new();
        }
        let members = packages.members(root);
        let local = |name: &str| {
            packages.named(ecosystem, name).iter().any(|f| members.contains(&f.as_str()))
        };
        let declared = |name: &str| at.manifest.dependencies.iter().any(|d| d.name == name);
        let wants = at.manifest.wants.iter().filter(|w| local(&w.name) && !declared(&w.name));
        wants
            .map(|w| Dependency {
                name: w.name.clone(),
                target: Target::Member,
                base: Base::Manifest,
                syntax,
                group: w.group.clone(),
                editable: true,
                at: w.at.clone(),
                path_at: None,
            })
            .collect()
    }

    pub(super) fn dependency(&mut self, at: &At<'_>, dependency: &Dependency, all: &mut Met) {
        let (review, layout, install) = (self.review, self.layout, self.install);
        let env = |name: &str| env_is(layout, install.moment, name, &["1", "true"]);
        if install.skips(dependency, &env) {
            return;
        }
        if dependency.syntax == Syntax::Include || dependency.syntax == Syntax::Constraint {
            return self.include(at, dependency, all);
        }
        let place = review.repo.packages.place(review.sources, at.manifest, dependency);
        if is_remote_parent(dependency, &place) || is_moved(dependency, &place) {
            return;
        }
        if dependency.syntax == Syntax::FindLinks {
            let alone = at.manifest.no_index || install.has(&["--no-index"]) || env("PIP_NO_INDEX");
            if alone {
                self.wheels(dependency, &at.manifest.path, all);
            }
            return;
        }
        let ecosystem = at.manifest.ecosystem;
        let (wanted, locked, state) = self.wanted(at, dependency, &place);
        let state = state.unwrap_or_else(|| match ecosystem {
            Ecosystem::Node => self.node_state(at, dependency, &wanted, &place),
            _ => lookup::look(review, layout, install.moment, &wanted, &place, ecosystem),
        });
        let state = match state {
            State::Missing(_)
                if dependency.syntax == Syntax::ProjectReference && self.restores_again() =>
            {
                State::Unknown
            }
            state => state,
        };
        let found = match &state {
            State::Present { path, .. } => Some(path.clone()),
            _ => place.folder().map(str::to_owned),
        };
        let manifest = at.manifest.path.as_ref();
        let mut made = self.make(dependency, manifest, &wanted, place, state, at.depth, locked);
        let in_lock = at.lock.as_ref().and_then(|(l, _)| l.local(&dependency.name));
        let editable = in_lock.map_or(dependency.editable, |l| l.linked);
        made.linked = !at.unlinked && link::is_linked(install, dependency, editable, &env);
        all.uses.push(made);
        // With --no-deps pip does not read what a package says it needs, and Go reads the
        // replacements of its main modules only.
        let is_read = !install.no_deps() && dependency.syntax != Syntax::GoReplace;
        if let Some(found) = found.filter(|_| is_read)
            && let Some(manifest) = review.repo.packages.in_folder(&found, ecosystem)
        {
            let depth = at.depth + 1;
            let lock = at.lock.clone().filter(|_| ecosystem == Ecosystem::Python);
            let next = At { lock, depth, ..At::new(manifest, wanted) };
            self.dependencies(&next, all);
        }
    }

    /// Whether this is a restore of .NET, which skips a project that is not there, and no later
    /// build relies on it.
    fn restores_again(&self) -> bool {
        let next = self.installs.iter().skip(self.index + 1).find(|i| {
            i.manager == Manager::Dotnet
                && self.layout.is_under(i.moment.stage, self.moment().stage)
        });
        self.install.is_restore() && !next.is_some_and(|n| n.has(&["--no-restore"]))
    }

    /// `-r` and `-c` of a requirements file begin at its folder.
    fn include(&mut self, at: &At<'_>, dependency: &Dependency, all: &mut Met) {
        let Some(path) = dependency.path() else { return };
        let wanted = image_path::join(&at.folder, path);
        if !matches!(self.layout.find(self.moment(), &wanted), Found::Missing | Found::Image) {
            let constraint = at.constraint || dependency.syntax == Syntax::Constraint;
            return self.requirements(&wanted, constraint, at.depth, all);
        }
        let review = self.review;
        let place = review.repo.packages.place(review.sources, at.manifest, dependency);
        let state =
            lookup::look(review, self.layout, self.moment(), &wanted, &place, Ecosystem::Python);
        let manifest = at.manifest.path.as_ref();
        all.uses.push(self.make(dependency, manifest, &wanted, place, state, at.depth, None));
    }

    /// Where the installer looks: the lock's path where it follows one.
    pub(super) fn wanted(
        &self,
        at: &At<'_>,
        dependency: &Dependency,
        place: &tree::Place,
    ) -> (String, Option<Place>, Option<State>) {
        if dependency.target == Target::Member {
            return self.wanted_member(at, place);
        }
        let locked =
            at.lock.as_ref().and_then(|(l, folder)| Some((l.local(&dependency.name)?, folder)));
        if let Some((locked, folder)) = locked {
            return (image_path::join(folder, &locked.path), Some(locked.at.clone()), None);
        }
        let path = dependency.path().unwrap_or("");
        let path = path.strip_prefix('~').map_or_else(|| path.to_owned(), |p| format!("/root{p}"));
        let base = match dependency.base {
            Base::WorkingDirectory => &self.install.folder,
            Base::Manifest => &at.folder,
        };
        (image_path::join(base, &path), None, None)
    }

    /// A member lies where its workspace has it, seen from the root of the workspace.
    fn wanted_member(
        &self,
        at: &At<'_>,
        place: &tree::Place,
    ) -> (String, Option<Place>, Option<State>) {
        let packages = &self.review.repo.packages;
        let own = folder(&at.manifest.path);
        let root = packages.workspace_of(own, at.manifest.ecosystem);
        let (Some(root), Some(member)) = (root, place.folder()) else {
            return (at.folder.clone(), None, Some(State::Unknown));
        };
        let up = image_path::relative(own, folder(&root.path));
        let base = image_path::join(&at.folder, &up);
        let inside = image_path::relative(folder(&root.path), member);
        let wanted = image_path::join(&base, &inside);
        let list = self.list_of(root);
        let name = image_path::join(&base, file_name(&list));
        let found = self.layout.find(self.moment(), &name);
        let lost = matches!(&found, Found::Missing | Found::Image)
            || matches!(&found, Found::Repository { path, .. } if *path != list);
        let state = (lost && own != folder(&root.path))
            .then(|| State::Missing(Why::NoWorkspace(root.path.to_string())));
        (wanted, None, state)
    }

    /// The file that makes a folder the root of a workspace: pnpm has one of its own.
    fn list_of(&self, root: &Manifest) -> String {
        let own = join(folder(&root.path), "pnpm-workspace.yaml");
        let own = own.filter(|p| {
            self.install.manager == Manager::Pnpm && self.review.sources.kind(p).is_some()
        });
        own.unwrap_or_else(|| root.path.to_string())
    }

    #[expect(clippy::too_many_arguments, reason = "each is a field of what is made")]
    pub(super) fn make(
        &self,
        dependency: &Dependency,
        manifest: &str,
        wanted: &str,
        place: tree::Place,
        state: State,
        depth: usize,
        lock: Option<Place>,
    ) -> Use {
        Use {
            dependency: dependency.clone(),
            manifest: manifest.to_owned(),
            ecosystem: self.ecosystem(),
            wanted: wanted.to_owned(),
            place,
            state,
            depth,
            install: self.index,
            lock,
            linked: dependency.editable,
        }
    }
}

/// A project of Gradle that the repository does not have where its name says: the settings are a
/// program and may have moved it.
fn is_moved(dependency: &Dependency, place: &tree::Place) -> bool {
    dependency.syntax == Syntax::GradleProject && matches!(place, tree::Place::Gone(_))
}

/// A parent that the repository does not have comes from a registry.
fn is_remote_parent(dependency: &Dependency, place: &tree::Place) -> bool {
    dependency.syntax == Syntax::MavenParent && !matches!(place, tree::Place::Here(_))
}
