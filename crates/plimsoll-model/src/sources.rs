//! What was read of a repository: its tree, and the text of the files that matter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link; it is not followed.
    Symlink,
    /// A FIFO, socket or device: never opened.
    Special,
    /// A folder that was not entered: third-party, a submodule, left out by the settings, or unreadable.
    Unread,
}

/// One path of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// What stands there.
    pub kind: EntryKind,
    /// Whether git ignores it, so that a build step may make it.
    pub git_ignored: bool,
}

/// The text of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFile {
    /// The text; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Whether bytes were replaced.
    pub lossy: bool,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The path.
    pub path: String,
    /// Why it was not read.
    pub reason: String,
}

/// Everything that was read of a repository. Paths use `/` and begin at its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// A name for the repository.
    pub name: String,
    /// Every path, sorted.
    pub tree: BTreeMap<String, TreeEntry>,
    /// The text of the files that matter.
    pub files: BTreeMap<String, SourceFile>,
    /// Where the symbolic links point, as they are written.
    pub links: BTreeMap<String, String>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

impl Sources {
    /// Adds a file with its text and the folders above it.
    pub fn insert(&mut self, path: &str, text: impl Into<String>) {
        self.files.insert(path.to_owned(), SourceFile { text: text.into(), lossy: false });
        self.insert_entry(path, EntryKind::File, false);
    }

    /// Adds a path and the folders above it.
    pub fn insert_entry(&mut self, path: &str, kind: EntryKind, git_ignored: bool) {
        for (i, _) in path.match_indices('/') {
            let folder = &path[..i];
            if !folder.is_empty() && !self.tree.contains_key(folder) {
                let entry = TreeEntry { kind: EntryKind::Folder, git_ignored: false };
                self.tree.insert(folder.to_owned(), entry);
            }
        }
        self.tree.insert(path.to_owned(), TreeEntry { kind, git_ignored });
    }

    /// Adds a symbolic link.
    pub fn insert_link(&mut self, path: &str, to: &str) {
        self.insert_entry(path, EntryKind::Symlink, false);
        self.links.insert(path.to_owned(), to.to_owned());
    }

    /// What stands at a path; the root is a folder.
    #[must_use]
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        if path.is_empty() || path == "." {
            return Some(EntryKind::Folder);
        }
        self.tree.get(path).map(|e| e.kind)
    }

    /// The text of a file that was read.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|f| f.text.as_str())
    }

    /// The paths below a folder, the folder itself left out; `""` is the root.
    pub fn below<'a>(
        &'a self,
        folder: &str,
    ) -> impl Iterator<Item = (&'a str, &'a TreeEntry)> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let range = self.tree.range(prefix.clone()..);
        range.take_while(move |(p, _)| p.starts_with(&prefix)).map(|(p, e)| (p.as_str(), e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_with_their_files() {
        let mut sources = Sources::default();
        sources.insert("a/b/c.txt", "x");
        sources.insert("a.txt", "y");
        assert_eq!(sources.kind("a/b"), Some(EntryKind::Folder));
        assert_eq!(sources.kind(""), Some(EntryKind::Folder));
        assert_eq!(sources.kind("nope"), None);
        assert_eq!(sources.below("a").map(|(p, _)| p).collect::<Vec<_>>(), ["a/b", "a/b/c.txt"]);
    }
}
