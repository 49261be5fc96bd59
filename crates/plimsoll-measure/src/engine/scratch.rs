//! Files that go when they are done with, and names that nobody else has.

use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::EngineError;

/// A name that nobody else has: many machines may share an engine.
#[must_use]
pub fn unique() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A folder of our own, which goes with what it holds.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, EngineError> {
        let folder = std::env::temp_dir().join(format!("plimsoll-build-{}", unique()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| {
            EngineError::local(format!("failed to make the folder {}", folder.display()), &error)
        })?;
        Ok(Self(folder))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A file beside the one that is wanted: it takes its place when it is whole, and goes else.
pub(super) struct Half {
    half: PathBuf,
    whole: PathBuf,
}

impl Half {
    pub(super) fn of(whole: &Path) -> Self {
        let mut name = whole.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", unique()));
        Self { half: whole.with_file_name(name), whole: whole.to_owned() }
    }

    /// The same with an empty file, so that what cannot be written is known before the work.
    pub(super) fn create(whole: &Path) -> Result<(Self, File), EngineError> {
        let half = Self::of(whole);
        let file = File::create_new(&half.half).map_err(|error| {
            EngineError::local(format!("failed to write {}", whole.display()), &error)
        })?;
        Ok((half, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.half
    }

    /// Puts it where it is wanted.
    pub(super) fn keep(self) -> Result<u64, EngineError> {
        let moved = fs::metadata(&self.half)
            .and_then(|meta| fs::rename(&self.half, &self.whole).map(|()| meta.len()));
        moved.map_err(|error| {
            EngineError::local(format!("failed to write {}", self.whole.display()), &error)
        })
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        // After `keep` there is none.
        let _ = fs::remove_file(&self.half);
    }
}
