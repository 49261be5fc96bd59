//! How an install of Node is followed: the members of its workspace, and what each must find.

use super::node;
use super::walk::{At, Walk};
use super::{Met, State, Why};
use crate::discover::paths::folder;
use crate::layout::image_path;
use crate::packages::{Dependency, Ecosystem, tree};
use crate::views::Manager;

impl<'a> Walk<'_, 'a> {
    /// An install at the root of a workspace of Node is for its members.
    pub(super) fn members_of_node(&mut self, source: &str, image: &str, all: &mut Met) {
        let packages = &self.review.repo.packages;
        let root = packages.get(source).filter(|m| m.workspace.is_some());
        let Some(root) = root else { return };
        for member in node::consumers(&self.node(), root, image) {
            let Some(manifest) = packages.in_folder(&member, Ecosystem::Node) else { continue };
            let inside = image_path::relative(folder(&root.path), &member);
            let folder = image_path::join(image, &inside);
            self.dependencies(&At::new(manifest, folder), all);
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
    pub(super) fn node_state(
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
}
