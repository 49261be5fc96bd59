//! One cold start: from the word to the first good answer.

use std::thread;
use std::time::{Duration, Instant};

use plimsoll_model::{Boot, BootOutcome, ProbePlan};

use super::Subject;
use crate::checks::last;
use crate::engine::{
    Cancel, Container, ContainerSpec, Engine, EngineError, ErrorKind, Network, Reach, State, http,
};

/// How often a port is tried. A try takes about 20 microseconds of the machine, none of the container.
const TRY: Duration = Duration::from_millis(1);
/// How often it is looked whether the container still runs.
const LOOK: Duration = Duration::from_millis(25);
/// How long a port must be open on localhost alone to be believed.
const LOCAL: Duration = Duration::from_secs(1);
/// How long one that has nothing to answer must run.
const STAYS: Duration = Duration::from_secs(2);

/// Moments of a start at which somebody may look at the container.
pub(super) trait Moments {
    /// Its program runs.
    fn started(&mut self, _: &dyn Container) {}

    /// Its port is open, and was not asked yet.
    fn opened(&mut self, _: &dyn Container) {}

    /// It is ready.
    fn ready(&mut self, container: &dyn Container) -> Result<(), EngineError>;
}

struct Then<'t>(&'t mut dyn FnMut(&dyn Container) -> Result<(), EngineError>);

impl Moments for Then<'_> {
    fn ready(&mut self, container: &dyn Container) -> Result<(), EngineError> {
        (self.0)(container)
    }
}

/// Starts it with so many processors, and calls back with the container once it is ready.
pub(super) fn start(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    cpus: Option<f64>,
    then: &mut dyn FnMut(&dyn Container) -> Result<(), EngineError>,
    cancel: &Cancel,
) -> Result<Boot, EngineError> {
    looked_at(engine, subject, cpus, &mut Then(then), cancel)
}

/// As [`start`], with more moments to look at it.
pub(super) fn looked_at(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    cpus: Option<f64>,
    moments: &mut dyn Moments,
    cancel: &Cancel,
) -> Result<Boot, EngineError> {
    let spec = spec(subject, cpus);
    let container = match engine.prepare(&spec).and_then(|ready| ready.start()) {
        Ok(container) => container,
        Err(error) if error.kind == ErrorKind::NoProgram => {
            return Ok(Boot { detail: Some(error.what), ..Boot::default() });
        }
        Err(error) => return Err(error),
    };
    let begun = container.begun();
    let exec = Some(begun.exec.as_secs_f64());
    let mut watch =
        Watch { subject, container: &*container, began: begun.at, looked: begun.at, cancel };
    let mut boot = Boot { exec, ..Boot::default() };
    moments.started(&*container);
    let sees_localhost = engine.capabilities().sees_localhost;
    let outcome = watch.until_ready(sees_localhost, &mut boot, moments)?;
    if outcome == BootOutcome::Ready {
        count(&mut boot, &*container)?;
        moments.ready(&*container)?;
    } else {
        boot.detail = Some(last::line(&*container)?).filter(|said| !said.is_empty());
    }
    boot.outcome = outcome;
    Ok(boot)
}

pub(super) fn spec(subject: &Subject<'_>, cpus: Option<f64>) -> ContainerSpec {
    let plan = subject.plan;
    ContainerSpec {
        image: subject.image.to_owned(),
        command: subject.command.map(<[String]>::to_vec),
        env: plan.env.clone(),
        cpus,
        memory: plan.memory,
        pids: Some(4096),
        port: plan.port,
        network: if subject.host_network { Network::Host } else { Network::Default },
        files: subject.files.to_vec(),
        ..ContainerSpec::default()
    }
}

/// What it used until it was ready.
fn count(boot: &mut Boot, container: &dyn Container) -> Result<(), EngineError> {
    let used = container.usage()?;
    boot.cpu = Some(used.cpu.as_secs_f64());
    boot.throttled = used.throttled.map(|throttled| throttled.as_secs_f64());
    boot.major_faults = used.major_faults;
    boot.read_bytes = used.read;
    boot.memory = Some(used.memory);
    boot.threads = used.threads;
    Ok(())
}

