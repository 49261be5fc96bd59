//! From names on the command line to commits, and what to do where there are none.

use std::path::Path;

use plimsoll_measure::history::{Commit, History, HistoryError};

use crate::failure::Failure;

/// Opens the repository of a folder.
pub(crate) fn open(folder: &Path) -> Result<History, Failure> {
    History::open(folder).map_err(|error| match error {
        HistoryError::NoRepository(_) => Failure::missing(error.to_string())
            .hint("builds are read commit by commit: name a folder of a git repository"),
        error => Failure::missing(error.to_string()),
    })
}

/// The commit that a name means.
pub(crate) fn commit(history: &History, name: &str) -> Result<Commit, Failure> {
    let found = history.resolve(name).and_then(|id| history.commit(id));
    found.map_err(|error| match error {
        HistoryError::Unknown(_) => {
            let hint = match history.is_shallow() {
                true => "the clone is shallow: `git fetch --unshallow` gets older commits",
                false => "name a branch, a tag, a commit or HEAD~3; `git log --oneline` lists them",
            };
            Failure::usage(error.to_string()).hint(hint)
        }
        error => unreadable(&error),
    })
}

/// A history, or a part of it, that cannot be read.
pub(super) fn unreadable(error: &HistoryError) -> Failure {
    Failure::missing(format!("failed to read the history: {error}"))
}
