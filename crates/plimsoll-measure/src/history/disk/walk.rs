//! Walks a working tree where something may be sent.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, FileType};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_graph::{Entry, Id, Kind};
use plimsoll_syntax::ignorefile::{ParentState, PatternError};

use super::super::tree::EMPTY;
use super::super::{History, HistoryError, Recipe, TreeOptions};
use super::needed::{Needed, Sent, needed};
use super::stamp::{self, Index};
use super::{on_disk, unreadable};

/// What was read.
pub(super) struct Read {
    pub(super) root: Id,
    pub(super) folders: HashMap<Id, Arc<[Entry]>>,
    pub(super) texts: HashMap<Id, Vec<u8>>,
    pub(super) special: Vec<String>,
}

/// How many files and folders are looked at: more are no context that anybody builds.
const MOST_ENTRIES: usize = 5_000_000;

/// How many special files are named.
const MOST_SPECIAL: usize = 20;

/// How a folder stands to one that is sent.
#[derive(Clone)]
enum Reach {
    /// The one that is sent lies below it.
    Above,
    /// It is that one, or lies in it.
    Inside(ParentState),
    /// Nothing in it is sent.
    Out,
}

struct Walk<'w> {
    top: &'w Path,
    options: TreeOptions,
    index: Index,
    needed: Needed,
    sent: Vec<Sent>,
    read: Read,
    files: &'w AtomicUsize,
}

/// An entry as git writes it into a folder.
struct Row {
    name: OsString,
    mode: &'static str,
    /// The id in git's folder, which for a submodule is not that of what stands there.
    id: Id,
    entry: Entry,
}

pub(super) fn read(
    history: &History,
    top: &Path,
    recipe: &Recipe,
    options: TreeOptions,
    files: &AtomicUsize,
) -> Result<Read, HistoryError> {
    let (needed, sent) = needed(top, recipe)?;
    let index = Index::open(&history.repository, history.prefix());
    let read =
        Read { root: EMPTY, folders: HashMap::new(), texts: HashMap::new(), special: Vec::new() };
    let mut walk = Walk { top, options, index, needed, sent, read, files };
    let begin = |sent: &Sent| match sent.folder.as_str() {
        "" => Reach::Inside(ParentState::default()),
        _ => Reach::Above,
    };
    let reaches: Vec<Reach> = walk.sent.iter().map(begin).collect();
    walk.read.root = walk.folder("", &reaches)?;
    Ok(walk.read)
}

