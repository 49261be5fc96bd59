//! Writes a run: beside its place first, in its place when it is whole.
//!
//! A command begins a recorder, lends it to whatever has something to tell, and finishes it:
//!
//! ```text
//! let recorder = Recorder::begin("review", path)?;
//! recorder.event(Happened::…);                  // at any moment, from any thread
//! recorder.blob("build/api.log", bytes)?;       // further evidence, by name
//! recorder.finish(&Outcome { … })?;             // without it nothing is left
//! ```

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use plimsoll_model::{
    BlobRef, Date, Happened, RUN_FORM, Report, RunEvent, RunId, RunManifest, RunRepository,
    RunTerms, Sources, Timestamp,
};
use plimsoll_rules::review::Measured;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::home::Home;
use super::{EVENTS, MANIFEST, blob_path, digest, index};
use crate::failure::Failure;
use crate::pipeline::{self, VERSION};
use crate::report::json;

/// What a run came to: everything that its verdict rests on, and the verdict.
pub(crate) struct Outcome<'o> {
    pub(crate) repository: RunRepository,
    pub(crate) sources: &'o Sources,
    pub(crate) measured: &'o Measured,
    pub(crate) today: Date,
    /// The text of the earlier report.
    pub(crate) baseline: Option<&'o str>,
    /// Where the run judged.
    pub(crate) report: Option<&'o Report>,
}

/// A run that is being written.
pub(crate) struct Recorder {
    id: RunId,
    command: &'static str,
    clock: Instant,
    unfinished: Unfinished,
    journal: Mutex<Journal>,
    blobs: Mutex<BTreeMap<String, BlobRef>>,
}

/// A folder that goes unless it is put in its place.
struct Unfinished {
    folder: PathBuf,
    place: PathBuf,
}

/// The events as they are written.
struct Journal {
    file: File,
    hash: Sha256,
    size: u64,
    /// Who tells an event cannot do anything about it: it is said at the end.
    fault: Option<io::Error>,
}

impl Recorder {
    /// Begins a run of a command that looks at a repository.
    pub(crate) fn begin(command: &'static str, repository: &Path) -> Result<Self, Failure> {
        let home = Home::find()?;
        home.keep_out_of(repository)?;
        let failed = |error| Failure::io("write the record to", &home.runs, &error);
        Self::begin_in(&home.runs, command).map_err(failed)
    }

    /// Begins a run in a folder of runs.
    pub(super) fn begin_in(runs: &Path, command: &'static str) -> io::Result<Self> {
        folder_builder().recursive(true).create(runs)?;
        let (id, unfinished) = unfinished(runs)?;
        let file = create(&unfinished.folder.join(EVENTS))?;
        let journal = Journal { file, hash: Sha256::new(), size: 0, fault: None };
        Ok(Self {
            id,
            command,
            clock: Instant::now(),
            unfinished,
            journal: Mutex::new(journal),
            blobs: Mutex::default(),
        })
    }

    /// Records that something happened.
    pub(crate) fn event(&self, happened: Happened) {
        let mut journal = locked(&self.journal);
        // Under the lock, so that lines are in the order of their times.
        let at_ms = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = journal.write(&RunEvent { at_ms, happened }) {
            journal.fault.get_or_insert(error);
        }
    }

    /// Keeps further evidence under a name: `build/api.log`.
    pub(crate) fn blob(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let kept = self.keep(bytes)?;
        locked(&self.blobs).insert(name.to_owned(), kept);
        Ok(())
    }

