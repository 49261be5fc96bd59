//! What git tracks, by its index: a path that `.gitignore` names is part of the repository
//! where somebody added it all the same.

use std::cell::OnceCell;
use std::path::Path;

use gix::bstr::ByteSlice;

use crate::history::History;

/// Bytes of an index that is read; git's own need about a hundred for a path.
const INDEX_BYTES: u64 = 256 << 20;

/// The index of the repository that a folder lies in, read when it is first asked.
pub(crate) struct Tracked<'a> {
    root: &'a Path,
    index: OnceCell<Option<Index>>,
}

struct Index {
    index: gix::worktree::Index,
    /// The folder, from the top of the working tree, with a slash at its end; `""` for the top.
    prefix: String,
}

impl<'a> Tracked<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root, index: OnceCell::new() }
    }

    /// Whether git tracks a path from the folder, or something below it. Without an index
    /// nothing is.
    pub(crate) fn holds(&self, path: &str, is_folder: bool) -> bool {
        let Some(Index { index, prefix }) = self.index.get_or_init(|| open(self.root)) else {
            return false;
        };
        if is_folder {
            let below = format!("{prefix}{path}/");
            let entries = index.prefixed_entries(below.as_bytes().as_bstr());
            return entries.is_some_and(|entries| !entries.is_empty());
        }
        index.entry_index_by_path(format!("{prefix}{path}").as_bytes().as_bstr()).is_ok()
    }
}

fn open(root: &Path) -> Option<Index> {
    let history = History::open(root).ok()?;
    let prefix = match history.prefix() {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    Some(Index { index: history.index(INDEX_BYTES)?, prefix })
}
