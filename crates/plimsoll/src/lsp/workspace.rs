//! A repository that is edited: what is on the disk, what is open, and the report of both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_measure::sources;
use plimsoll_model::{EntryKind, Report, Sources};
use plimsoll_rules::config::Config;
use plimsoll_rules::review::{Measured, Terms};

use crate::pipeline::{self, Found, VERSION};

/// A document that is open.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) version: i32,
}

pub(super) struct Workspace {
    pub(super) root: PathBuf,
    /// The open documents of the repository, by their paths from its root.
    pub(super) open: BTreeMap<String, Document>,
    pub(super) found: Found,
    pub(super) measured: Measured,
    /// What the newest recorded run of this repository measured.
    pub(super) recorded: Measured,
    pub(super) report: Report,
}

impl Workspace {
    pub(super) fn new(root: PathBuf, sources: Sources) -> Self {
        let found = Found::of(sources);
        let measured = Measured::default();
        let report = judge(&found, &measured);
        Self { root, open: BTreeMap::new(), found, measured, recorded: Measured::default(), report }
    }

    /// The path from the root of a file.
    pub(super) fn inside(&self, path: &Path) -> Option<String> {
        let path = path.strip_prefix(&self.root).ok()?.to_str()?;
        (!path.is_empty()).then(|| path.to_owned())
    }

    /// Takes what stands on the disk now; what is open holds all the same.
    pub(super) fn take(&mut self, sources: Sources) {
        let Found { sources: own, config, .. } = &mut self.found;
        *own = sources;
        for (path, document) in &self.open {
            insert(own, config, path, &document.text);
        }
    }

    /// Takes the text of an open document.
    pub(super) fn edited(&mut self, path: &str) {
        if let Some(document) = self.open.get(path) {
            insert(&mut self.found.sources, &self.found.config, path, &document.text);
        }
    }

    /// Judges what there is now.
    pub(super) fn judge(&mut self) {
        self.found = Found::of(std::mem::take(&mut self.found.sources));
        self.report = judge(&self.found, &self.measured);
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        let open = self.open.get(path).map(|document| document.text.as_str());
        open.or_else(|| self.found.sources.text(path))
    }
}

fn judge(found: &Found, measured: &Measured) -> Report {
    let terms = Terms { today: pipeline::today(), baseline: None, version: VERSION };
    pipeline::judge(found, measured, &terms)
}

/// Puts a text where a review would have read it from the disk.
pub(super) fn insert(sources: &mut Sources, config: &Config, path: &str, text: &str) {
    let known = sources.tree.get(path);
    let is_left_out = known.is_some_and(|entry| entry.git_ignored || entry.kind != EntryKind::File);
    // Beneath a folder that is not read, nothing is.
    let mut above = path.match_indices('/').map(|(at, _)| &path[..at]);
    let is_unread = above.any(|folder| sources.kind(folder) == Some(EntryKind::Unread));
    let is_large = text.len() as u64 > sources::Limits::default().file_bytes;
    if is_left_out || is_unread || is_large || !sources::matters(path) || config.excludes(path) {
        return;
    }
    sources.insert(path, text);
}
