//! What Python's installers read besides: `setup.cfg`, members of a workspace, folders of wheels.

use super::walk::{At, Walk};
use super::{Met, State, Why, env_is, lookup};
use crate::discover::paths::{file_name, folder, join};
use crate::layout::installs::Root;
use crate::layout::{Found, image_path};
use crate::packages::{Base, Dependency, Ecosystem, Group, Syntax, Target, normal, tree};
use crate::repo::Place;

impl Walk<'_, '_> {
    /// Whether one of the lists of the install asks for a name.
    pub(super) fn is_wanted(&self, name: &str) -> bool {
        let name = normal(Ecosystem::Python, name);
        self.install.roots.iter().any(|root| {
            let Root::Requirements(path) = root else { return false };
            let Found::Repository { path, .. } = self.layout.find(self.moment(), path) else {
                return false;
            };
            let list = self.review.repo.packages.get(&path);
            list.is_some_and(|l| l.wants.iter().any(|w| w.name == name))
        })
    }

    /// `setup.cfg` beside `pyproject.toml`: setuptools reads both.
    pub(super) fn setup_cfg(&mut self, at: &At<'_>, all: &mut Met) {
        if file_name(&at.manifest.path) != "pyproject.toml" {
            return;
        }
        let path = join(folder(&at.manifest.path), "setup.cfg").unwrap_or_default();
        if let Some(manifest) = self.review.repo.packages.get(&path) {
            let (folder, lock) = (at.folder.clone(), at.lock.clone());
            let next = At { lock, depth: at.depth, ..At::new(manifest, folder) };
            self.dependencies(&next, all);
        }
    }

    /// The members of a workspace that uv is told to install, and all that it reads to check a
    /// lock file.
    pub(super) fn workspace(&mut self, source: &str, image: &str, all: &mut Met) {
        let (packages, install) = (&self.review.repo.packages, self.install);
        let Some(root) = packages.workspace_of(folder(source), Ecosystem::Python) else { return };
        let up = image_path::relative(folder(source), folder(&root.path));
        let folder_at = image_path::join(image, &up);
        let name = image_path::join(&folder_at, file_name(&root.path));
        let found = self.layout.find(self.moment(), &name);
        if !matches!(found, Found::Repository { path, .. } if *path == *root.path) {
            return;
        }
        let env = |name: &str| env_is(self.layout, install.moment, name, &["1", "true"]);
        let mut names = install.packages();
        if install.has(&["--all-packages"]) || !install.is_frozen(&env) {
            let folders = packages.members(root);
            let members = folders.iter().filter_map(|f| packages.in_folder(f, Ecosystem::Python));
            names.extend(members.filter_map(|m| m.name.clone()));
        }
        let lock = self.lock(&folder_at);
        let lock = lock.as_ref().map(|(l, at)| (&**l, at.clone()));
        let at = At { lock, ..At::new(root, folder_at) };
        for name in names {
            let named = packages.named(Ecosystem::Python, &name);
            let own = named.first().and_then(|f| packages.in_folder(f, Ecosystem::Python));
            // What no backend builds is not installed: only what it depends on is.
            let editable = own.is_some_and(|m| m.backend.is_some());
            let dependency = Dependency { editable, ..member(&name, install.at.clone()) };
            let (wanted, ..) = self.wanted(
                &at,
                &dependency,
                &packages.place(self.review.sources, root, &dependency),
            );
            let known = all.uses.iter().any(|u| u.install == self.index && u.wanted == wanted);
            if !known {
                self.dependency(&at, &dependency, all);
            }
        }
    }

    /// `--find-links` of the call, where nothing else is looked at.
    pub(super) fn wheels_of_the_call(&self, all: &mut Met) {
        let install = self.install;
        if install.is_pip() && install.has(&["--no-index"]) {
            for path in install.wheels().into_iter().filter(|p| !p.contains(['$', ':'])) {
                let dependency = Dependency {
                    name: file_name(path.trim_end_matches('/')).to_owned(),
                    target: Target::Path(path.clone()),
                    base: Base::WorkingDirectory,
                    syntax: Syntax::FindLinks,
                    ..member("", install.at.clone())
                };
                self.wheels(&dependency, &install.at.path, all);
            }
        }
    }

    /// A folder of wheels that is the only place to look at.
    pub(super) fn wheels(&self, dependency: &Dependency, manifest: &str, all: &mut Met) {
        let wanted = image_path::join(&self.install.folder, dependency.path().unwrap_or(""));
        if self.layout.find(self.moment(), &wanted) != Found::Missing {
            return;
        }
        let list = self.review.repo.packages.get(manifest).filter(|_| !dependency.is_absolute());
        let place =
            list.map(|l| self.review.repo.packages.place(self.review.sources, l, dependency));
        let state = match &place {
            Some(place) => lookup::look(
                self.review,
                self.layout,
                self.moment(),
                &wanted,
                place,
                Ecosystem::Python,
            ),
            None => State::Missing(Why::NotCopied),
        };
        let place = place.unwrap_or(tree::Place::Nowhere);
        all.uses.push(self.make(dependency, manifest, &wanted, place, state, 0, None));
    }
}

/// A member of a workspace that a command asks for.
fn member(name: &str, at: Place) -> Dependency {
    Dependency {
        name: name.to_owned(),
        target: Target::Member,
        base: Base::Manifest,
        syntax: Syntax::UvWorkspace,
        group: Group::Main,
        editable: true,
        at,
        path_at: None,
    }
}