    /// Ends the run: from now on it counts.
    pub(crate) fn finish(self, outcome: &Outcome<'_>) -> Result<RunId, Failure> {
        let sources = index::of(outcome.sources, |text| self.keep(text.as_bytes()))?;
        let (sources, measured) = (self.keep_json(&sources)?, self.keep_json(outcome.measured)?);
        let keep_text = |text: &str| self.keep(text.as_bytes());
        let report = outcome.report.map(|report| keep_text(&json::render(report))).transpose()?;
        let baseline = outcome.baseline.map(keep_text).transpose()?;
        let events = self.end_events()?;
        let Self { id, command, unfinished, blobs, .. } = self;
        let manifest = RunManifest {
            form: RUN_FORM,
            plimsoll_version: VERSION.to_owned(),
            id: id.clone(),
            command: command.to_owned(),
            repository: outcome.repository.clone(),
            started: id.started(),
            ended: pipeline::now(),
            terms: RunTerms { today: outcome.today, baseline },
            verdict: outcome.report.map(|report| report.verdict),
            events,
            sources,
            measured,
            report,
            blobs: blobs.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        unfinished.finish(&manifest)?;
        Ok(id)
    }

    fn keep_json(&self, value: &impl Serialize) -> Result<BlobRef, Failure> {
        let bytes = serde_json::to_vec(value).map_err(io::Error::other);
        self.keep(&bytes.map_err(|error| self.unfinished.failed(&error))?)
    }

    /// Keeps bytes under their digest.
    fn keep(&self, bytes: &[u8]) -> Result<BlobRef, Failure> {
        let sha256 = digest(bytes);
        let path = self.unfinished.folder.join(blob_path(&sha256).iter().collect::<PathBuf>());
        let written = path
            .parent()
            .map_or(Ok(()), |folder| folder_builder().recursive(true).create(folder))
            .and_then(|()| create(&path)?.write_all(bytes));
        match written {
            // The same bytes are kept already.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => written.map_err(|error| self.unfinished.failed(&error))?,
        }
        Ok(BlobRef { sha256, size: bytes.len() as u64 })
    }

    fn end_events(&self) -> Result<BlobRef, Failure> {
        let mut journal = locked(&self.journal);
        if let Some(error) = journal.fault.take() {
            return Err(self.unfinished.failed(&error));
        }
        let hash: [u8; 32] = journal.hash.clone().finalize().into();
        Ok(BlobRef { sha256: plimsoll_model::BlobDigest::new(hash), size: journal.size })
    }
}

impl Journal {
    fn write(&mut self, event: &RunEvent) -> io::Result<()> {
        let mut line = serde_json::to_string(event).map_err(io::Error::other)?;
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        self.hash.update(line.as_bytes());
        self.size += line.len() as u64;
        Ok(())
    }
}

impl Unfinished {
    fn finish(&self, manifest: &RunManifest) -> Result<(), Failure> {
        let text = json::text(manifest);
        let written = create(&self.folder.join(MANIFEST))
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&self.folder, &self.place));
        written.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::io("write the record to", &self.place, error)
            .hint("nothing of it is left; PLIMSOLL_HOME names another place for records")
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Where it was put in its place it is not here any more; what cannot be removed is not
        // counted as a run, and `plimsoll runs remove --older-than` tries again.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A folder beside the place of a run that begins now.
fn unfinished(runs: &Path) -> io::Result<(RunId, Unfinished)> {
    for attempt in 0..MOST_ATTEMPTS {
        let id = new_id(attempt).ok_or_else(|| io::Error::other("it has no name"))?;
        let place = runs.join(id.to_string());
        let folder = runs.join(format!(".{id}.tmp"));
        match folder_builder().create(&folder) {
            Ok(()) if !place.exists() => return Ok((id, Unfinished { folder, place })),
            Ok(()) => fs::remove_dir(&folder)?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no name is free"))
}

/// How often a name is tried.
const MOST_ATTEMPTS: u32 = 100;

/// A name of now: three digits say when in the second, three that it is another run's no more.
fn new_id(attempt: u32) -> Option<RunId> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let started = Timestamp::from_unix(i64::try_from(since.as_secs()).ok()?);
    let part = u64::from(since.subsec_nanos()) * 4096 / 1_000_000_000;
    let seed = format!("{} {} {attempt}", since.as_nanos(), std::process::id());
    let other = digest(seed.as_bytes()).to_string();
    RunId::new(started, &format!("{part:03x}{}", &other[..3]))
}

/// Sources may hold secrets: only their owner reads them.
fn folder_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A panic elsewhere does not make a list of events or names wrong.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
