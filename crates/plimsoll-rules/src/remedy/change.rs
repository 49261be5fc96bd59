//! Changes of several files that belong together.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{ApplyError, Edit, EntryKind, Sources, apply_edits};

use crate::repo::Place;

/// Edits, new files and removed files; all of them or none.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    edits: BTreeMap<String, Vec<Edit>>,
    created: BTreeMap<String, String>,
    removed: BTreeSet<String>,
}

/// What becomes of a file: its new text, or `None` where it goes.
pub type Outcome = BTreeMap<String, Option<String>>;

impl Changes {
    /// Replaces the bytes of a place.
    pub(super) fn replace(&mut self, at: &Place, text: impl Into<String>) {
        if let Some(span) = at.span {
            self.edit(&at.path, span.start, span.end, text.into());
        }
    }

    /// Inserts text at a byte.
    pub(super) fn insert(&mut self, path: &str, offset: u32, text: impl Into<String>) {
        self.edit(path, offset, offset, text.into());
    }

    /// Replaces bytes. The same edit twice counts once.
    pub(super) fn edit(&mut self, path: &str, start: u32, end: u32, text: String) {
        let edit = Edit { path: path.to_owned(), start, end, text };
        let edits = self.edits.entry(path.to_owned()).or_default();
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }

    /// Writes a file that is not there, or all of one that is.
    pub(super) fn create(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.created.insert(path.into(), text.into());
    }

    /// Removes a file.
    pub(super) fn remove(&mut self, path: impl Into<String>) {
        self.removed.insert(path.into());
    }

    /// What becomes of each file that changes.
    ///
    /// # Errors
    /// Where edits of a file overlap.
    pub fn outcome(&self, sources: &Sources) -> Result<Outcome, ApplyError> {
        let mut all = Outcome::new();
        for (path, edits) in &self.edits {
            let before = sources.text(path).unwrap_or("");
            let after = apply_edits(before, edits)?;
            if after != before {
                all.insert(path.clone(), Some(after));
            }
        }
        for (path, text) in &self.created {
            if sources.text(path) != Some(text) {
                all.insert(path.clone(), Some(text.clone()));
            }
        }
        all.extend(self.removed.iter().map(|p| (p.clone(), None)));
        Ok(all)
    }
}

/// The repository as it is with files changed.
#[must_use]
pub fn changed(sources: &Sources, outcome: &Outcome) -> Sources {
    let mut sources = sources.clone();
    for (path, text) in outcome {
        match text {
            Some(text) => {
                let ignored = sources.tree.get(path).is_some_and(|e| e.git_ignored);
                sources.insert(path, text.clone());
                sources.insert_entry(path, EntryKind::File, ignored);
            }
            None => {
                sources.files.remove(path);
                sources.tree.remove(path);
            }
        }
    }
    sources
}
