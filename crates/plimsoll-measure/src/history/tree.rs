//! The trees of a git repository as file trees.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;
use plimsoll_graph::{Entry, Id, Kind, Tree, TreeError};

use super::{id, missing, oid, too_large};

/// How a checkout of a tree looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TreeOptions {
    /// Whether submodules are checked out; an empty folder stands for each otherwise.
    pub submodules: bool,
}

/// The trees of a git repository.
pub struct GitTree {
    repository: gix::Repository,
    options: TreeOptions,
    folders: RefCell<HashMap<Id, Arc<[Entry]>>>,
}

/// How many folders are remembered before they are read again.
const MAX_FOLDERS: usize = 20_000;

/// How large a file is at most that is read: Dockerfiles, ignore files, link targets.
const MAX_FILE: u64 = 1 << 20;

/// How large a folder is at most that is read: a million files with long names.
const MAX_FOLDER: u64 = 64 << 20;

/// The id of git's empty tree.
pub(super) const EMPTY: Id = Id([
    0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88,
    0xfb, 0xee, 0x49, 0x04,
]);

impl GitTree {
    pub(super) fn new(repository: gix::Repository, options: TreeOptions) -> Self {
        Self { repository, options, folders: RefCell::default() }
    }

    /// How many bytes a file has.
    ///
    /// # Errors
    /// When it is not there.
    pub fn size(&self, file: Id) -> Result<u64, TreeError> {
        let header = self.repository.find_header(oid(file));
        Ok(header.map_err(|_| TreeError(missing(file).to_string()))?.size())
    }

    /// The bytes of a file that is to be written.
    pub(super) fn whole(&self, file: Id) -> Result<Vec<u8>, TreeError> {
        /// Git's own hosts take no larger ones.
        const MOST: u64 = 1 << 30;
        if self.size(file)? > MOST {
            return Err(TreeError(too_large("file", file, MOST).to_string()));
        }
        let object = self.repository.find_object(oid(file));
        Ok(object.map_err(|_| TreeError(missing(file).to_string()))?.detach().data)
    }

    fn read(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError> {
        let error = || TreeError(missing(folder).to_string());
        let header = self.repository.find_header(oid(folder)).map_err(|_| error())?;
        if header.size() > MAX_FOLDER {
            return Err(TreeError(too_large("folder", folder, MAX_FOLDER).to_string()));
        }
        let tree = self.repository.find_object(oid(folder)).map_err(|_| error())?;
        if tree.kind != gix::objs::Kind::Tree {
            return Err(TreeError(format!("object {folder} is no folder")));
        }
        let mut entries = Vec::new();
        for entry in TreeRefIter::from_bytes(&tree.data, gix::hash::Kind::Sha1) {
            let entry = entry.map_err(|_| error())?;
            let name = entry.filename.to_string();
            // Git never makes such names, and a checkout refuses them.
            if name.is_empty() || name == "." || name == ".." || name.contains('/') {
                continue;
            }
            let (kind, id) = match entry.mode.kind() {
                EntryKind::Tree => (Kind::Folder, id(entry.oid)),
                EntryKind::Blob => (Kind::File, id(entry.oid)),
                EntryKind::BlobExecutable => (Kind::Program, id(entry.oid)),
                EntryKind::Link => (Kind::Link, id(entry.oid)),
                EntryKind::Commit if self.options.submodules => (Kind::Sealed, id(entry.oid)),
                EntryKind::Commit => (Kind::Folder, EMPTY),
            };
            entries.push(Entry { name, kind, id });
        }
        // Git sorts a folder as if its name ended in `/`.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries.into())
    }
}

impl Tree for GitTree {
    fn entries(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError> {
        if folder == EMPTY {
            return Ok(Arc::new([]));
        }
        if let Some(entries) = self.folders.borrow().get(&folder) {
            return Ok(entries.clone());
        }
        let entries = self.read(folder)?;
        let mut folders = self.folders.borrow_mut();
        if folders.len() >= MAX_FOLDERS {
            folders.clear();
        }
        folders.insert(folder, entries.clone());
        Ok(entries)
    }

    fn content(&self, file: Id) -> Result<Vec<u8>, TreeError> {
        let error = || TreeError(missing(file).to_string());
        let header = self.repository.find_header(oid(file)).map_err(|_| error())?;
        if header.size() > MAX_FILE {
            return Err(TreeError(format!("file {file} has more than {MAX_FILE} bytes")));
        }
        Ok(self.repository.find_object(oid(file)).map_err(|_| error())?.detach().data)
    }
}
