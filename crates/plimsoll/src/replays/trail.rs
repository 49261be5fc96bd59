//! Follows the names of a service's files back through the history.

use std::sync::Arc;

use plimsoll_graph::Id;
use plimsoll_measure::history::{self, Commit, GitTree, History, HistoryError, Names, Recipe};
use plimsoll_model::ReplayedRename;

/// The names of a service's files, commit by commit backwards.
pub(super) struct Trail {
    names: Arc<Names>,
    /// The commit that was looked at last, and its folder.
    newer: Option<(Id, Id)>,
    pub(super) renames: Vec<ReplayedRename>,
}

impl Trail {
    /// Begins with the names of today.
    pub(super) fn new(recipe: &Recipe) -> Self {
        Self { names: Arc::new(recipe.names()), newer: None, renames: Vec::new() }
    }

    /// Goes on to the parent of the commit that was looked at last.
    pub(super) fn at(
        &mut self,
        history: &History,
        tree: &GitTree,
        commit: &Commit,
    ) -> Result<(), HistoryError> {
        let Some(root) = history::folder_at(tree, commit.tree, history.prefix())? else {
            return Ok(());
        };
        let newer = self.newer.replace((commit.id, root));
        let Some((renamed_by, newer)) = newer.filter(|(_, newer)| *newer != root) else {
            return Ok(());
        };
        let Some(names) = history::origin(tree, root, newer, &self.names)? else { return Ok(()) };
        self.renames.push(ReplayedRename {
            path: self.names.dockerfile.clone(),
            was: names.dockerfile.clone(),
            context: (names.context != self.names.context).then(|| names.context.clone()),
            commit: renamed_by.to_string(),
        });
        self.names = Arc::new(names);
        Ok(())
    }

    /// The names at this commit, where they are not those of today.
    pub(super) fn moved(&self) -> Option<Arc<Names>> {
        (!self.renames.is_empty()).then(|| self.names.clone())
    }
}
