//! Starts an image as an environment would: its port, its health path, its end.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use plimsoll_model::{CheckName, CheckState, ServiceCheck, StartPlan, bytes, seconds};

use super::{Checked, Subject, last};
use crate::engine::{
    Cancel, Container, ContainerSpec, Engine, EngineError, ErrorKind, Reach, State, http,
};

/// How long one without a port must run to be believed.
const STAYS: Duration = Duration::from_secs(2);
/// How long a platform waits for its end.
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// Starts it once or, in the first environment, several times; the last time it is asked to stop.
pub(super) fn check(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    plan: &StartPlan,
    first: bool,
    checked: &mut Checked,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let limits = limits(plan, checked);
    let (patience, began) = (subject.patience, Instant::now());
    let mut run = Run { plan, patience, began, checks: Vec::new(), limits };
    let times = if first { subject.starts.max(1) } else { 1 };
    for time in 1..=times {
        run.checks.clear();
        let Some(container) = run.start(engine, subject.image)? else { break };
        if !run.waits_for_port(&*container, cancel)? {
            break;
        }
        let answered = run.asks(&*container, cancel)?;
        checked.first_answers.extend(answered.filter(|_| first));
        // One start tells all that can be told where nothing is asked or answered.
        if time == times || answered.is_none() {
            let took = run.stops(&*container)?;
            checked.stop = if first { took } else { checked.stop };
            break;
        }
    }
    run.rest();
    checked.checks.append(&mut run.checks);
    Ok(())
}

/// The limits that can be given here: an engine refuses more processors than there are.
fn limits(plan: &StartPlan, checked: &mut Checked) -> (Option<f64>, Option<u64>) {
    let here = thread::available_parallelism().map_or(1.0, |count| count.get() as f64);
    let cpus = plan.cpus.map(|cpus| cpus.min(here));
    if let Some(wanted) = plan.cpus.filter(|wanted| *wanted > here) {
        checked.caveats.push(format!("the settings give {wanted} CPUs, this machine has {here}"));
    }
    (cpus, plan.memory)
}

struct Run<'r> {
    plan: &'r StartPlan,
    /// How long it may take to open its port, and then to answer.
    patience: Duration,
    /// When it was started.
    began: Instant,
    checks: Vec<ServiceCheck>,
    limits: (Option<f64>, Option<u64>),
}