impl Walk<'_> {
    fn folder(&mut self, path: &str, reaches: &[Reach]) -> Result<Id, HistoryError> {
        let full = on_disk(self.top, path);
        let mut rows = Vec::new();
        let entries = fs::read_dir(&full).map_err(|error| unreadable(&full, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&full, &error))?;
            let kind = entry.file_type().map_err(|error| unreadable(&entry.path(), &error))?;
            let name = entry.file_name();
            if self.files.fetch_add(1, Ordering::Relaxed) >= MOST_ENTRIES {
                let message = format!("there are more than {MOST_ENTRIES} files to be sent");
                return Err(HistoryError::Object(message));
            }
            // What stands for `.git` at the top is added where it is sent; below it, git itself
            // never looks at one.
            if name != ".git" {
                rows.extend(self.row(path, name, kind, reaches)?);
            }
        }
        self.write(&full, rows)
    }

    fn row(
        &mut self,
        folder: &str,
        name: OsString,
        kind: FileType,
        reaches: &[Reach],
    ) -> Result<Option<Row>, HistoryError> {
        let lossy = name.to_string_lossy().into_owned();
        let path = if folder.is_empty() { lossy.clone() } else { format!("{folder}/{lossy}") };
        let full = on_disk(self.top, folder).join(&name);
        let wrong = |error: PatternError| HistoryError::Object(error.to_string());
        let (mode, kind, id, listed) = if kind.is_dir() {
            let below = self.below(&path, reaches).map_err(wrong)?;
            let nothing = below.iter().all(|reach| matches!(reach, Reach::Out));
            if nothing && !self.needed.below(&path) {
                return Ok(None);
            }
            self.inner(&path, &full, &below)?
        } else {
            if !self.needed.texts.contains_key(&path)
                && !self.wanted(&path, reaches).map_err(wrong)?
            {
                return Ok(None);
            }
            match self.file(&path, &full, kind)? {
                Some((mode, kind, id)) => (mode, kind, id, id),
                None => return Ok(None),
            }
        };
        Ok(Some(Row { name, mode, id: listed, entry: Entry { name: lossy, kind, id } }))
    }

    /// A folder, or the submodule that stands there.
    fn inner(
        &mut self,
        path: &str,
        full: &Path,
        below: &[Reach],
    ) -> Result<(&'static str, Kind, Id, Id), HistoryError> {
        if let Some(commit) = self.index.submodule(path) {
            let empty = fs::read_dir(full).is_ok_and(|mut entries| entries.next().is_none());
            if self.options.submodules {
                let at = checked_out(full).unwrap_or(commit);
                return Ok(("160000", Kind::Sealed, at, at));
            }
            if empty {
                return Ok(("160000", Kind::Folder, EMPTY, commit));
            }
        }
        let id = self.folder(path, below)?;
        Ok(("40000", Kind::Folder, id, id))
    }

    fn file(
        &mut self,
        path: &str,
        full: &Path,
        kind: FileType,
    ) -> Result<Option<(&'static str, Kind, Id)>, HistoryError> {
        let failed = |error: std::io::Error| unreadable(full, &error);
        if kind.is_symlink() {
            let target = fs::read_link(full).map_err(failed)?;
            let target = target.as_os_str().as_bytes();
            let id = stamp::object("blob", target).map_err(failed)?;
            self.read.texts.insert(id, target.to_vec());
            return Ok(Some(("120000", Kind::Link, id)));
        }
        if !kind.is_file() {
            if self.read.special.len() < MOST_SPECIAL {
                self.read.special.push(path.to_owned());
            }
            return Ok(None);
        }
        let found = fs::symlink_metadata(full).map_err(failed)?;
        let program = found.permissions().mode() & 0o100 != 0;
        let kind = if program { Kind::Program } else { Kind::File };
        let id = stamp::file(&self.index, path, full, kind).map_err(failed)?;
        if let Some(text) = self.needed.texts.get(path) {
            self.read.texts.insert(id, text.clone());
        }
        Ok(Some((if program { "100755" } else { "100644" }, kind, id)))
    }

    /// How a folder stands to those that are sent.
    fn below(&self, path: &str, reaches: &[Reach]) -> Result<Vec<Reach>, PatternError> {
        let reach = |(sent, above): (&Sent, &Reach)| match above {
            Reach::Out => Ok(Reach::Out),
            Reach::Above if sent.folder == path => Ok(Reach::Inside(ParentState::default())),
            Reach::Above if sent.folder.starts_with(&format!("{path}/")) => Ok(Reach::Above),
            Reach::Above => Ok(Reach::Out),
            Reach::Inside(state) => {
                let name = inside(path, &sent.folder);
                let state = sent.matcher.step(name, state)?;
                let gone = state.decision().ignored && sent.matcher.can_prune(name, &state);
                Ok(if gone { Reach::Out } else { Reach::Inside(state) })
            }
        };
        self.sent.iter().zip(reaches).map(reach).collect()
    }

    /// Whether a file is sent.
    fn wanted(&self, path: &str, reaches: &[Reach]) -> Result<bool, PatternError> {
        for (sent, reach) in self.sent.iter().zip(reaches) {
            let Reach::Inside(state) = reach else { continue };
            if !sent.matcher.step_file(inside(path, &sent.folder), state)?.ignored {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The id of a folder, made as git makes it.
    fn write(&mut self, full: &Path, mut rows: Vec<Row>) -> Result<Id, HistoryError> {
        // Git sorts a folder as if its name ended in `/`.
        rows.sort_by_cached_key(|row| {
            let mut key = row.name.as_bytes().to_vec();
            if row.mode == "40000" {
                key.push(b'/');
            }
            key
        });
        let mut bytes = Vec::new();
        for row in &rows {
            bytes.extend_from_slice(row.mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(row.name.as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&row.id.0);
        }
        let id = stamp::object("tree", &bytes).map_err(|error| unreadable(full, &error))?;
        let mut entries: Vec<Entry> = rows.into_iter().map(|row| row.entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        self.read.folders.insert(id, entries.into());
        Ok(id)
    }
}

fn inside<'p>(path: &'p str, folder: &str) -> &'p str {
    let below = path.strip_prefix(folder).filter(|_| !folder.is_empty());
    below.map_or(path, |below| below.trim_start_matches('/'))
}

/// The commit that a submodule has checked out.
fn checked_out(full: &Path) -> Option<Id> {
    let options = gix::open::Options::isolated();
    let repository = gix::open_opts(full, options).ok()?;
    let head = repository.head_id().ok()?;
    Some(super::super::id(&head))
}
