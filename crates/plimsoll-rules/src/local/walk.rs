//! Follows what an install names into the packages it leads to.

use super::readers::{ecosystem, is_rewritten, root_names, visible};
use super::{GitUse, Met, State, Use, env_is, link, lookup, node};
use crate::discover::paths::file_name;
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, Layout, Moment, image_path};
use crate::packages::locks::Lock;
use crate::packages::tree;
use crate::packages::{Dependency, Ecosystem, Manifest, Syntax, Target};
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
    /// Whether the environment says so.
    pub(super) production: bool,
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
