//! Copies of a repository to build in, which go when the work ends.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use plimsoll_measure::engine;
use plimsoll_measure::proof::tree;

use crate::failure::Failure;
use crate::ui;

/// A folder for the copies.
pub(crate) struct Bench {
    /// A name that nobody else has: that of images, too, as many machines may share an engine.
    pub(crate) name: String,
    folder: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> Result<Self, Failure> {
        let name = engine::unique();
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-{name}"));
        // Others on this machine must not read what they may not read in the repository.
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|e| Failure::io("make the folder", &folder, &e))?;
        Ok(Self { name, folder })
    }

    /// Copies what git has of a repository, and new files that it does not ignore.
    pub(crate) fn copy(&self, root: &Path, name: &str) -> Result<PathBuf, Failure> {
        let to = self.folder.join(name);
        tree::copy(root, &to).map_err(|e| Failure::io("copy the repository to", &to, &e))?;
        Ok(to)
    }

    /// A file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            ui::note(format_args!("{} was left behind: {error}", self.folder.display()));
        }
    }
}
