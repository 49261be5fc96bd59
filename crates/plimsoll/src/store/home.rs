//! Where the records of this user lie.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder of the records, and whether the user named it.
pub(super) struct Home {
    pub(super) runs: PathBuf,
    named: bool,
}

impl Home {
    /// `$PLIMSOLL_HOME/runs`, else `plimsoll/runs` in the user's folder for state.
    pub(super) fn find() -> Result<Self, Failure> {
        let set = |name| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(home) = set("PLIMSOLL_HOME") {
            let home =
                std::path::absolute(&home).map_err(|error| Failure::io("find", &home, &error))?;
            return Ok(Self { runs: home.join("runs"), named: true });
        }
        // The specification of these folders says that a relative one does not count.
        let state = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
        let own = || Some(env::home_dir()?.join(".local/state")).filter(|path| path.is_absolute());
        let state = state.or_else(own).ok_or_else(|| {
            Failure::missing("there is no folder for records: HOME is not set")
                .hint("set PLIMSOLL_HOME to a folder that may hold them")
        })?;
        Ok(Self { runs: state.join("plimsoll/runs"), named: false })
    }

    /// Refuses to write into the repository that is looked at, unless the user named the folder.
    pub(super) fn keep_out_of(&self, repository: &Path) -> Result<(), Failure> {
        let inside = || Some(real(&self.runs)?.starts_with(repository.canonicalize().ok()?));
        if self.named || inside() != Some(true) {
            return Ok(());
        }
        let what = format!("{} lies in the repository that is reviewed", self.runs.display());
        Err(Failure::usage(what).hint("set PLIMSOLL_HOME to the folder that is to hold records"))
    }
}

/// A path without links, of which a part may not be there yet.
fn real(path: &Path) -> Option<PathBuf> {
    let there = path.ancestors().find(|folder| folder.exists())?;
    let rest = path.strip_prefix(there).ok()?;
    Some(there.canonicalize().ok()?.join(rest))
}
