//! Reading in a folder that somebody else may have made: regular files only, no links on the way,
//! never more than a bound.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Reads a file at a path below a folder.
pub(super) fn read(root: &Path, parts: &[&str], most: u64) -> io::Result<Vec<u8>> {
    let path = plain(root, parts)?;
    let length = fs::symlink_metadata(&path)?.len();
    let too_large = || {
        let most = plimsoll_model::bytes(most as f64);
        io::Error::other(format!("it is larger than {most} and was not read"))
    };
    if length > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    // It may have grown since.
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// The path of a regular file below a folder, with real folders on the way.
fn plain(root: &Path, parts: &[&str]) -> io::Result<PathBuf> {
    let mut path = root.to_path_buf();
    for (i, part) in parts.iter().enumerate() {
        path.push(part);
        let found = fs::symlink_metadata(&path)?;
        let (fits, wanted) = match i + 1 == parts.len() {
            true => (found.is_file(), "regular file"),
            false => (found.is_dir(), "folder"),
        };
        if !fits {
            return Err(io::Error::other(format!("{} is no {wanted}", parts[..=i].join("/"))));
        }
    }
    Ok(path)
}

/// How many files are counted before a folder is called larger.
const MOST_FILES: usize = 1_000_000;

/// The bytes of all files below a folder, links not followed.
pub(super) fn size(root: &Path) -> u64 {
    let (mut bytes, mut files) = (0_u64, 0);
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            files += 1;
            match entry.metadata() {
                _ if files > MOST_FILES => return bytes,
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => bytes = bytes.saturating_add(found.len()),
                Err(_) => {}
            }
        }
    }
    bytes
}
