//! The ids that git gives: from its index where that is sure to hold, computed otherwise.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use gix::bstr::ByteSlice;
use gix::index::entry::{Mode, Stage, Stat, stat};
use gix::index::fs::Metadata;
use plimsoll_graph::{Id, Kind};

use super::super::id;

/// The index of a repository; empty where it cannot be read.
pub(super) struct Index {
    index: Option<gix::worktree::Index>,
    /// The folder that is read, from the top of the working tree.
    prefix: String,
}

impl Index {
    pub(super) fn open(repository: &gix::Repository, prefix: &str) -> Self {
        Self { index: repository.try_index().ok().flatten(), prefix: prefix.to_owned() }
    }

    fn entry(&self, path: &str) -> Option<&gix::index::Entry> {
        let path = match self.prefix.as_str() {
            "" => path.to_owned(),
            prefix => format!("{prefix}/{path}"),
        };
        let index = self.index.as_ref()?;
        index.entry_by_path_and_stage(path.as_bytes().as_bstr(), Stage::Unconflicted)
    }

    /// The commit of a submodule at a path.
    pub(super) fn submodule(&self, path: &str) -> Option<Id> {
        let entry = self.entry(path).filter(|entry| entry.mode == Mode::COMMIT)?;
        Some(id(&entry.id))
    }

    /// The id of a file that is as it was when git last looked: size, times and inode agree, and
    /// it was not changed so shortly before that the times could not tell.
    fn known(&self, path: &str, kind: Kind, found: &Metadata) -> Option<Id> {
        let entry = self.entry(path)?;
        let same_kind = match kind {
            Kind::Link => entry.mode == Mode::SYMLINK,
            _ => matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE),
        };
        let now = Stat::from_fs(found).ok()?;
        let exact =
            stat::Options { trust_ctime: true, check_stat: true, use_nsec: true, use_stdev: false };
        let written = self.index.as_ref()?.timestamp();
        // Whole seconds: not every file system counts finer.
        let racy = entry.stat.is_racy(written, stat::Options { use_nsec: false, ..exact });
        (same_kind && !racy && entry.stat.matches(&now, exact)).then(|| id(&entry.id))
    }
}

/// The id of a file.
pub(super) fn file(index: &Index, path: &str, full: &Path, kind: Kind) -> io::Result<Id> {
    let found = Metadata::from_path_no_follow(full)?;
    match index.known(path, kind, &found) {
        Some(id) => Ok(id),
        None => hash_file(full, found.len()),
    }
}

/// Hashes a file piece by piece: it need not fit into memory.
fn hash_file(full: &Path, size: u64) -> io::Result<Id> {
    let mut hasher = begin("blob", size);
    let mut file = File::open(full)?.take(size.saturating_add(1));
    let mut piece = vec![0; 64 << 10];
    let mut read = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            break;
        }
        read += length as u64;
        hasher.update(&piece[..length]);
    }
    if read != size {
        return Err(io::Error::other("it changed while it was read"));
    }
    finish(hasher)
}

/// The id of bytes that are an object of git.
pub(super) fn object(kind: &str, bytes: &[u8]) -> io::Result<Id> {
    let mut hasher = begin(kind, bytes.len() as u64);
    hasher.update(bytes);
    finish(hasher)
}

fn begin(kind: &str, size: u64) -> gix::hash::Hasher {
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(format!("{kind} {size}\0").as_bytes());
    hasher
}

fn finish(hasher: gix::hash::Hasher) -> io::Result<Id> {
    hasher.try_finalize().map(|found| id(&found)).map_err(io::Error::other)
}
