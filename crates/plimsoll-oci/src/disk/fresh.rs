//! A layer while it is unpacked: a folder that is gone again unless it is put in its place.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use serde_json::{Value, json};

use super::at;
use crate::Error;

/// The folder of a layer's files, in the layer's folder.
pub(super) const TREE: &str = "tree";
/// What is known of a layer, in the layer's folder.
const SUMS: &str = "sums.json";

/// What is known of a layer that was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Bytes of its files.
    pub(super) bytes: u64,
    /// How many entries are not there: devices, sparse files, links to nothing.
    pub(super) skipped: u64,
    /// Whether nothing of the layers below is seen: overlayfs knows no such mark of a whole layer.
    pub(super) alone: bool,
}

impl Sums {
    /// Reads them; `None` where the layer is not there.
    pub(super) fn read(layer: &Path) -> Option<Self> {
        let value: Value = serde_json::from_slice(&fs::read(layer.join(SUMS)).ok()?).ok()?;
        let number = |key| value.get(key).and_then(Value::as_u64);
        let alone = value.get("alone").and_then(Value::as_bool)?;
        Some(Self { bytes: number("bytes")?, skipped: number("skipped")?, alone })
    }
}

/// A folder for a layer.
pub(super) struct Fresh(PathBuf);

impl Fresh {
    /// Makes one.
    pub(super) fn new(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(unique());
        fs::create_dir_all(path.join(TREE)).map_err(at(&path))?;
        Ok(Self(path))
    }

    /// Where the layer's files go.
    pub(super) fn tree(&self) -> PathBuf {
        self.0.join(TREE)
    }

    /// Writes what is known of it.
    pub(super) fn sum(&self, sums: Sums) -> Result<(), Error> {
        let Sums { bytes, skipped, alone } = sums;
        let text = json!({ "bytes": bytes, "skipped": skipped, "alone": alone }).to_string();
        fs::write(self.0.join(SUMS), text).map_err(at(&self.0))
    }

    /// Puts it in its place; where somebody else was faster, theirs stays.
    pub(super) fn place(self, to: &Path) -> Result<(), Error> {
        match rename(&self.0, to) {
            // A layer is whole before it has its name: one there that is not was meddled with.
            Err(Errno::EXIST | Errno::NOTEMPTY) if Sums::read(to).is_none() => {
                remove(to).map_err(at(to))?;
            }
            Ok(()) | Err(Errno::EXIST | Errno::NOTEMPTY) => return Ok(()),
            Err(errno) => return Err(at(to)(errno.into())),
        }
        match rename(&self.0, to) {
            Ok(()) | Err(Errno::EXIST | Errno::NOTEMPTY) => Ok(()),
            Err(errno) => Err(at(to)(errno.into())),
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // What is left is swept later. Once it is in its place, there is nothing of this name.
        let _ = remove(&self.0);
    }
}

/// Renames, but over nothing.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can.
        Err(Errno::INVAL) if to.exists() => Err(Errno::EXIST),
        Err(Errno::INVAL) => rustix::fs::rename(from, to),
        done => done,
    }
}

/// A name that nothing else has.
pub(super) fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{count}-{now}", std::process::id())
}

/// Removes a folder and all in it; that it is gone already is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        // Folders of an image need not be writable, and who is not root has to make them so.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unlock(path);
            match fs::remove_dir_all(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                done => done,
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes all folders writable. Nobody else writes here, so that no folder becomes a link meanwhile.
fn unlock(path: &Path) {
    let mut left = vec![path.to_owned()];
    while let Some(folder) = left.pop() {
        let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        left.extend(folders.map(|entry| entry.path()));
    }
}
