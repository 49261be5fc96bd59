//! Runs a client that builds, and reads its progress while it works.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use super::progress::{Change, Log, Reader, Step};
use super::scratch::Half;
use super::{BuildEvent, BuildRequest, Cancel, EngineError, ErrorKind, process};

/// How much of a log is kept in its file.
const LOG: u64 = 64 << 20;

/// What a client did.
pub(super) struct Watched {
    /// Its exit code; `None` where it was ended.
    pub(super) code: Option<i32>,
    pub(super) log: Log,
    pub(super) seconds: f64,
    /// Whether the times of steps are the builder's own.
    pub(super) exact: bool,
    /// The file that holds all it said.
    pub(super) kept: Option<String>,
    pub(super) caveats: Vec<String>,
}

/// Runs the client.
///
/// # Errors
/// Where it cannot be run, or was ended.
pub(super) fn watch(
    command: &mut Command,
    request: &BuildRequest<'_>,
    tell: &mut dyn FnMut(BuildEvent<'_>),
    cancel: &Cancel,
) -> Result<Watched, EngineError> {
    let mut caveats = Vec::new();
    let mut keeper = request.log.and_then(|path| Keeper::new(path, &mut caveats));
    let mut reader = Reader::default();
    let begun = Instant::now();
    let mut on = |line: Option<&str>| match line {
        None => tell(BuildEvent::Tick),
        Some(line) => {
            let changes = reader.line(line, Some(begun.elapsed().as_secs_f64()));
            tell_changes(&reader.log, &changes, tell);
            if let Some(keeper) = &mut keeper {
                keeper.keep(line, &reader, &changes);
            }
        }
    };
    let code = process::follow(command, request.limit, cancel, &mut on);
    let seconds = begun.elapsed().as_secs_f64();
    let code = code.map_err(|error| {
        let program = command.get_program().display().to_string();
        EngineError::local(format!("failed to run {program}"), &error)
    })?;
    let kept = keeper.and_then(|keeper| keeper.end(&mut caveats));
    if cancel.is_cancelled() {
        return Err(EngineError::cancelled());
    }
    if code.is_none() && begun.elapsed() > request.limit {
        let what = format!("the build took longer than {} s", request.limit.as_secs());
        return Err(EngineError::new(ErrorKind::TimedOut, what));
    }
    if code.is_none() {
        let what = format!("{} was ended by a signal", command.get_program().display());
        return Err(EngineError::new(ErrorKind::Local, what).hint("is there memory enough?"));
    }
    let exact = reader.is_exact();
    Ok(Watched { code, log: reader.log, seconds, exact, kept, caveats })
}

pub(super) fn tell_changes(log: &Log, changes: &[Change], tell: &mut dyn FnMut(BuildEvent<'_>)) {
    for change in changes {
        match change {
            Change::Step(at) => log.steps.get(*at).map(BuildEvent::Step),
            Change::Said(at, line) => log.steps.get(*at).map(|step| BuildEvent::Said(step, line)),
        }
        .into_iter()
        .for_each(&mut *tell);
    }
}

/// Writes the log as it comes; it takes its name when the build ends.
struct Keeper {
    half: Half,
    file: BufWriter<File>,
    written: u64,
    path: String,
    /// What was last said of each step: JSON says the same more than once.
    last: HashMap<usize, Vec<String>>,
}

impl Keeper {
    fn new(path: &Path, caveats: &mut Vec<String>) -> Option<Self> {
        let half = Half::of(path);
        match File::create_new(half.path()) {
            Ok(file) => {
                let path = path.display().to_string();
                Some(Self {
                    half,
                    file: BufWriter::new(file),
                    written: 0,
                    path,
                    last: HashMap::new(),
                })
            }
            Err(error) => {
                caveats.push(format!("the log could not be kept in {}: {error}", path.display()));
                None
            }
        }
    }

    /// Keeps a line; JSON is kept as the plain lines that other tools read.
    fn keep(&mut self, line: &str, reader: &Reader, changes: &[Change]) {
        if !reader.was_raw() {
            return self.line(line);
        }
        for change in changes {
            match change {
                Change::Step(at) => {
                    let lines = reader.log.steps.get(*at).map(Step::plain).unwrap_or_default();
                    if self.last.get(at) != Some(&lines) {
                        lines.iter().for_each(|line| self.line(line));
                        self.last.insert(*at, lines);
                    }
                }
                Change::Said(at, said) => self.line(&format!("#{} {said}", at + 1)),
            }
        }
    }

    fn line(&mut self, line: &str) {
        self.written += line.len() as u64 + 1;
        if self.written <= LOG {
            // What cannot be written is noticed at the end.
            let _ = writeln!(self.file, "{line}");
        }
    }

    fn end(self, caveats: &mut Vec<String>) -> Option<String> {
        let Self { half, mut file, written, path, .. } = self;
        if written > LOG {
            caveats.push(format!("the log holds the first {} MiB", LOG >> 20));
        }
        let flushed = file.flush().map_err(|error| EngineError::local("the log", &error));
        match flushed.and_then(|()| half.keep()) {
            Ok(_) => Some(path),
            Err(error) => {
                caveats.push(format!("the log could not be kept: {error}"));
                None
            }
        }
    }
}
