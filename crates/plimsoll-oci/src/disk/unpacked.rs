//! An image whose layers are folders.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, Dir, FileType, Mode, OFlags, fadvise, open, openat, statfs, syncfs};
use rustix::io::Errno;
use serde_json::Value;

use super::{Marks, at};
use crate::{Digest, Error};

/// An image that was unpacked. While this lives, nobody sweeps its layers away.
#[derive(Debug)]
pub struct Unpacked {
    /// The configuration's digest.
    pub id: Digest,
    /// The manifest's digest, where it has one.
    pub digest: Option<Digest>,
    /// The configuration.
    pub config: Value,
    /// The folders of its layers, the lowest first: what an overlay is mounted of.
    pub layers: Vec<PathBuf>,
    /// How opaque folders are marked in them.
    pub marks: Marks,
    /// Entries of its layers that are not there: devices, sparse files, links to nothing.
    pub skipped: u64,
    pub(super) _held: File,
}

impl Unpacked {
    /// Empties the page cache of all files of its layers, so that the next start reads them from the
    /// disk, and says how many bytes these files have. What a running program has mapped stays.
    ///
    /// # Errors
    /// Where the layers cannot be read, or lie in a file system that is memory itself.
    pub fn evict(&self) -> Result<u64, Error> {
        let Some(first) = self.layers.first() else { return Ok(0) };
        let folder = File::open(first).map_err(at(first))?;
        let kind = statfs(first).map_err(Into::into).map_err(at(first))?.f_type;
        if is_memory(kind as u64) {
            let what = "its file system is memory, which no start ever finds cold";
            return Err(Error::Store(format!("{}: {what}", first.display())));
        }
        // What is not yet on the disk cannot leave memory.
        syncfs(&folder).map_err(Into::into).map_err(at(first))?;
        let mut bytes = 0;
        for layer in &self.layers {
            bytes += evict(layer).map_err(at(layer))?;
        }
        Ok(bytes)
    }
}

/// tmpfs and ramfs.
fn is_memory(kind: u64) -> bool {
    matches!(kind, 0x0102_1994 | 0x8584_58f6)
}

fn evict(layer: &Path) -> std::io::Result<u64> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let (mut bytes, mut left) = (0, vec![layer.to_owned()]);
    while let Some(path) = left.pop() {
        let folder = match open(&path, flags | OFlags::DIRECTORY, Mode::empty()) {
            Ok(folder) => folder,
            // Only its owner may look into it.
            Err(Errno::ACCESS) => continue,
            Err(errno) => return Err(errno.into()),
        };
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.file_type() {
                FileType::Directory if !matches!(name.to_bytes(), b"." | b"..") => {
                    let name = std::os::unix::ffi::OsStrExt::from_bytes(name.to_bytes());
                    left.push(path.join::<&std::ffi::OsStr>(name));
                }
                FileType::RegularFile => {
                    let Ok(file) = openat(&folder, name, flags | OFlags::NONBLOCK, Mode::empty())
                    else {
                        continue;
                    };
                    fadvise(&file, 0, None, Advice::DontNeed)?;
                    bytes += rustix::fs::fstat(&file)?.st_size as u64;
                }
                _ => {}
            }
        }
    }
    Ok(bytes)
}
