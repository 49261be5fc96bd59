//! Every path of an image once: a tree of names.
//!
//! Two million paths of an image take 120 MB as texts, and each layer repeats them; here a path is
//! a number.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::Error;

/// A path of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PathId(pub(crate) u32);

impl PathId {
    /// Its place among all paths, from 0.
    #[must_use]
    pub fn number(self) -> usize {
        self.0 as usize
    }
}

/// The root.
pub const ROOT: PathId = PathId(0);

#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    start: u32,
    length: u16,
}

/// The paths of an image.
pub struct Paths {
    nodes: Vec<Node>,
    names: String,
    table: HashTable<u32>,
    hasher: std::collections::hash_map::RandomState,
}

/// How many bytes all names may take.
const MOST_NAMES: usize = 256 << 20;
/// How many paths an image may have.
const MOST_PATHS: usize = 6_000_000;

impl Default for Paths {
    fn default() -> Self {
        let root = Node { parent: 0, start: 0, length: 0 };
        let hasher = std::collections::hash_map::RandomState::new();
        Self { nodes: vec![root], names: String::new(), table: HashTable::new(), hasher }
    }
}

impl Paths {
    /// The number of a path, which may be new.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn add(&mut self, path: &str) -> Result<PathId, Error> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(ROOT, |at, name| self.child(at, name))
    }

    /// The number of a path that is known.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<PathId> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(ROOT, |at, name| self.below(at, name))
    }

    /// What is called `name` in a folder, where it is known.
    #[must_use]
    pub fn below(&self, folder: PathId, name: &str) -> Option<PathId> {
        let hash = self.hasher.hash_one((folder.0, name));
        self.table.find(hash, |&at| self.is(at, folder, name)).map(|&at| PathId(at))
    }

    /// What is called `name` in a folder, which may be new.
    pub(crate) fn child(&mut self, folder: PathId, name: &str) -> Result<PathId, Error> {
        let hash = self.hasher.hash_one((folder.0, name));
        let found = self.table.find(hash, |&at| self.is(at, folder, name));
        if let Some(&at) = found {
            return Ok(PathId(at));
        }
        if self.nodes.len() >= MOST_PATHS || self.names.len() + name.len() > MOST_NAMES {
            return Err(Error::TooLarge("paths".to_owned()));
        }
        let at = self.nodes.len() as u32;
        let length = u16::try_from(name.len()).map_err(|_| Error::TooLarge("paths".to_owned()))?;
        self.nodes.push(Node { parent: folder.0, start: self.names.len() as u32, length });
        self.names.push_str(name);
        let Self { nodes, names, table, hasher } = self;
        table.insert_unique(hash, at, |&at| {
            let node = nodes[at as usize];
            hasher.hash_one((node.parent, text(names, node)))
        });
        Ok(PathId(at))
    }

    fn is(&self, at: u32, folder: PathId, name: &str) -> bool {
        let node = self.nodes[at as usize];
        node.parent == folder.0 && text(&self.names, node) == name
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is only the root.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() == 1
    }

    /// The last part of a path.
    #[must_use]
    pub fn name(&self, at: PathId) -> &str {
        text(&self.names, self.nodes[at.0 as usize])
    }

    /// The folder of a path; the root's is the root.
    #[must_use]
    pub fn parent(&self, at: PathId) -> PathId {
        PathId(self.nodes[at.0 as usize].parent)
    }

    /// A path and the folders it lies in, the root last.
    pub fn up(&self, at: PathId) -> impl Iterator<Item = PathId> {
        let mut next = Some(at);
        std::iter::from_fn(move || {
            let at = next?;
            next = (at != ROOT).then(|| self.parent(at));
            Some(at)
        })
    }

    /// A path as text.
    #[must_use]
    pub fn text(&self, at: PathId) -> String {
        let parts: Vec<&str> =
            self.up(at).filter(|&at| at != ROOT).map(|at| self.name(at)).collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    }

    /// Every path; a folder comes before what is in it.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = PathId> + use<> {
        (0..self.nodes.len() as u32).map(PathId)
    }
}

fn text(names: &str, node: Node) -> &str {
    let start = node.start as usize;
    names.get(start..start + usize::from(node.length)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_numbers() {
        let mut paths = Paths::default();
        let a = paths.add("usr/lib/a").unwrap();
        assert_eq!(paths.add("usr//lib/a").unwrap(), a);
        assert_eq!(paths.find("usr/lib/a"), Some(a));
        assert_eq!(paths.find("usr/lib/b"), None);
        assert_eq!(paths.text(a), "usr/lib/a");
        assert_eq!(
            paths.up(a).map(|at| paths.name(at)).collect::<Vec<_>>(),
            ["a", "lib", "usr", ""]
        );
        assert_eq!((paths.len(), paths.find("")), (4, Some(ROOT)));
    }
}
