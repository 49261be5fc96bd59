//! The working tree as a file tree, with the ids that git would give.
//!
//! Only what a build may be sent is read: the Dockerfile, the ignore files, and what these let
//! through. Whatever else there is does not stand in the tree. Links are read, never followed;
//! what is neither file, link nor folder is left out and named.

mod needed;
mod stamp;
mod walk;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use plimsoll_graph::{Entry, Id, Tree, TreeError};

use super::{GitTree, History, HistoryError, Recipe, TreeOptions};

/// What stands for a working tree where a commit has its id.
pub const WORKING_TREE: Id = Id([0xff; 20]);

/// A working tree, beside the trees of its repository.
pub struct DiskTree {
    git: GitTree,
    root: Id,
    folders: HashMap<Id, Arc<[Entry]>>,
    texts: HashMap<Id, Vec<u8>>,
    special: Vec<String>,
}

impl DiskTree {
    /// Reads what a build of the folder may be sent. `files` counts those that were looked at.
    ///
    /// # Errors
    /// When something that would be sent cannot be read.
    pub fn read(
        history: &History,
        folder: &Path,
        recipe: &Recipe,
        options: TreeOptions,
        files: &AtomicUsize,
    ) -> Result<Self, HistoryError> {
        let top = folder.canonicalize().map_err(|error| unreadable(folder, &error))?;
        let read = walk::read(history, &top, recipe, options, files)?;
        Ok(Self {
            git: history.tree(options),
            root: read.root,
            folders: read.folders,
            texts: read.texts,
            special: read.special,
        })
    }

    /// The folder that was read.
    #[must_use]
    pub fn root(&self) -> Id {
        self.root
    }

    /// What was left out because it is neither file, link nor folder.
    #[must_use]
    pub fn special(&self) -> &[String] {
        &self.special
    }
}

impl Tree for DiskTree {
    fn entries(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError> {
        self.folders.get(&folder).map_or_else(|| self.git.entries(folder), |e| Ok(e.clone()))
    }

    fn content(&self, file: Id) -> Result<Vec<u8>, TreeError> {
        self.texts.get(&file).map_or_else(|| self.git.content(file), |bytes| Ok(bytes.clone()))
    }
}

/// The id that git gives to the bytes of a file.
pub(super) fn blob_id(bytes: &[u8]) -> std::io::Result<Id> {
    stamp::object("blob", bytes)
}

fn unreadable(path: &Path, error: &std::io::Error) -> HistoryError {
    HistoryError::Object(format!("failed to read {}: {error}", path.display()))
}

/// The place of a path of the repository on disk.
fn on_disk(top: &Path, path: &str) -> PathBuf {
    if path.is_empty() { top.to_path_buf() } else { top.join(path) }
}

#[cfg(test)]
mod tests;
