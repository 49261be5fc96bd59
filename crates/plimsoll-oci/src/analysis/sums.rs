//! What each folder weighs.

use plimsoll_model::ImageFolder;

use crate::index::Kind;
use crate::paths::PathId;
use crate::{ROOT, View};

/// Bytes and files below each path, as a container sees them.
pub struct Sums {
    bytes: Vec<u64>,
    files: Vec<u32>,
}

impl Sums {
    /// Adds up what a view sees.
    #[must_use]
    pub fn of(view: &View<'_>) -> Self {
        let paths = view.paths();
        let (mut bytes, mut files) = (vec![0; paths.len()], vec![0_u32; paths.len()]);
        // What is in a folder has a higher number.
        for path in paths.all().rev() {
            let at = path.0 as usize;
            if let Some(entry) = view.at(path) {
                bytes[at] += entry.size;
                files[at] += u32::from(entry.kind == Kind::File);
            }
            if path != ROOT {
                let parent = paths.parent(path).0 as usize;
                bytes[parent] += bytes[at];
                files[parent] += files[at];
            }
        }
        Self { bytes, files }
    }

    /// Bytes at and below a path.
    #[must_use]
    pub fn bytes(&self, path: PathId) -> u64 {
        self.bytes.get(path.0 as usize).copied().unwrap_or(0)
    }

    /// Files at and below a path.
    #[must_use]
    pub fn files(&self, path: PathId) -> u64 {
        self.files.get(path.0 as usize).copied().map_or(0, u64::from)
    }

    /// Every folder that weighs one part in two hundred.
    pub(super) fn folders(&self, view: &View<'_>) -> Vec<ImageFolder> {
        let least = (self.bytes(ROOT) / 200).max(1);
        let is_folder = |path: PathId| {
            view.at(path).map_or(self.bytes(path) > 0, |entry| entry.kind == Kind::Folder)
        };
        let large = view.paths().all().filter(|path| self.bytes(*path) >= least);
        let mut folders: Vec<ImageFolder> = large
            .filter(|path| is_folder(*path))
            .map(|path| ImageFolder {
                path: view.paths().text(path),
                bytes: self.bytes(path),
                files: self.files(path),
            })
            .collect();
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders
    }
}
