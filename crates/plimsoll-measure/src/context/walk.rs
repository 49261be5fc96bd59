//! Walks a context with a few workers.

use std::fs::{self, DirEntry, FileType};
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use plimsoll_syntax::ignorefile::{Matcher, ParentState, PatternError};

use super::category::{file_category, folder_category};
use super::follow::{Reach, Route};
use super::queue::Queue;
use super::tally::Tally;
use super::{Category, ContextReport, ContextRequest, Totals, invalid};

/// A folder to list.
struct Folder {
    path: PathBuf,
    /// The path from the root, `""` for the root.
    name: String,
    /// How it may be sent; none where nothing in it is.
    sending: Option<Sending>,
}

/// What is known of a folder of which something may be sent.
#[derive(Clone)]
struct Sending {
    state: Arc<ParentState>,
    reach: Reach,
    category: Option<Category>,
    pending: Option<Arc<Pending>>,
}

/// A folder that is sent only if something below it is.
struct Pending {
    sent: AtomicBool,
    above: Option<Arc<Self>>,
}

/// What the workers share.
struct Walk<'a> {
    matcher: &'a Matcher,
    route: Route,
    everything: bool,
    queue: Queue<Folder>,
    failed: Mutex<Option<PatternError>>,
}

/// Sums of what lies directly in a folder.
#[derive(Default)]
struct Sums {
    bytes: u64,
    files: u64,
}

pub(super) fn walk(
    request: &ContextRequest,
    matcher: &Matcher,
    patterns: usize,
) -> io::Result<ContextReport> {
    fs::read_dir(&request.root)?;
    let (route, reach) = Route::new(&request.follow);
    let sending = Sending { state: Arc::default(), reach, category: None, pending: None };
    let root = Folder { path: request.root.clone(), name: String::new(), sending: Some(sending) };
    let everything = request.measure_excluded;
    let walk =
        Walk { matcher, route, everything, queue: Queue::new(root), failed: Mutex::default() };
    let tally = walk.run(patterns);
    match walk.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(invalid(error)),
        None => Ok(tally.into_report(everything)),
    }
}

/// Folders that are listed before other threads are asked to help.
const ALONE: usize = 24;

impl Walk<'_> {
    /// Works alone while there is little to do, then with all workers, of which this thread
    /// is one: most contexts are done before a thread is made.
    fn run(&self, patterns: usize) -> Tally {
        let mut alone = Tally::new(patterns);
        for _ in 0..ALONE {
            let Some(folder) = self.queue.take() else { return alone };
            let mut found = Vec::new();
            if let Err(error) = self.list(&folder, &mut alone, &mut found) {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                return alone;
            }
            self.queue.give(&mut found);
        }
        alone.merge(self.together(patterns));
        alone
    }

    fn together(&self, patterns: usize) -> Tally {
        let workers = thread::available_parallelism().map_or(2, NonZeroUsize::get).clamp(2, 8);
        thread::scope(|scope| {
            // Where no thread can be had, those there are do the work.
            let spawn = || thread::Builder::new().spawn_scoped(scope, || self.work(patterns)).ok();
            let others: Vec<_> = (1..workers).filter_map(|_| spawn()).collect();
            let mut tally = self.work(patterns);
            for worker in others {
                if let Ok(other) = worker.join() {
                    tally.merge(other);
                }
            }
            tally
        })
    }

    fn work(&self, patterns: usize) -> Tally {
        let mut tally = Tally::new(patterns);
        self.queue.run(|folder, found| {
            if let Err(error) = self.list(&folder, &mut tally, found) {
                *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                self.queue.stop();
            }
        });
        tally
    }

    fn list(
        &self,
        folder: &Folder,
        tally: &mut Tally,
        found: &mut Vec<Folder>,
    ) -> Result<(), PatternError> {
        let entries = match fs::read_dir(&folder.path) {
            Ok(entries) => entries,
            Err(error) => {
                tally.unreadable(folder.name.clone(), error.to_string());
                return Ok(());
            }
        };
        let mut sums = Sums::default();
        let mut path = folder.name.clone();
        path.extend((!path.is_empty()).then_some('/'));
        let stem = path.len();
        for entry in entries {
            let read = entry.and_then(|entry| Ok((entry.file_type()?, entry)));
            match read {
                Ok((kind, entry)) => {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    path.truncate(stem);
                    path.push_str(&name);
                    let mut visit = Visit { walk: self, folder, tally, sums: &mut sums };
                    found.extend(visit.entry(&entry, kind, &path, &name)?);
                }
                Err(error) => {
                    tally.unreadable(folder.name.clone(), error.to_string());
                    break;
                }
            }
        }
        if sums.files > 0 {
            tally.folder(&folder.name, sums.bytes, sums.files);
        }
        Ok(())
    }
}

