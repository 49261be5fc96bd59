//! Trees in memory, and builds of them, for the tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_syntax::dockerfile::Inputs;

use crate::digest::Fields;
use crate::graph::Graph;
use crate::keys::{Contexts, Evaluator, Keyed, Moment};
use crate::lower::lower;
use crate::select::Snapshot;
use crate::tree::{Entry, Id, Kind, Tree, TreeError};

/// A tree that only grows.
#[derive(Default)]
pub(crate) struct Memory {
    folders: HashMap<Id, Arc<[Entry]>>,
    files: HashMap<Id, Vec<u8>>,
}

#[derive(Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    files: BTreeMap<String, (Kind, String)>,
}

impl Memory {
    /// Adds a folder with files, by path and content. What begins with `->` is a link, with `#!`
    /// a program; a path that ends with `/` is an empty folder.
    pub(crate) fn folder(&mut self, files: &[(&str, &str)]) -> Id {
        let mut root = Folder::default();
        for (path, content) in files {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let parts = folder.split('/').filter(|part| !part.is_empty());
            let at =
                parts.fold(&mut root, |at, part| at.folders.entry(part.to_owned()).or_default());
            let (kind, content) = match content.strip_prefix("->") {
                Some(target) => (Kind::Link, target),
                None if content.starts_with("#!") => (Kind::Program, *content),
                None => (Kind::File, *content),
            };
            if !name.is_empty() {
                at.files.insert(name.to_owned(), (kind, content.to_owned()));
            }
        }
        self.add(&root)
    }

    /// Adds folders within each other, `depth` of them, with a file in the innermost.
    pub(crate) fn nested(&mut self, depth: usize) -> Id {
        let mut id = self.folder(&[("file", "deep")]);
        for _ in 0..depth {
            id = self.keep(vec![Entry { name: "d".to_owned(), kind: Kind::Folder, id }]);
        }
        id
    }

    fn add(&mut self, folder: &Folder) -> Id {
        let mut entries = Vec::new();
        for (name, inner) in &folder.folders {
            let id = self.add(inner);
            entries.push(Entry { name: name.clone(), kind: Kind::Folder, id });
        }
        for (name, (kind, content)) in &folder.files {
            let mut fields = Fields::of("file");
            fields.add(content.as_bytes());
            let id = id_of(fields);
            self.files.insert(id, content.as_bytes().to_vec());
            entries.push(Entry { name: name.clone(), kind: *kind, id });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        self.keep(entries)
    }

    fn keep(&mut self, entries: Vec<Entry>) -> Id {
        let mut fields = Fields::of("folder");
        fields.add(format!("{entries:?}").as_bytes());
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

impl Tree for Memory {
    fn entries(&self, folder: Id) -> Result<Arc<[Entry]>, TreeError> {
        self.folders.get(&folder).cloned().ok_or_else(|| TreeError("no such folder".to_owned()))
    }

    fn content(&self, file: Id) -> Result<Vec<u8>, TreeError> {
        self.files.get(&file).cloned().ok_or_else(|| TreeError("no such file".to_owned()))
    }
}

/// A context at one moment.
pub(crate) fn snapshot(folder: Id, ignore: &str) -> Snapshot {
    Snapshot { folder, git: None, ignore: ignore.into() }
}

/// The graph of a Dockerfile.
pub(crate) fn graph(dockerfile: &str) -> Graph {
    lower(dockerfile, &Inputs::default(), &Default::default()).unwrap()
}

/// The contexts of a build that has one.
pub(crate) fn contexts(folder: Id) -> Contexts {
    Contexts { main: snapshot(folder, ""), named: BTreeMap::new() }
}

/// Builds of one history.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) tree: Memory,
    pub(crate) evaluator: Evaluator,
}

impl History {
    pub(crate) fn build(&mut self, dockerfile: &str, files: &[(&str, &str)]) -> (Keyed, Contexts) {
        let contexts = contexts(self.tree.folder(files));
        let moment = Moment {
            dockerfile: dockerfile.into(),
            inputs: Inputs::default(),
            contexts: contexts.clone(),
        };
        (self.evaluator.build(&self.tree, &moment).unwrap(), contexts)
    }
}
