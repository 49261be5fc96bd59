//! An engine that runs nothing: it does what a test scripts, always the same way.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use plimsoll_model::{BuildReport, BuiltImage, EngineInfo, EngineKind};

use super::progress::Reader;
use super::scratch::Half;
use super::watch::{Watched, tell_changes};
use super::{
    Begun, BuildEvent, BuildRequest, Cancel, Capabilities, Container, ContainerSpec, Ended, Engine,
    EngineError, ErrorKind, Image, Reach, Ready, State, Stopped, Usage, outcome,
};

/// What a program of a container does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// It prints, and ends.
    Ends(Ended),
    /// It runs until it is asked to stop, and takes so long about it.
    Stops(Duration),
    /// It runs, and does not listen.
    Ignores,
    /// It wants more memory than it may have.
    OutOfMemory,
}

/// How a scripted build ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// As its lines say: with an image, where no step failed.
    #[default]
    Whole,
    /// The engine goes away.
    Lost,
    /// It goes on for ever.
    Never,
}

/// What the engine does.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The progress of every build, in plain lines, a tenth of a second each.
    pub progress: String,
    /// How builds end.
    pub ending: Ending,
    /// The images that are there.
    pub images: Vec<String>,
    /// What programs do, by their command line.
    pub programs: BTreeMap<Vec<String>, Program>,
}

/// The engine.
#[derive(Default)]
pub struct Fake {
    script: Script,
    images: Mutex<BTreeMap<String, Image>>,
    alive: Arc<AtomicUsize>,
}

impl Fake {
    /// An engine that follows a script.
    #[must_use]
    pub fn new(script: Script) -> Self {
        let images = script.images.iter().map(|name| (name.clone(), image(name))).collect();
        Self { script, images: Mutex::new(images), alive: Arc::default() }
    }

    /// How many containers there are, now and later.
    #[must_use]
    pub fn containers(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.alive)
    }

    fn images(&self) -> MutexGuard<'_, BTreeMap<String, Image>> {
        self.images.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(
        &self,
        request: &BuildRequest<'_>,
        report: &mut BuildReport,
    ) -> Result<(), EngineError> {
        let name = request.tag.unwrap_or("untagged");
        let made = image(name);
        let archive_bytes = request.output.map(|path| archive(path, &made.id)).transpose()?;
        report.image = Some(BuiltImage {
            id: Some(made.id.clone()),
            bytes: Some(made.bytes),
            tag: request.tag.map(str::to_owned),
            archive: request.output.map(|path| path.display().to_string()),
            archive_bytes,
        });
        self.images().insert(request.tag.unwrap_or(&made.id).to_owned(), made);
        Ok(())
    }
}

fn archive(path: &std::path::Path, text: &str) -> Result<u64, EngineError> {
    let half = Half::of(path);
    let written = std::fs::write(half.path(), text);
    written.map_err(|error| EngineError::local("failed to write the archive", &error))?;
    half.keep()
}

fn image(name: &str) -> Image {
    let id = format!(
        "sha256:{:064x}",
        name.bytes().fold(7_u64, |sum, b| sum * 31 % 9973 + u64::from(b))
    );
    Image { id, bytes: 1000, labels: BTreeMap::new() }
}

fn unknown(what: &str) -> EngineError {
    EngineError::new(ErrorKind::Unknown, format!("there is no {what}"))
}

impl Engine for Fake {
    fn about(&self) -> EngineInfo {
        EngineInfo {
            kind: EngineKind::Docker,
            name: "a script".to_owned(),
            version: "1".to_owned(),
            endpoint: "fake://".to_owned(),
            found: "a test".to_owned(),
            client: None,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            builds: true,
            named_contexts: true,
            exact_times: false,
            keeps_images: true,
            runs_containers: true,
            sees_localhost: false,
        }
    }

    fn build(
        &self,
        request: &BuildRequest<'_>,
        tell: &mut dyn FnMut(BuildEvent<'_>),
        cancel: &Cancel,
    ) -> Result<BuildReport, EngineError> {
        let mut reader = Reader::default();
        let mut at = 0.0;
        for line in self.script.progress.lines() {
            at += 0.1;
            let changes = reader.line(line, Some(at));
            tell_changes(&reader.log, &changes, tell);
            tell(BuildEvent::Tick);
        }
        while self.script.ending == Ending::Never && !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
            tell(BuildEvent::Tick);
        }
        if cancel.is_cancelled() {
            return Err(EngineError::cancelled());
        }
        let lost = self.script.ending == Ending::Lost;
        let code = Some(i32::from(lost || reader.log.failed().is_some()));
        let log = reader.log;
        let watched =
            Watched { code, log, seconds: at, exact: false, kept: None, caveats: Vec::new() };
        let mut report = outcome::report(watched, request, self.about(), &|| !lost)?;
        if report.built {
            self.finish(request, &mut report)?;
        }
        Ok(report)
    }

