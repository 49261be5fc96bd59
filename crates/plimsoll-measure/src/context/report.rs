//! What is asked about a context, and what was found.

use std::path::PathBuf;

use super::{Category, Follow};

/// A context to measure.
#[derive(Clone, Debug, Default)]
pub struct ContextRequest {
    /// Its root folder.
    pub root: PathBuf,
    /// The ignore file that holds for it.
    pub ignore: Option<IgnoreSource>,
    /// Which parts the build asks for.
    pub follow: Follow,
    /// The Dockerfile's path from the root; it goes in a transfer of its own.
    pub dockerfile: Option<String>,
    /// Whether to measure also what is not sent, which takes a walk of everything.
    pub measure_excluded: bool,
}

/// An ignore file that has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreSource {
    /// Its path from the root.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Sums over entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of the files, as apparent sizes.
    pub bytes: u64,
    /// Regular files.
    pub files: u64,
    /// Folders, without the root.
    pub folders: u64,
    /// Symbolic links.
    pub links: u64,
}

impl Totals {
    /// Adds other sums to these.
    pub fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.files += other.files;
        self.folders += other.folders;
        self.links += other.links;
    }

    /// The sums of one file.
    #[must_use]
    pub fn file(bytes: u64) -> Self {
        Self { bytes, files: 1, ..Self::default() }
    }

    /// The sums of one folder.
    #[must_use]
    pub fn folder() -> Self {
        Self { folders: 1, ..Self::default() }
    }

    /// The sums of one symbolic link.
    #[must_use]
    pub fn link() -> Self {
        Self { links: 1, ..Self::default() }
    }
}

/// What BuildKit would be sent of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContextReport {
    /// What is sent.
    pub sent: Totals,
    /// All there is below the root, where that was asked for.
    pub unfiltered: Option<Totals>,
    /// The Dockerfile and the ignore file, which go in a transfer of their own.
    pub dockerfile: Totals,
    /// What is sent by category, the largest first; categories without an entry are left out.
    pub categories: Vec<(Category, Totals)>,
    /// The largest files that are sent, at most 20, the largest first.
    pub largest_files: Vec<(String, u64)>,
    /// Bytes and files by folder (`""` is the root), at most 200, by path. A file counts in
    /// one folder only: its own, or one further up where folders are deep or many.
    pub folders: Vec<(String, u64, u64)>,
    /// How many paths each pattern decided, by index. What lies in a folder that is left out
    /// as a whole, or that no path leads to, is not looked at and not counted.
    pub pattern_hits: Vec<u64>,
    /// Paths that could not be read, with the reason; at most 200, by path.
    pub unreadable: Vec<(String, String)>,
    /// FIFOs, sockets and devices that are not ignored; at most 200, by path.
    pub special: Vec<String>,
}