impl Run<'_> {
    fn say(&mut self, name: CheckName, state: CheckState, detail: String, seconds: Option<f64>) {
        let environment = self.plan.environment.clone();
        self.checks.push(ServiceCheck { name, environment, state, detail, seconds });
    }

    /// Without what it is given where it runs, that it fails says little.
    fn fails(&mut self, name: CheckName, detail: String) {
        let (state, detail) = match self.plan.unknown.as_slice() {
            [] => (CheckState::Failed, detail),
            unknown => {
                let unknown = unknown.join(", ");
                let hint = format!("{detail} (without {unknown}: give them with --env NAME=VALUE)");
                (CheckState::NotRun, hint)
            }
        };
        self.say(name, state, detail, None);
    }

    /// What could not be tried because of what came before it.
    fn rest(&mut self) {
        let why = match self.checks.last().map(|check| check.name) {
            Some(CheckName::Starts) => "it does not start",
            Some(CheckName::OpensPort) => "its port is not open",
            _ => "it does not run any more",
        };
        for name in [CheckName::OpensPort, CheckName::AnswersHealth, CheckName::StopsOnSigterm] {
            if self.checks.iter().all(|check| check.name != name) {
                self.say(name, CheckState::NotRun, why.to_owned(), None);
            }
        }
    }

    fn start(
        &mut self,
        engine: &dyn Engine,
        image: &str,
    ) -> Result<Option<Box<dyn Container>>, EngineError> {
        let spec = ContainerSpec {
            image: image.to_owned(),
            env: self.plan.env.clone(),
            cpus: self.limits.0,
            memory: self.limits.1,
            port: self.plan.port,
            pids: Some(4096),
            ..ContainerSpec::default()
        };
        match engine.start(&spec) {
            Ok(container) => {
                self.began = Instant::now();
                Ok(Some(container))
            }
            Err(error) if error.kind == ErrorKind::NoProgram => {
                self.say(CheckName::Starts, CheckState::Failed, error.what, None);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until its port is open, or until it has run for a while where it has none.
    fn waits_for_port(
        &mut self,
        container: &dyn Container,
        cancel: &Cancel,
    ) -> Result<bool, EngineError> {
        let has_port = self.plan.port.is_some();
        let limit = if has_port { self.patience } else { STAYS };
        loop {
            stop_if(cancel)?;
            let open = has_port && container.connect(Reach::Service).is_ok();
            let elapsed = self.began.elapsed();
            // On a busy machine the engine's own program may be late to drop a connection that
            // nobody takes: what is open is so each time.
            let open = open && (0..2).all(|_| container.connect(Reach::Service).is_ok());
            if open || (!has_port && elapsed >= limit) {
                self.started(container, elapsed)?;
                return Ok(true);
            }
            let state = container.state()?;
            if !state.running {
                self.ended(CheckName::Starts, container, &state)?;
                return Ok(false);
            }
            if elapsed >= limit {
                self.stays_closed(container)?;
                return Ok(false);
            }
            thread::sleep(PAUSE);
        }
    }

    fn stays_closed(&mut self, container: &dyn Container) -> Result<(), EngineError> {
        self.say(CheckName::Starts, CheckState::Passed, self.limits_said(), None);
        let port = self.plan.port.unwrap_or(0);
        let waited = seconds(self.patience.as_secs_f64());
        let said = last::line(container)?;
        let detail = format!("port {port} is not open after {waited}{said}");
        self.fails(CheckName::OpensPort, detail);
        Ok(())
    }

    fn started(&mut self, container: &dyn Container, elapsed: Duration) -> Result<(), EngineError> {
        self.say(CheckName::Starts, CheckState::Passed, self.limits_said(), None);
        match self.plan.port {
            None => {
                let detail = "which port it has is not known".to_owned();
                self.say(CheckName::OpensPort, CheckState::NotRun, detail, None);
            }
            Some(port) => {
                let took = since(&container.state()?, elapsed);
                let detail = format!("port {port} is open after {}", seconds(took));
                self.say(CheckName::OpensPort, CheckState::Passed, detail, Some(took));
            }
        }
        Ok(())
    }

    /// It ended before anybody asked it to.
    fn ended(
        &mut self,
        name: CheckName,
        container: &dyn Container,
        state: &State,
    ) -> Result<(), EngineError> {
        if state.oom_killed {
            let memory = self.limits.1.map(|memory| format!(" of {}", bytes(memory as f64)));
            let memory = memory.unwrap_or_default();
            let detail = format!("it was ended because it wanted more than its memory{memory}");
            self.say(name, CheckState::Failed, detail, None);
            return Ok(());
        }
        let code = state.exit_code.map_or("no code".to_owned(), |code| format!("code {code}"));
        let said = last::line(container)?;
        self.fails(name, format!("it ended with {code}{said}"));
        Ok(())
    }

    /// Asks its health path until the answer is good. Gives the seconds that took from the start.
    fn asks(
        &mut self,
        container: &dyn Container,
        cancel: &Cancel,
    ) -> Result<Option<f64>, EngineError> {
        let (Some(path), Some(_)) = (self.plan.path.clone(), self.plan.port) else {
            let detail = "no health path is known: name it in a probe or a HEALTHCHECK".to_owned();
            self.say(CheckName::AnswersHealth, CheckState::NotRun, detail, None);
            return Ok(None);
        };
        let opened = Instant::now();
        let mut last = None;
        loop {
            stop_if(cancel)?;
            let connected = container.connect(Reach::Service).ok();
            let status = connected.and_then(|stream| http::get(stream, &path, http::PATIENCE));
            let state = container.state()?;
            if let Some(status @ 200..=399) = status {
                let took = since(&state, self.began.elapsed());
                let detail = format!("{path} answers {status} {} after the start", seconds(took));
                self.say(CheckName::AnswersHealth, CheckState::Passed, detail, Some(took));
                return Ok(Some(took));
            }
            last = status.or(last);
            if !state.running {
                self.ended(CheckName::AnswersHealth, container, &state)?;
                return Ok(None);
            }
            // A server that is not ready yet says so with a 5xx; a path that is not there stays so.
            let settled = matches!(status, Some(400..=499)) && opened.elapsed() > self.patience / 6;
            if settled || opened.elapsed() > self.patience {
                break;
            }
            thread::sleep(PAUSE * 4);
        }
        let waited = seconds(self.patience.as_secs_f64());
        let detail = match last {
            Some(status) => format!("{path} answers {status}"),
            None => format!("{path} is not answered within {waited}"),
        };
        self.fails(CheckName::AnswersHealth, detail);
        Ok(None)
    }

    fn stops(&mut self, container: &dyn Container) -> Result<Option<f64>, EngineError> {
        // What has ended by itself needs not be told to.
        if !container.state()?.running {
            return Ok(None);
        }
        let stopped = container.stop(GRACE)?;
        let took = stopped.took.as_secs_f64();
        match stopped.killed {
            true => {
                let detail = format!(
                    "it was killed: {} after SIGTERM it still ran",
                    seconds(GRACE.as_secs_f64())
                );
                self.say(CheckName::StopsOnSigterm, CheckState::Failed, detail, Some(took));
                Ok(None)
            }
            false => {
                let detail = format!("it ended {} after SIGTERM", seconds(took));
                self.say(CheckName::StopsOnSigterm, CheckState::Passed, detail, Some(took));
                Ok(Some(took))
            }
        }
    }

    fn limits_said(&self) -> String {
        let cpus = self.limits.0.map(|cpus| format!("{cpus} CPU"));
        let memory = self.limits.1.map(|memory| format!("{} of memory", bytes(memory as f64)));
        let said: Vec<String> = cpus.into_iter().chain(memory).collect();
        match said.is_empty() {
            true => "it runs, without limits".to_owned(),
            false => format!("it runs with {}", said.join(" and ")),
        }
    }
}

/// The time since the container's program began, by the engine's clock where it can be compared
/// with ours; `elapsed` is what went by here.
fn since(state: &State, elapsed: Duration) -> f64 {
    let by_engine = state.started.and_then(|at| SystemTime::now().duration_since(at).ok());
    // Another machine's clock may be anything.
    let near = by_engine.filter(|took| took.abs_diff(elapsed) < Duration::from_secs(1));
    near.unwrap_or(elapsed).as_secs_f64()
}

fn stop_if(cancel: &Cancel) -> Result<(), EngineError> {
    match cancel.is_cancelled() {
        true => Err(EngineError::cancelled()),
        false => Ok(()),
    }
}
