//! Starts an image as an environment would: its port, its health path, its end.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use plimsoll_model::{CheckName, CheckState, ServiceCheck, StartPlan, bytes, seconds};

use super::{Checked, Subject, http};
use crate::engine::{Cancel, Container, ContainerSpec, Engine, EngineError, ErrorKind, State};

/// How long a container may take to open its port, and then to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one without a port must run to be believed.
const STAYS: Duration = Duration::from_secs(2);
/// How long a platform waits for its end.
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);
/// How much of what it printed is looked at.
const TAIL: usize = 16 << 10;

/// Starts it once or, in the first environment, several times; the last time it is asked to stop.
pub(super) fn check(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    plan: &StartPlan,
    first: bool,
    checked: &mut Checked,
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let mut run = Run { plan, checks: Vec::new(), limits: limits(plan, checked) };
    let times = if first { subject.starts.max(1) } else { 1 };
    for time in 1..=times {
        run.checks.clear();
        let Some(container) = run.start(engine, subject.image)? else { break };
        let began = Instant::now();
        let opened = run.waits_for_port(&*container, began, cancel)?;
        let answered = match opened {
            true => run.asks(&*container, began, cancel)?,
            false => None,
        };
        if let Some(answered) = answered.filter(|_| first) {
            checked.first_answers.push(answered);
        }
        if !opened {
            break;
        }
        if time == times {
            let took = run.stops(&*container)?;
            checked.stop = if first { took } else { checked.stop };
        }
    }
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
    checks: Vec<ServiceCheck>,
    limits: (Option<f64>, Option<u64>),
}

impl Run<'_> {
    fn say(&mut self, name: CheckName, state: CheckState, detail: String, seconds: Option<f64>) {
        let environment = self.plan.environment.clone();
        self.checks.push(ServiceCheck { name, environment, state, detail, seconds });
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
            Ok(container) => Ok(Some(container)),
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
        began: Instant,
        cancel: &Cancel,
    ) -> Result<bool, EngineError> {
        let address = container.address();
        let limit = if address.is_some() { PATIENCE } else { STAYS };
        loop {
            stop_if(cancel)?;
            let open = address.is_some_and(|address| http::open(address).is_some());
            let elapsed = began.elapsed();
            if open || (address.is_none() && elapsed >= limit) {
                self.started(container, elapsed)?;
                return Ok(true);
            }
            let state = container.state()?;
            if !state.running {
                self.ended(container, &state)?;
                return Ok(false);
            }
            if elapsed >= limit {
                self.say(CheckName::Starts, CheckState::Passed, self.limits_said(), None);
                let port = self.plan.port.unwrap_or(0);
                let waited = seconds(limit.as_secs_f64());
                let detail = format!("port {port} is not open after {waited}");
                self.say(CheckName::OpensPort, CheckState::Failed, detail, None);
                return Ok(false);
            }
            thread::sleep(PAUSE);
        }
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

    /// It ended before it could be asked anything.
    fn ended(&mut self, container: &dyn Container, state: &State) -> Result<(), EngineError> {
        let logs = container.logs(TAIL)?;
        let last = |text: &str| {
            text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
        };
        let said = last(&logs.err).or_else(|| last(&logs.out));
        let said = said.map_or(String::new(), |said| format!(": {}", shortened(&said)));
        let code = state.exit_code.unwrap_or(-1);
        let memory =
            self.limits.1.map_or(String::new(), |memory| format!(" of {}", bytes(memory as f64)));
        let detail = match state.oom_killed {
            true => format!("it was ended because it wanted more than its memory{memory}"),
            false => format!("it ended with code {code}{said}"),
        };
        // Without what it is given where it runs, that it ends says little.
        match (state.oom_killed, self.plan.unknown.as_slice()) {
            (false, unknown @ [_, ..]) => {
                let detail = format!(
                    "{detail} (without {}: give them with --env NAME=VALUE)",
                    unknown.join(", ")
                );
                self.say(CheckName::Starts, CheckState::NotRun, detail, None);
            }
            _ => self.say(CheckName::Starts, CheckState::Failed, detail, None),
        }
        Ok(())
    }

    /// Asks its health path until the answer is good. Gives the seconds that took from the start.
    fn asks(
        &mut self,
        container: &dyn Container,
        began: Instant,
        cancel: &Cancel,
    ) -> Result<Option<f64>, EngineError> {
        let (Some(path), Some(address)) = (self.plan.path.clone(), container.address()) else {
            let detail = "no health path is known: name it in a probe or a HEALTHCHECK".to_owned();
            self.say(CheckName::AnswersHealth, CheckState::NotRun, detail, None);
            return Ok(None);
        };
        let mut last = None;
        while began.elapsed() < 2 * PATIENCE {
            stop_if(cancel)?;
            let status = http::get(address, &path);
            if let Some(status @ 200..=399) = status {
                let took = since(&container.state()?, began.elapsed());
                let detail = format!("{path} answers {status} {} after the start", seconds(took));
                self.say(CheckName::AnswersHealth, CheckState::Passed, detail, Some(took));
                return Ok(Some(took));
            }
            last = status.or(last);
            let state = container.state()?;
            // A wrong answer of a server that has had its time is its answer.
            let settled = status.is_some() && began.elapsed() > PATIENCE / 6;
            if !state.running || settled {
                break;
            }
            thread::sleep(PAUSE * 4);
        }
        let detail = last
            .map_or_else(|| format!("{path} is not answered"), |s| format!("{path} answers {s}"));
        self.say(CheckName::AnswersHealth, CheckState::Failed, detail, None);
        Ok(None)
    }

    fn stops(&mut self, container: &dyn Container) -> Result<Option<f64>, EngineError> {
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

fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    let short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