    fn image(&self, name: &str) -> Result<Image, EngineError> {
        let images = self.images();
        let by_id = || images.values().find(|image| image.id == name);
        images.get(name).or_else(by_id).cloned().ok_or_else(|| unknown(&format!("image {name}")))
    }

    fn save(&self, name: &str) -> Result<Box<dyn Read + Send>, EngineError> {
        Ok(Box::new(Cursor::new(self.image(name)?.id.into_bytes())))
    }

    fn remove(&self, name: &str) -> Result<(), EngineError> {
        self.images().retain(|known, image| known != name && image.id != name);
        Ok(())
    }

    fn evict(&self, image: &str) -> Result<(), EngineError> {
        self.image(image).map(drop)
    }

    fn prepare(&self, spec: &ContainerSpec) -> Result<Box<dyn Ready>, EngineError> {
        self.image(&spec.image)?;
        let command = spec.entrypoint.iter().chain(&spec.command).flatten().cloned().collect();
        let program = program(&self.script, &command)?;
        let number = self.alive.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Run {
            id: format!("fake-{number}"),
            program,
            stopped: AtomicBool::new(false),
            begun: Instant::now(),
            alive: Arc::clone(&self.alive),
        }))
    }
}

fn program(script: &Script, command: &Vec<String>) -> Result<Program, EngineError> {
    script.programs.get(command).cloned().ok_or_else(|| {
        EngineError::new(ErrorKind::NoProgram, format!("there is no program {command:?}"))
    })
}

struct Run {
    id: String,
    program: Program,
    stopped: AtomicBool,
    begun: Instant,
    alive: Arc<AtomicUsize>,
}

impl Ready for Run {
    fn start(self: Box<Self>) -> Result<Box<dyn Container>, EngineError> {
        Ok(self)
    }
}

impl Container for Run {
    fn pid(&self) -> Option<i32> {
        None
    }

    fn begun(&self) -> Begun {
        Begun { at: self.begun, exec: Duration::ZERO }
    }

    fn connect(&self, _: Reach) -> io::Result<TcpStream> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn usage(&self) -> Result<Usage, EngineError> {
        Ok(Usage::default())
    }

    fn set_cpus(&self, _: f64) -> Result<(), EngineError> {
        Ok(())
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn state(&self) -> Result<State, EngineError> {
        let stopped = self.stopped.load(Ordering::Relaxed);
        let exit_code = match &self.program {
            Program::Ends(ended) => Some(i64::from(ended.code.unwrap_or(137))),
            Program::OutOfMemory => Some(137),
            Program::Stops(_) => stopped.then_some(0),
            Program::Ignores => stopped.then_some(137),
        };
        Ok(State {
            running: exit_code.is_none(),
            exit_code,
            oom_killed: self.program == Program::OutOfMemory,
            started: Some(UNIX_EPOCH + Duration::from_secs(1)),
        })
    }

    fn wait(&self, _: Duration, cancel: &Cancel) -> Result<State, EngineError> {
        match cancel.is_cancelled() {
            true => Err(EngineError::cancelled()),
            false => self.state(),
        }
    }

    fn logs(&self, most: usize) -> Result<Ended, EngineError> {
        let mut ended = match &self.program {
            Program::Ends(ended) => ended.clone(),
            _ => Ended::default(),
        };
        ended.out.truncate(most);
        ended.err.truncate(most);
        ended.code = self.state()?.exit_code.and_then(|code| i32::try_from(code).ok());
        Ok(ended)
    }

    fn signal(&self, name: &str) -> Result<(), EngineError> {
        if !self.state()?.running {
            return Err(EngineError::new(ErrorKind::Refused, "it does not run"));
        }
        let heard = name == "SIGKILL" || matches!(self.program, Program::Stops(_));
        self.stopped.fetch_or(heard, Ordering::Relaxed);
        Ok(())
    }

    fn stop(&self, grace: Duration) -> Result<Stopped, EngineError> {
        let (took, killed) = match self.program {
            Program::Stops(after) if after <= grace => (after, false),
            Program::Stops(_) | Program::Ignores => (grace, true),
            _ => (Duration::ZERO, false),
        };
        self.stopped.store(true, Ordering::Relaxed);
        Ok(Stopped { took, killed, state: self.state()? })
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}
