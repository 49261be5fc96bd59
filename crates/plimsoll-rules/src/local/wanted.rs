//! Where an installer looks for a dependency: at the path of its lock file or manifest, or where the
//! workspace has a member.

use std::sync::Arc;

use super::readers::lock_kinds;
use super::walk::{At, Walk};
use super::{State, Why};
use crate::discover::paths::{file_name, folder, join};
use crate::layout::{Found, image_path};
use crate::packages::locks::Lock;
use crate::packages::{Base, Dependency, Manifest, Target, tree};
use crate::repo::Place;
use crate::views::Manager;

impl Walk<'_, '_> {
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
}