/// The look at one entry of a folder.
struct Visit<'a> {
    walk: &'a Walk<'a>,
    folder: &'a Folder,
    tally: &'a mut Tally,
    sums: &'a mut Sums,
}

impl Visit<'_> {
    /// Counts an entry, whose path is given; gives the folder to list, where it is one.
    fn entry(
        &mut self,
        entry: &DirEntry,
        kind: FileType,
        path: &str,
        name: &str,
    ) -> Result<Option<Folder>, PatternError> {
        let Some(sending) = &self.folder.sending else {
            return Ok(self.outside(entry, kind, path));
        };
        let reach = self.walk.route.toward(name, &sending.reach);
        let asked = matches!(reach, Some(Reach::All));
        if kind.is_dir() {
            let state = self.walk.matcher.step(path, &sending.state)?;
            self.tally.hit(state.decision().by);
            let sent = asked && !state.decision().ignored;
            let reach = reach.filter(|_| !self.walk.matcher.can_prune(path, &state));
            let inner = reach.map(|reach| self.inner(sending, state, reach, sent, name));
            return Ok(self.folder_entry(entry, path, inner));
        }
        let decision = self.walk.matcher.step_file(path, &sending.state)?;
        self.tally.hit(decision.by);
        if asked && !decision.ignored {
            self.sent_entry(entry, kind, path, name, sending);
            return Ok(None);
        }
        Ok(self.outside(entry, kind, path))
    }

    /// What is known of a folder inside this one.
    fn inner(
        &mut self,
        sending: &Sending,
        state: ParentState,
        reach: Reach,
        sent: bool,
        name: &str,
    ) -> Sending {
        let above = sending.pending.clone();
        let pending = if sent {
            self.tally.sent_folders(1 + settle(above.as_ref()));
            None
        } else {
            Some(Arc::new(Pending { sent: AtomicBool::new(false), above }))
        };
        let category = sending.category.or_else(|| folder_category(name));
        Sending { state: Arc::new(state), reach, category, pending }
    }

    /// A folder, to be listed if something in it may count.
    fn folder_entry(
        &mut self,
        entry: &DirEntry,
        path: &str,
        sending: Option<Sending>,
    ) -> Option<Folder> {
        self.tally.present(Totals::folder());
        let listed = sending.is_some() || self.walk.everything;
        listed.then(|| Folder { path: entry.path(), name: path.to_owned(), sending })
    }

    /// An entry that is not sent.
    fn outside(&mut self, entry: &DirEntry, kind: FileType, path: &str) -> Option<Folder> {
        if !self.walk.everything {
            return None;
        }
        if kind.is_dir() {
            return self.folder_entry(entry, path, None);
        }
        if kind.is_symlink() {
            self.tally.present(Totals::link());
        } else if kind.is_file() {
            match entry.metadata() {
                Ok(found) => self.tally.present(Totals::file(found.len())),
                Err(error) => self.tally.unreadable(path.to_owned(), error.to_string()),
            }
        }
        None
    }

    /// A file, a link or something special that is sent.
    fn sent_entry(
        &mut self,
        entry: &DirEntry,
        kind: FileType,
        path: &str,
        name: &str,
        sending: &Sending,
    ) {
        let category = sending.category.unwrap_or_else(|| file_category(name));
        let totals = if kind.is_symlink() {
            Totals::link()
        } else if kind.is_file() {
            match entry.metadata() {
                Ok(found) => Totals::file(found.len()),
                Err(error) => return self.tally.unreadable(path.to_owned(), error.to_string()),
            }
        } else {
            return self.tally.special(path.to_owned());
        };
        self.tally.present(totals);
        self.tally.sent(totals, category);
        self.tally.sent_folders(settle(sending.pending.as_ref()));
        if totals.files > 0 {
            self.sums.bytes = self.sums.bytes.saturating_add(totals.bytes);
            self.sums.files += 1;
            self.tally.large_file(totals.bytes, path);
        }
    }
}

/// Marks the folders that wait for something below them; how many were not yet marked.
fn settle(pending: Option<&Arc<Pending>>) -> u64 {
    let mut next = pending;
    let mut settled = 0;
    while let Some(folder) = next.filter(|folder| !folder.sent.swap(true, Ordering::Relaxed)) {
        settled += 1;
        next = folder.above.as_ref();
    }
    settled
}
