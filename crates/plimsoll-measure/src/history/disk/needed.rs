//! The files that say what is read: the Dockerfile and the ignore files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher};

use super::super::moments::{MAX_LINKS, within};
use super::super::{HistoryError, Recipe};
use super::{on_disk, unreadable};

/// How large such a file is at most.
const MAX_TEXT: u64 = 1 << 20;

/// The files that are read whatever the ignore files say, with their texts; links among them
/// have their targets.
#[derive(Default)]
pub(super) struct Needed {
    pub(super) texts: BTreeMap<String, Vec<u8>>,
}

impl Needed {
    /// Whether one of them lies below a folder.
    pub(super) fn below(&self, folder: &str) -> bool {
        let start = format!("{folder}/");
        let next = self.texts.range(start.clone()..).next();
        next.is_some_and(|(path, _)| path.starts_with(&start))
    }

    /// Reads a file, through links within the repository; its text, where there is one.
    fn read(&mut self, top: &Path, path: &str) -> Result<Option<String>, HistoryError> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            if !stands_in_folders(top, &path) {
                return Ok(None);
            }
            let full = on_disk(top, &path);
            let Ok(found) = fs::symlink_metadata(&full) else { return Ok(None) };
            if found.is_file() {
                if found.len() > MAX_TEXT {
                    let message = format!("{path} has more than {MAX_TEXT} bytes");
                    return Err(HistoryError::Object(message));
                }
                let bytes = fs::read(&full).map_err(|error| unreadable(&full, &error))?;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.texts.insert(path, bytes);
                return Ok(Some(text));
            }
            if !found.is_symlink() {
                return Ok(None);
            }
            let target = fs::read_link(&full).map_err(|error| unreadable(&full, &error))?;
            let target = target.to_string_lossy().into_owned();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let Some(next) = within(folder, &target) else { return Ok(None) };
            self.texts.insert(path, target.into_bytes());
            path = next;
        }
        Ok(None)
    }
}

/// Whether all folders on the way to a path are folders and not links.
fn stands_in_folders(top: &Path, path: &str) -> bool {
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    folders
        .into_iter()
        .all(|folder| fs::symlink_metadata(on_disk(top, folder)).is_ok_and(|found| found.is_dir()))
}

/// A folder that is sent, with what its ignore file keeps back.
pub(super) struct Sent {
    pub(super) folder: String,
    pub(super) matcher: Matcher,
}

/// Reads the files that say what is sent, and the folders that are.
pub(super) fn needed(top: &Path, recipe: &Recipe) -> Result<(Needed, Vec<Sent>), HistoryError> {
    let mut needed = Needed::default();
    let lower = recipe.dockerfile.strip_suffix("Dockerfile").map(|p| format!("{p}dockerfile"));
    for path in [Some(recipe.dockerfile.clone()), lower].into_iter().flatten() {
        if needed.read(top, &path)?.is_some() {
            break;
        }
    }
    let own = needed.read(top, &format!("{}.dockerignore", recipe.dockerfile))?;
    let mut sent = Vec::new();
    let named = recipe.named.values().map(|folder| (folder, None));
    for (folder, own) in std::iter::once((&recipe.context, own)).chain(named) {
        let general = match folder.as_str() {
            "" => ".dockerignore".to_owned(),
            folder => format!("{folder}/.dockerignore"),
        };
        let general = needed.read(top, &general)?;
        let text = own.or(general).unwrap_or_default();
        let matcher = Matcher::new(&IgnoreFile::parse(&text).patterns);
        let matcher = matcher.map_err(|error| HistoryError::Object(error.to_string()))?;
        sent.push(Sent { folder: folder.clone(), matcher });
    }
    Ok((needed, sent))
}
