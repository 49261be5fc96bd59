//! Sources as an index and texts by digest, and back.

use std::collections::BTreeMap;

use plimsoll_model::{
    BlobRef, EntryKind, IndexEntry, IndexText, SourceFile, Sources, SourcesIndex, TreeEntry,
};

/// The index of sources, each text kept by `keep`.
pub(super) fn of<E>(
    sources: &Sources,
    mut keep: impl FnMut(&str) -> Result<BlobRef, E>,
) -> Result<SourcesIndex, E> {
    let mut entries = Vec::with_capacity(sources.tree.len());
    for (path, entry) in &sources.tree {
        let text = match sources.files.get(path) {
            Some(file) => Some(IndexText { blob: keep(&file.text)?, lossy: file.lossy }),
            None => None,
        };
        entries.push(IndexEntry {
            path: path.clone(),
            kind: entry.kind,
            git_ignored: entry.git_ignored,
            text,
            link: sources.links.get(path).cloned(),
        });
    }
    Ok(SourcesIndex { name: sources.name.clone(), entries, problems: sources.problems.clone() })
}

/// The sources of an index, each text got by `get`.
///
/// An index may come from anybody: what no writer writes is refused.
pub(super) fn read(
    index: SourcesIndex,
    mut get: impl FnMut(&BlobRef) -> Result<String, String>,
) -> Result<Sources, String> {
    let mut sources = Sources { name: index.name, problems: index.problems, ..Sources::default() };
    for entry in index.entries {
        check(&entry, &sources.tree)?;
        let IndexEntry { path, kind, git_ignored, text, link } = entry;
        if let Some(IndexText { blob, lossy }) = text {
            let text = get(&blob).map_err(|error| format!("the text of {path}: {error}"))?;
            sources.files.insert(path.clone(), SourceFile { text, lossy });
        }
        if let Some(to) = link {
            sources.links.insert(path.clone(), to);
        }
        sources.tree.insert(path, TreeEntry { kind, git_ignored });
    }
    Ok(sources)
}

/// How long a path is at most: 4,096 bytes can be opened, three for each that is no UTF-8.
const MOST_BYTES: usize = 3 * 4096;

/// How many folders a path has at most; a review goes less deep.
const MOST_FOLDERS: usize = 256;

fn check(entry: &IndexEntry, before: &BTreeMap<String, TreeEntry>) -> Result<(), String> {
    let path = &entry.path;
    if !entry.is_inside() {
        return Err(format!("`{path}` is no path within a repository"));
    }
    if path.len() > MOST_BYTES || path.matches('/').count() > MOST_FOLDERS {
        let start: String = path.chars().take(60).collect();
        return Err(format!("`{start}…` is too long for a path"));
    }
    if before.last_key_value().is_some_and(|(last, _)| last >= path) {
        return Err(format!("`{path}` is not in its place: paths are sorted, each stands once"));
    }
    let fits = |there: bool, kind| !there || entry.kind == kind;
    if !fits(entry.text.is_some(), EntryKind::File)
        || !fits(entry.link.is_some(), EntryKind::Symlink)
    {
        return Err(format!("`{path}` has what its kind cannot have"));
    }
    Ok(())
}
