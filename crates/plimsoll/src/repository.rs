//! Which commit of which repository a run looked at.

use std::path::Path;

use plimsoll_measure::history::{Commit, History, HistoryError, changed};
use plimsoll_model::RunRepository;

use crate::pipeline::Found;

/// What a record says of the repository; without git, or without a commit, its name alone.
pub(crate) fn of(path: &Path, found: &Found) -> RunRepository {
    let name = found.sources.name.clone();
    let Ok((history, commit)) = head(path) else {
        return RunRepository { name, ..RunRepository::default() };
    };
    let left_out = |path: &str| found.config.excludes(path);
    // Where the commit's folders are not in this clone, it is not known whether files changed.
    let changed = changed(&history, &commit, &found.sources, &left_out).ok();
    RunRepository { name, commit: Some(commit.id.to_string()), changed }
}

fn head(path: &Path) -> Result<(History, Commit), HistoryError> {
    let history = History::open(path)?;
    let commit = history.commit(history.resolve("HEAD")?)?;
    Ok((history, commit))
}