struct Watch<'w> {
    subject: &'w Subject<'w>,
    container: &'w dyn Container,
    began: Instant,
    looked: Instant,
    cancel: &'w Cancel,
}

impl Watch<'_> {
    /// How it ended, where it has.
    fn ended(&mut self) -> Result<Option<BootOutcome>, EngineError> {
        if self.cancel.is_cancelled() {
            return Err(EngineError::cancelled());
        }
        if self.looked.elapsed() < LOOK {
            return Ok(None);
        }
        self.looked = Instant::now();
        Ok(outcome(&self.container.state()?))
    }

    fn elapsed(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn until_ready(
        &mut self,
        sees_localhost: bool,
        boot: &mut Boot,
        moments: &mut dyn Moments,
    ) -> Result<BootOutcome, EngineError> {
        if self.subject.plan.port.is_none() {
            return self.stays();
        }
        let mut local: Option<Instant> = None;
        let stream = loop {
            match self.container.connect(Reach::Service) {
                Ok(stream) => break stream,
                Err(_) if self.began.elapsed() > self.subject.patience => {
                    return Ok(BootOutcome::NeverListened);
                }
                Err(_) => {}
            }
            let looked = self.looked;
            if let Some(outcome) = self.ended()? {
                return Ok(outcome);
            }
            // At the pace of the other looks, and later than most services need.
            if sees_localhost && self.looked != looked && self.began.elapsed() > LOCAL {
                let open = self.container.connect(Reach::Localhost).is_ok();
                local = local.filter(|_| open).or_else(|| open.then(Instant::now));
                if local.is_some_and(|since| since.elapsed() > LOCAL) {
                    return Ok(BootOutcome::LocalhostOnly);
                }
            }
            thread::sleep(TRY);
        };
        boot.port = Some(self.elapsed());
        moments.opened(self.container);
        if !matches!(self.subject.plan.probe, Some(ProbePlan::Http(_))) {
            boot.probe = boot.port;
        }
        let outcome = self.until_answered(Some(stream))?;
        if outcome == BootOutcome::Ready {
            boot.ready = Some(self.elapsed());
            boot.probe = boot.probe.or(boot.ready);
        }
        Ok(outcome)
    }

    /// One that has no port is as ready as it can be seen to be once it has run for a while.
    fn stays(&mut self) -> Result<BootOutcome, EngineError> {
        while self.began.elapsed() < STAYS {
            if let Some(outcome) = self.ended()? {
                return Ok(outcome);
            }
            thread::sleep(LOOK);
        }
        Ok(BootOutcome::Ready)
    }

    fn until_answered(
        &mut self,
        mut stream: Option<std::net::TcpStream>,
    ) -> Result<BootOutcome, EngineError> {
        let path = self.subject.path();
        let opened = Instant::now();
        let mut last = None;
        loop {
            let connected = stream.take().or_else(|| self.container.connect(Reach::Service).ok());
            let left = self.subject.patience.saturating_sub(opened.elapsed());
            let wait = left.max(TRY);
            let status = connected.and_then(|stream| http::get(stream, path, wait));
            match status {
                Some(200..=399) => return Ok(BootOutcome::Ready),
                // Nobody named this path; that it is not there is an answer, too.
                Some(400..=499) if !self.subject.knows_path() => return Ok(BootOutcome::Ready),
                _ => last = status.or(last),
            }
            // A server that is not ready yet says so with a 5xx; a path that is not there stays so.
            let settled =
                matches!(status, Some(400..=499)) && opened.elapsed() > self.subject.patience / 6;
            if settled || left.is_zero() {
                return Ok(BootOutcome::NeverAnswered { status: last });
            }
            if let Some(outcome) = self.ended()? {
                return Ok(outcome);
            }
            thread::sleep(TRY);
        }
    }
}

fn outcome(state: &State) -> Option<BootOutcome> {
    match state {
        State { running: true, .. } => None,
        State { oom_killed: true, .. } => Some(BootOutcome::OutOfMemory),
        State { exit_code, .. } => {
            let code = exit_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1);
            Some(BootOutcome::Exited { code })
        }
    }
}
