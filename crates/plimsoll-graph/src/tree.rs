//! File trees: what a build's context is at one moment.
//!
//! A tree names each file and folder by an [`Id`] of its content, so that equal ids mean equal
//! content, whole folders included. Git has them ready; a folder on disk is hashed the same way.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::digest::Fields;

/// The name of a content: equal contents have equal ids, within one kind of entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 20]);

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    File,
    /// A file that may be executed.
    Program,
    /// A symbolic link; its content is its target.
    Link,
    /// A folder.
    Folder,
    /// A folder of which nothing is known but whether it is the same: a submodule, `.git`.
    Sealed,
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; bytes that are no UTF-8 are replaced.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub id: Id,
}

/// Why a tree cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeError(pub String);

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TreeError {}

/// Folders and files by content.
///
/// Implementations MUST give the entries of a folder sorted by name, MUST give the same answer
/// for the same id each time, and MUST refuse a file larger than they are willing to hold.
pub trait Tree {
    /// The entries of a folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn entries(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError>;

    /// The bytes of a file, or the target of a link.
    ///
    /// # Errors
    /// When it cannot be read or is too large.
    fn content(&self, file: Id) -> Result<Vec<u8>, TreeError>;
}

/// How deep folders may be nested. No context is near it, and what goes through them calls itself
/// for each.
pub const MOST_NESTED: usize = 256;

/// Refuses what is nested too deep.
pub(crate) fn check_depth(path: &str) -> Result<(), TreeError> {
    if path.split('/').count() <= MOST_NESTED {
        return Ok(());
    }
    let start: String = path.chars().take(60).collect();
    Err(TreeError(format!("folders are nested more than {MOST_NESTED} deep: {start}…")))
}

/// The entry at a path from a folder, links not followed; none where there is none.
///
/// # Errors
/// When a folder on the way cannot be read.
pub fn entry_at(tree: &impl Tree, folder: Id, path: &str) -> Result<Option<Entry>, TreeError> {
    let mut at = Entry { name: String::new(), kind: Kind::Folder, id: folder };
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if at.kind != Kind::Folder {
            return Ok(None);
        }
        match tree.entries(at.id)?.iter().find(|entry| entry.name == part) {
            Some(entry) => at = entry.clone(),
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

/// A tree in which files stand that are not in the one below it: a proposed change.
pub struct Overlay<T> {
    below: T,
    folders: HashMap<Id, Arc<[Entry]>>,
    files: HashMap<Id, Vec<u8>>,
}

impl<T: Tree> Overlay<T> {
    /// Begins with no change.
    pub fn new(below: T) -> Self {
        Self { below, folders: HashMap::new(), files: HashMap::new() }
    }

    /// The root that has `files` (path and content) in place of what `root` has there.
    ///
    /// # Errors
    /// When a folder on the way cannot be read.
    pub fn with_files(
        &mut self,
        root: Id,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Id, TreeError> {
        let mut changed = root;
        for (path, content) in files {
            check_depth(path)?;
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            changed = self.put(changed, &parts, content)?;
        }
        Ok(changed)
    }

    fn put(&mut self, folder: Id, parts: &[&str], content: &[u8]) -> Result<Id, TreeError> {
        let mut entries = self.entries(folder)?.to_vec();
        let Some((name, rest)) = parts.split_first() else { return Ok(folder) };
        let at = entries.iter().position(|entry| entry.name == *name);
        let before = at.map(|at| entries.remove(at));
        let entry = if rest.is_empty() {
            // A file that is changed stays as executable as it was.
            let kind = before.map_or(Kind::File, |entry| entry.kind);
            let kind = if kind == Kind::Program { kind } else { Kind::File };
            Entry { name: (*name).to_owned(), kind, id: self.file(content) }
        } else {
            let inner = match before {
                Some(Entry { kind: Kind::Folder, id, .. }) => id,
                _ => self.folder(Vec::new()),
            };
            Entry {
                name: (*name).to_owned(),
                kind: Kind::Folder,
                id: self.put(inner, rest, content)?,
            }
        };
        let at = entries.partition_point(|other| other.name < entry.name);
        entries.insert(at, entry);
        Ok(self.folder(entries))
    }

    fn file(&mut self, content: &[u8]) -> Id {
        let mut fields = Fields::of("file");
        fields.add(content);
        let id = id_of(fields);
        self.files.insert(id, content.to_vec());
        id
    }

    fn folder(&mut self, entries: Vec<Entry>) -> Id {
        let mut fields = Fields::of("folder");
        for entry in &entries {
            fields.add(entry.name.as_bytes());
            fields.add(&[entry.kind as u8]);
            fields.add(&entry.id.0);
        }
        let id = id_of(fields);
        self.folders.insert(id, entries.into());
        id
    }
}

fn id_of(fields: Fields) -> Id {
    let mut id = [0; 20];
    id[..16].copy_from_slice(fields.finish().bytes());
    Id(id)
}

impl<T: Tree> Tree for Overlay<T> {
    fn entries(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError> {
        self.folders.get(&folder).map_or_else(|| self.below.entries(folder), |e| Ok(e.clone()))
    }

    fn content(&self, file: Id) -> Result<Vec<u8>, TreeError> {
        self.files.get(&file).map_or_else(|| self.below.content(file), |bytes| Ok(bytes.clone()))
    }
}
