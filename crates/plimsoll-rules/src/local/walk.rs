//! Follows what an install names into the packages it leads to.

use super::{State, Use, Why, env_is, lookup, node};
use crate::discover::paths::{file_name, folder, join};
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, Layout, Moment, image_path};
use crate::packages::locks::{self, Lock};
use crate::packages::tree::{self, manifest_names};
use crate::packages::{Base, Dependency, Ecosystem, Group, Manifest, Syntax, Target, normal};
use crate::repo::Place;
use crate::review::Review;
use crate::views::Manager;

/// How many packages below one another are followed.
const DEPTH: usize = 12;

pub(super) struct Walk<'w, 'a> {
    review: &'w Review<'a>,
    layout: &'w Layout<'a>,
    installs: &'w [Install<'w>],
    index: usize,
    install: &'w Install<'w>,
    production: bool,
    /// The stage that is shipped.
    last: usize,
    seen: Vec<(String, String)>,
}

/// A manifest where the image has it, or would have it.
struct At<'m> {
    manifest: &'m Manifest,
    /// Its folder in the image.
    folder: String,
    /// The lock file that the install follows.
    lock: Option<(&'m Lock, String)>,
    /// Whether it is a list of requirements that an export wrote.
    exported: bool,
    depth: usize,
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

    pub(super) fn run(mut self, all: &mut Vec<Use>) {
        if node::is_fetch(self.install) {
            return;
        }
        for root in &self.install.roots {
            match root {
                Root::Folder(folder) => self.folder(folder, all),
                Root::Requirements(path) | Root::Constraints(path) => {
                    self.requirements(path, 0, all);
                }
                Root::Path { text, path, editable, at } => {
                    self.argument(text, path, *editable, at, all);
                }
            }
        }
    }

    fn moment(&self) -> Moment {
        self.install.moment
    }

    fn ecosystem(&self) -> Ecosystem {
        ecosystem(self.install.manager)
    }

    /// The manifest of the folder an install runs in.
    fn folder(&mut self, path: &str, all: &mut Vec<Use>) {
        for name in root_names(self.install.manager) {
            let image = image_path::join(path, name);
            let Found::Repository { path: source, .. } = self.layout.find(self.moment(), &image)
            else {
                continue;
            };
            self.manifest_at(&source, path, all);
            if self.ecosystem() == Ecosystem::Node {
                self.workspace(&source, path, all);
            }
            if self.ecosystem() != Ecosystem::Gradle && self.ecosystem() != Ecosystem::Go {
                return;
            }
        }
        if self.ecosystem() == Ecosystem::DotNet {
            self.projects(path, all);
        }
    }

    /// An install at the root of a workspace of Node is for its members.
    fn workspace(&mut self, source: &str, image: &str, all: &mut Vec<Use>) {
        let packages = &self.review.repo.packages;
        let root = packages.get(source).filter(|m| m.workspace.is_some());
        let Some(root) = root else { return };
        for member in node::consumers(&self.node(), root, image) {
            let Some(manifest) = packages.in_folder(&member, Ecosystem::Node) else { continue };
            let inside = image_path::relative(folder(&root.path), &member);
            let folder = image_path::join(image, &inside);
            let at = At { manifest, folder, lock: None, exported: false, depth: 0 };
            self.dependencies(&at, all);
        }
    }

    fn node(&self) -> node::Seen<'_, 'a> {
        node::Seen {
            review: self.review,
            layout: self.layout,
            install: self.install,
            installs: self.installs,
            last: self.last,
        }
    }

    /// Whether a package of Node is there when the install or the service needs it.
    fn node_state(
        &self,
        at: &At<'_>,
        dependency: &Dependency,
        wanted: &str,
        place: &tree::Place,
    ) -> State {
        let seen = self.node();
        if at.depth == 0
            && let Some(by) = node::unseen(&seen, at.manifest, &at.folder)
        {
            return State::Missing(Why::Unseen(at.folder.clone(), by));
        }
        let from = match self.install.manager {
            Manager::Pnpm => &at.folder,
            _ => &self.install.folder,
        };
        seen.state(dependency, wanted, place, from, at.manifest)
    }

    /// Projects of .NET have names of their own: those the repository has for the folder.
    fn projects(&mut self, path: &str, all: &mut Vec<Use>) {
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

    fn manifest_at(&mut self, source: &str, image: &str, all: &mut Vec<Use>) {
        if is_rewritten(self.layout, self.moment(), source) {
            return;
        }
        let lock = self.lock(image);
        let packages = &self.review.repo.packages;
        let Some(manifest) = packages.get(source) else { return };
        let lock = lock.as_ref().map(|(l, at)| (l, at.clone()));
        let at = At { manifest, folder: image.to_owned(), lock, exported: false, depth: 0 };
        self.dependencies(&at, all);
    }

    /// The lock file beside a manifest in the image, or above it for a member of a workspace.
    fn lock(&self, image: &str) -> Option<(Lock, String)> {
        let kinds = lock_kinds(self.install.manager);
        let mut folder_at = image.to_owned();
        loop {
            for name in kinds {
                let path = image_path::join(&folder_at, name);
                if let Found::Repository { path, .. } = self.layout.find(self.moment(), &path) {
                    let lock = locks::read(&path, self.review.sources.text(&path)?)?;
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
    fn requirements(&mut self, path: &str, depth: usize, all: &mut Vec<Use>) {
        match self.layout.find(self.moment(), path) {
            Found::Repository { path: source, .. } => {
                if is_rewritten(self.layout, self.moment(), &source) {
                    return;
                }
                let Some(manifest) = self.review.repo.packages.get(&source) else { return };
                let image = image_path::folder(path).to_owned();
                let at = At { manifest, folder: image, lock: None, exported: false, depth };
                self.dependencies(&at, all);
            }
            Found::Exported(moment) => self.exported(moment, all),
            Found::Missing | Found::Image | Found::Unknown => {}
        }
    }

    /// A list that an export wrote: the lock's paths, made absolute where the export ran.
    fn exported(&mut self, moment: Moment, all: &mut Vec<Use>) {
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
        let lock = lock.as_ref().map(|(l, at)| (l, at.clone()));
        let at = At { manifest, folder: export.folder.clone(), lock, exported: true, depth: 0 };
        self.dependencies(&at, all);
    }

    fn index_of(&self, export: &Install<'_>) -> usize {
        self.installs
            .iter()
            .position(|i| i.moment == export.moment && i.at == export.at)
            .unwrap_or(self.index)
    }

    /// A path that the command names.
    fn argument(&mut self, text: &str, path: &str, editable: bool, at: &Place, all: &mut Vec<Use>) {
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
                all.push(self.make(&dependency, at.path.as_ref(), path, place, state, 0, None));
            }
            let at = At { manifest, folder: image, lock: None, exported: false, depth: 0 };
            return self.dependencies(&at, all);
        }
        if own || !matches!(self.layout.find(self.moment(), path), Found::Missing | Found::Image) {
            return;
        }
        let Some(place) = self.meant(text) else { return };
        let state =
            lookup::look(self.review, self.layout, self.moment(), path, &place, Ecosystem::Python);
        all.push(self.make(&dependency, at.path.as_ref(), path, place, state, 0, None));
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

    fn dependencies(&mut self, at: &At<'_>, all: &mut Vec<Use>) {
        let key = (at.manifest.path.to_string(), at.folder.clone());
        if at.depth > DEPTH || self.seen.contains(&key) {
            return;
        }
        self.seen.push(key);
        let members = self.members(at);
        for dependency in at.manifest.dependencies.iter().chain(&members) {
            if matches!(dependency.target, Target::Git { .. })
                || !visible(self.install, at.exported, at.manifest, dependency)
            {
                continue;
            }
            let taken = match at.exported {
                // The export chose the groups.
                true => self.export_takes(dependency),
                // A package of Node brings what it needs, not what it is developed with.
                false if at.depth > 0 && at.manifest.ecosystem == Ecosystem::Node => {
                    !matches!(dependency.group, Group::Dev(_))
                }
                false => {
                    at.depth > 0 && dependency.group == Group::Main
                        || self.install.takes(&dependency.group, self.production)
                }
            };
            if taken {
                self.dependency(at, dependency, all);
            }
        }
    }

    fn export_takes(&self, dependency: &Dependency) -> bool {
        let exports = self.installs.iter().filter(|i| i.export);
        exports.into_iter().any(|e| e.takes(&dependency.group, false))
    }

    /// Names that a member of the workspace answers, as npm and yarn take them.
    fn members(&self, at: &At<'_>) -> Vec<Dependency> {
        if at.manifest.ecosystem != Ecosystem::Node {
            return Vec::new();
        }
        let packages = &self.review.repo.packages;
        let Some(root) = packages.workspace_of(folder(&at.manifest.path), Ecosystem::Node) else {
            return Vec::new();
        };
        let members = packages.members(root);
        let local = |name: &str| {
            packages.named(Ecosystem::Node, name).iter().any(|f| members.contains(&f.as_str()))
        };
        let declared = |name: &str| at.manifest.dependencies.iter().any(|d| d.name == name);
        let wants = at.manifest.wants.iter().filter(|w| local(&w.name) && !declared(&w.name));
        wants
            .map(|w| Dependency {
                name: w.name.clone(),
                target: Target::Member,
                base: Base::Manifest,
                syntax: Syntax::NodeRange,
                group: w.group.clone(),
                editable: true,
                at: w.at.clone(),
                path_at: None,
            })
            .collect()
    }

    fn dependency(&mut self, at: &At<'_>, dependency: &Dependency, all: &mut Vec<Use>) {
        let (review, layout, install) = (self.review, self.layout, self.install);
        let env = |name: &str| env_is(layout, install.moment, name, &["1", "true"]);
        if install.skips(dependency, &env) {
            return;
        }
        if dependency.syntax == Syntax::Include || dependency.syntax == Syntax::Constraint {
            return self.include(at, dependency, all);
        }
        let place = review.repo.packages.place(review.sources, at.manifest, dependency);
        if is_remote_parent(dependency, &place) || dependency.syntax == Syntax::FindLinks {
            return;
        }
        let ecosystem = at.manifest.ecosystem;
        let (wanted, locked, state) = self.wanted(at, dependency, &place);
        let state = state.unwrap_or_else(|| match ecosystem {
            Ecosystem::Node => self.node_state(at, dependency, &wanted, &place),
            _ => lookup::look(review, layout, install.moment, &wanted, &place, ecosystem),
        });
        let found = match &state {
            State::Present { path, .. } => Some(path.clone()),
            _ => place.folder().map(str::to_owned),
        };
        let manifest = at.manifest.path.as_ref();
        all.push(self.make(dependency, manifest, &wanted, place, state, at.depth, locked));
        // With --no-deps pip does not read what a package says it needs.
        let follows = !(install.no_deps() || at.lock.is_some() && !install.is_pip());
        if let Some(found) = found.filter(|_| follows)
            && let Some(manifest) = review.repo.packages.in_folder(&found, ecosystem)
        {
            let depth = at.depth + 1;
            let next = At { manifest, folder: wanted, lock: None, exported: false, depth };
            self.dependencies(&next, all);
        }
    }

    /// `-r` and `-c` of a requirements file begin at its folder.
    fn include(&mut self, at: &At<'_>, dependency: &Dependency, all: &mut Vec<Use>) {
        let Some(path) = dependency.path() else { return };
        let wanted = image_path::join(&at.folder, path);
        if !matches!(self.layout.find(self.moment(), &wanted), Found::Missing | Found::Image) {
            return self.requirements(&wanted, at.depth, all);
        }
        let review = self.review;
        let place = review.repo.packages.place(review.sources, at.manifest, dependency);
        let state =
            lookup::look(review, self.layout, self.moment(), &wanted, &place, Ecosystem::Python);
        let manifest = at.manifest.path.as_ref();
        all.push(self.make(dependency, manifest, &wanted, place, state, at.depth, None));
    }

    /// Where the installer looks: the lock's path where it follows one.
    fn wanted(
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
        let name = image_path::join(&base, file_name(&root.path));
        let found = self.layout.find(self.moment(), &name);
        let lost = matches!(&found, Found::Missing | Found::Image)
            || matches!(&found, Found::Repository { path, .. } if *path != *root.path);
        let state = (lost && own != folder(&root.path))
            .then(|| State::Missing(Why::NoWorkspace(root.path.to_string())));
        (wanted, None, state)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a field of what is made")]
    fn make(
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
        }
    }
}

/// A parent that the repository does not have comes from a registry.
fn is_remote_parent(dependency: &Dependency, place: &tree::Place) -> bool {
    dependency.syntax == Syntax::MavenParent && !matches!(place, tree::Place::Here(_))
}

/// Whether an installer reads a declaration of a manifest.
#[must_use]
pub fn visible(
    install: &Install<'_>,
    exported: bool,
    manifest: &Manifest,
    dependency: &Dependency,
) -> bool {
    let tables = || {
        manifest.dependencies.iter().any(|d| {
            d.syntax == Syntax::Poetry
                && normal(Ecosystem::Python, &d.name) == normal(Ecosystem::Python, &dependency.name)
        })
    };
    match (install.manager, dependency.syntax) {
        // A list of requirements, whoever installs it.
        (_, Syntax::Requirement | Syntax::Include | Syntax::Constraint) => true,
        // An export reads what its program reads; the table refines the reference.
        _ if exported => dependency.syntax != Syntax::DirectReference || !tables(),
        (Manager::Poetry, Syntax::DirectReference) => !tables(),
        (Manager::Poetry, syntax) => syntax == Syntax::Poetry,
        (Manager::Uv, Syntax::DirectReference) => true,
        (Manager::Uv, Syntax::UvSource | Syntax::UvWorkspace | Syntax::UvMember) => {
            !install.is_pip()
        }
        (Manager::Pip | Manager::Uv, Syntax::Poetry) => {
            // What poetry-core writes into the metadata of a project without `[project]`.
            let named = |w: &crate::packages::Want| {
                w.name == normal(Ecosystem::Python, &dependency.name) && w.at != dependency.at
            };
            let project = manifest.wants.iter().filter(|w| named(w)).count() > 1;
            install.is_pip() && !project
        }
        (Manager::Pip, syntax) => syntax == Syntax::DirectReference,
        (Manager::Pdm, syntax) => matches!(syntax, Syntax::DirectReference | Syntax::Pdm),
        (Manager::Pipenv, syntax) => syntax == Syntax::Pipfile,
        (Manager::Uv, _) => false,
        _ => true,
    }
}

/// The ecosystem of a manager.
#[must_use]
fn ecosystem(manager: Manager) -> Ecosystem {
    match manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm => Ecosystem::Node,
        Manager::Cargo => Ecosystem::Rust,
        Manager::Go => Ecosystem::Go,
        Manager::Maven => Ecosystem::Maven,
        Manager::Gradle => Ecosystem::Gradle,
        Manager::Dotnet => Ecosystem::DotNet,
        _ => Ecosystem::Python,
    }
}

/// The manifests an install of a folder reads.
fn root_names(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Pipenv => &["Pipfile"],
        Manager::Poetry | Manager::Uv | Manager::Pdm => &["pyproject.toml"],
        Manager::Go => &["go.work", "go.mod"],
        Manager::Gradle => manifest_names(Ecosystem::Gradle),
        manager => manifest_names(ecosystem(manager)),
    }
}

fn lock_kinds(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Poetry => &["poetry.lock"],
        Manager::Uv => &["uv.lock"],
        Manager::Pdm => &["pdm.lock"],
        Manager::Pipenv => &["Pipfile.lock"],
        _ => &[],
    }
}

/// Whether an earlier command of the Dockerfile edits a manifest, so that its text is not known.
fn is_rewritten(layout: &Layout<'_>, at: Moment, manifest: &str) -> bool {
    let name = file_name(manifest);
    let edits = |text: &str| {
        let editors =
            ["sed -i", "perl ", "jq ", "tomlq", "yq ", "npm pkg", "poetry remove", "uv remove"];
        text.contains(name) && editors.iter().any(|e| text.contains(e))
    };
    layout.file.lineage(at.stage).iter().any(|stage| {
        stage.steps.iter().enumerate().any(|(index, step)| {
            let before = stage.index != at.stage || index <= at.step;
            matches!(&step.kind, crate::repo::StepKind::Run(c) if before && edits(c.text()))
        })
    })
}
