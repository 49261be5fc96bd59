//! A store in a folder of its own, and what lies in it.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use plimsoll_oci::disk::{Form, Marks, Store, Unpacked};
use plimsoll_oci::{Error, Wanted};
use serde_json::json;

use super::{Folder, docker};

/// Owners and marks as they are without root, whoever runs the tests.
pub(crate) const USER: Form = Form { owners: false, marks: Marks::User };

pub(crate) struct Place {
    pub(crate) folder: Folder,
    pub(crate) store: Store,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        let store = Store::open_as(&folder.0.join("store"), USER).unwrap();
        Self { folder, store }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.0.join("store/user")
    }

    pub(crate) fn count(&self, part: &str) -> usize {
        fs::read_dir(self.root().join(part)).unwrap().count()
    }

    /// Unpacks an archive of these layers.
    pub(crate) fn take(&self, layers: &[Vec<u8>]) -> Result<Unpacked, Error> {
        let path = self.folder.write("image.tar", &docker(layers, &json!({})));
        self.store.take(&path, &Wanted::default())
    }

    pub(crate) fn stream(&self, layers: &[Vec<u8>]) -> Result<Unpacked, Error> {
        self.store.stream(&mut &*docker(layers, &json!({})), &Wanted::default())
    }

    /// The one layer of an image of it.
    pub(crate) fn one(&self, layer: Vec<u8>) -> (Unpacked, PathBuf) {
        let image = self.take(&[layer]).unwrap();
        let path = image.layers[0].clone();
        (image, path)
    }
}

pub(crate) fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Everything below a folder: `path kind mode`, with a file's text and a link's target.
pub(crate) fn listed(folder: &Path) -> Vec<String> {
    let (mut lines, mut left) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()) {
            let data = fs::symlink_metadata(&entry).unwrap();
            let (kind, path) = (data.file_type(), entry.strip_prefix(folder).unwrap().display());
            let mode = data.mode() & 0o7777;
            lines.push(match () {
                () if kind.is_dir() => format!("{path}/ {mode:o}"),
                () if kind.is_symlink() => {
                    format!("{path} -> {}", fs::read_link(&entry).unwrap().display())
                }
                () if kind.is_char_device() => format!("{path} gone {}", data.rdev()),
                () if kind.is_fifo() => format!("{path} pipe {mode:o}"),
                () => format!("{path}: {} {mode:o}", text(&entry)),
            });
            if kind.is_dir() {
                left.push(entry);
            }
        }
    }
    lines.sort();
    lines
}
