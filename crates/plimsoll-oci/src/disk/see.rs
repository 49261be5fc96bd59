//! Where a path of an image lies on the disk, seen through its layers as a container sees it.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, lgetxattr};

use super::{Marks, Unpacked, at};
use crate::Error;

/// How many links may be followed; that of Linux.
const MOST_LINKS: u32 = 40;
/// How long a path may be, with all links in it; that of Linux.
const MOST_PATH: usize = 4096;
/// How large a file is at most that is read whole.
const MOST_TEXT: u64 = 1 << 20;

/// A folder of the image: its path, and the layers that have a part of it, the topmost first.
#[derive(Clone)]
struct Merged {
    path: PathBuf,
    layers: Vec<usize>,
}

/// What a name in a folder is.
enum Found {
    Folder(Merged),
    Link(PathBuf),
    File(PathBuf),
}

impl Unpacked {
    /// Where a path of the image lies on the disk; of a folder, its topmost part. Links are followed
    /// within the image.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<PathBuf> {
        let root = Merged { path: PathBuf::new(), layers: (0..self.layers.len()).rev().collect() };
        let mut way = vec![root];
        let mut left: VecDeque<String> = parts(path)?;
        let mut links = 0;
        while let Some(name) = left.pop_front() {
            if name == ".." {
                // The root is above itself.
                way.truncate(way.len().saturating_sub(1).max(1));
                continue;
            }
            match self.step(way.last()?, &name)? {
                Found::Folder(folder) => way.push(folder),
                Found::File(file) => return left.is_empty().then_some(file),
                Found::Link(target) => {
                    links += 1;
                    let target = target.to_str()?.to_owned();
                    let long = left.iter().map(|part| part.len() + 1).sum::<usize>();
                    if links > MOST_LINKS || target.len() + long > MOST_PATH {
                        return None;
                    }
                    if target.starts_with('/') {
                        way.truncate(1);
                    }
                    parts(&target)?.into_iter().rev().for_each(|part| left.push_front(part));
                }
            }
        }
        let folder = way.last()?;
        Some(self.layers.get(*folder.layers.first()?)?.join(&folder.path))
    }

    /// Looks for a name in a folder of the image. All folders on the way to it are folders in each of
    /// these layers, so that nothing is followed.
    fn step(&self, folder: &Merged, name: &str) -> Option<Found> {
        let path = folder.path.join(name);
        let mut layers = Vec::new();
        for &layer in &folder.layers {
            let here = self.layers.get(layer)?.join(&path);
            let Ok(data) = fs::symlink_metadata(&here) else { continue };
            match (data.is_dir(), layers.is_empty()) {
                (true, _) => layers.push(layer),
                (false, true) => return found(here, &data),
                (false, false) => break,
            }
            if is_opaque(&here, self.marks) {
                break;
            }
        }
        (!layers.is_empty()).then_some(Found::Folder(Merged { path, layers }))
    }

    /// Reads a small file of the image; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, or is larger than 1 MiB.
    pub fn text(&self, path: &str) -> Result<Option<String>, Error> {
        let Some(found) = self.find(path) else { return Ok(None) };
        if !fs::symlink_metadata(&found).map_err(at(&found))?.is_file() {
            return Ok(None);
        }
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(&found);
        let mut bytes = Vec::new();
        let read = file.and_then(|file: File| file.take(MOST_TEXT + 1).read_to_end(&mut bytes));
        read.map_err(at(&found))?;
        match bytes.len() as u64 > MOST_TEXT {
            true => Err(Error::TooLarge(format!("lists: {path}"))),
            false => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

fn found(path: PathBuf, data: &Metadata) -> Option<Found> {
    let kind = data.file_type();
    match () {
        () if kind.is_symlink() => fs::read_link(path).ok().map(Found::Link),
        // It says that the name is gone.
        () if kind.is_char_device() && data.rdev() == 0 => None,
        () => Some(Found::File(path)),
    }
}

fn is_opaque(folder: &Path, marks: Marks) -> bool {
    let mut value = [0; 1];
    lgetxattr(folder, marks.opaque(), &mut value[..]).is_ok_and(|_| value == *b"y")
}

fn parts(path: &str) -> Option<VecDeque<String>> {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    (path.len() <= MOST_PATH).then(|| parts.map(str::to_owned).collect())
}
