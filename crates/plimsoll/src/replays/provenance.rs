//! Which commit of the history has the bytes that an image holds.

use std::collections::HashSet;

use plimsoll_graph::{Id, Kind, Tree, entry_at};
use plimsoll_measure::history::{Commit, GitTree, History};
use plimsoll_model::OtherCommit;

/// How many commits are looked at, back from the claimed one and from what is checked out.
const MOST_COMMITS: usize = 100;

/// How many folders are looked through for one file.
const MOST_FOLDERS: usize = 50_000;

/// The commits that bytes may be of.
pub(super) struct Provenance<'h> {
    tree: &'h GitTree,
    prefix: &'h str,
    commits: Vec<Commit>,
    /// The tree of the claimed commit.
    claimed: Id,
}

impl<'h> Provenance<'h> {
    pub(super) fn new(history: &'h History, tree: &'h GitTree, claimed: &Commit) -> Self {
        let head = history.resolve("HEAD").ok();
        let mut seen = HashSet::new();
        let mut commits = Vec::new();
        for from in [Some(claimed.id), head].into_iter().flatten() {
            // Where the history cannot be read any further, it ends.
            let walk = history.first_parents(from).take(MOST_COMMITS).map_while(Result::ok);
            commits.extend(walk.filter(|commit| seen.insert(commit.id)));
        }
        commits.retain(|commit| commit.id != claimed.id);
        Self { tree, prefix: history.prefix(), commits, claimed: claimed.tree }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.commits.len()
    }

    /// The first commit that has all of these bytes at their paths.
    pub(super) fn of_all(&self, files: &[(String, Id)]) -> Option<OtherCommit> {
        let found = self.commits.iter().find(|commit| {
            files.iter().all(|(path, id)| {
                let path = format!("{}/{path}", self.prefix);
                let entry = entry_at(self.tree, commit.tree, &path).ok().flatten();
                entry.is_some_and(|entry| entry.kind != Kind::Folder && entry.id == *id)
            })
        });
        let found = found?;
        Some(OtherCommit { commit: found.id.to_string(), subject: found.subject.clone() })
    }

    /// A file of the claimed commit of this name that has these bytes, from the top of the
    /// working tree.
    pub(super) fn elsewhere(&self, name: &str, id: Id) -> Option<String> {
        let mut open = vec![(String::new(), self.claimed)];
        let mut looked = 0;
        while let Some((folder, at)) = open.pop() {
            looked += 1;
            if looked > MOST_FOLDERS {
                return None;
            }
            for entry in self.tree.entries(at).ok()?.iter() {
                let path = format!("{folder}{}", entry.name);
                match entry.kind {
                    Kind::Folder => open.push((path + "/", entry.id)),
                    _ if entry.id == id && entry.name == name => return Some(path),
                    _ => {}
                }
            }
        }
        None
    }
}
