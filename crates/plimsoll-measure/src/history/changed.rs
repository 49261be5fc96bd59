//! Whether what was read of a working tree is what a commit has.

use plimsoll_graph::{Id, Kind, MOST_NESTED, Tree, TreeError};
use plimsoll_model::{EntryKind, SourceFile, Sources};

use super::disk::blob_id;
use super::{Commit, GitTree, History, HistoryError, TreeOptions, folder_at};

/// How many of the files that were read are not as a commit has them: other bytes, added or gone.
///
/// Bytes are compared, so that a checkout with other line ends has changed files. Paths for which
/// `left_out` says yes are not looked at.
///
/// # Errors
/// When the commit's folders cannot be read.
pub fn changed(
    history: &History,
    commit: &Commit,
    sources: &Sources,
    left_out: &dyn Fn(&str) -> bool,
) -> Result<usize, HistoryError> {
    let tree = history.tree(TreeOptions::default());
    let mut walk = Walk { tree: &tree, sources, left_out, same: 0, gone: 0 };
    if let Some(root) = folder_at(&tree, commit.tree, history.prefix())? {
        walk.folder(root, "", 0)?;
    }
    Ok(sources.files.len().saturating_sub(walk.same) + walk.gone)
}

struct Walk<'w> {
    tree: &'w GitTree,
    sources: &'w Sources,
    left_out: &'w dyn Fn(&str) -> bool,
    /// Files that were read and are the commit's.
    same: usize,
    /// Files of the commit that are not there.
    gone: usize,
}

impl Walk<'_> {
    fn folder(&mut self, id: Id, path: &str, depth: usize) -> Result<(), TreeError> {
        if depth > MOST_NESTED || self.sources.kind(path) == Some(EntryKind::Unread) {
            return Ok(());
        }
        for entry in self.tree.entries(id)?.iter() {
            let path = match path {
                "" => entry.name.clone(),
                folder => format!("{folder}/{}", entry.name),
            };
            if (self.left_out)(&path) {
                continue;
            }
            match entry.kind {
                Kind::Folder => self.folder(entry.id, &path, depth + 1)?,
                Kind::File | Kind::Program => self.file(entry.id, &path),
                Kind::Link | Kind::Sealed => {}
            }
        }
        Ok(())
    }

    fn file(&mut self, id: Id, path: &str) {
        match self.sources.files.get(path) {
            Some(file) if self.is_same(id, file) => self.same += 1,
            None if self.sources.kind(path).is_none() => self.gone += 1,
            _ => {}
        }
    }

    fn is_same(&self, id: Id, file: &SourceFile) -> bool {
        match file.lossy {
            false => blob_id(file.text.as_bytes()).is_ok_and(|read| read == id),
            true => self
                .tree
                .content(id)
                .is_ok_and(|bytes| String::from_utf8_lossy(&bytes) == file.text),
        }
    }
}
