//! Starts an image cold, again and again, and writes down what each start took.
//!
//! Figures of one machine are compared only where they were measured in turns: with and without CPU
//! boost, and two images, are started in random order, pair by pair.

mod machine;
mod one;
mod turns;
mod why;

use std::time::Duration;

use plimsoll_model::{
    BOOT_SCHEMA_VERSION, BoostTerms, Boot, BootBoost, BootMachine, BootOutcome, BootReport,
    BootSettings, ProbePlan, StartPlan,
};

use crate::engine::{Cancel, Container, Engine, EngineError};
pub use machine::Quiet;
pub use turns::compare;
pub use why::why;

/// What is started.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// What it is called in the report.
    pub name: &'s str,
    /// The image, as the engine knows it.
    pub image: &'s str,
    /// The image's id.
    pub id: &'s str,
    /// Under what.
    pub plan: &'s StartPlan,
    /// Instead of the image's own command.
    pub command: Option<&'s [String]>,
    /// Files that are put into it.
    pub files: &'s [(String, Vec<u8>)],
    /// How long a start may take.
    pub patience: Duration,
    /// Whether it may reach what this machine reaches.
    pub host_network: bool,
}

impl Subject<'_> {
    /// The path whose answer makes it ready.
    fn path(&self) -> &str {
        match &self.plan.probe {
            Some(ProbePlan::Http(path)) => path,
            _ => self.plan.path.as_deref().unwrap_or("/"),
        }
    }

    fn knows_path(&self) -> bool {
        matches!(self.plan.probe, Some(ProbePlan::Http(_))) || self.plan.path.is_some()
    }

    fn settings(&self) -> BootSettings {
        let plan = self.plan;
        let port = plan.port.map_or("no port".to_owned(), |port| format!("TCP :{port}"));
        BootSettings {
            environment: plan.environment.clone(),
            source: plan.source.clone(),
            cpus: plan.cpus,
            memory: plan.memory,
            concurrency: plan.concurrency,
            boosted_cpus: plan.boost.filter(|(_, is_set)| *is_set).map(|(cpus, _)| cpus),
            port: plan.port,
            path: plan.port.map(|_| self.path().to_owned()),
            path_is_known: self.knows_path(),
            probe: plan.probe.as_ref().map(|probe| match probe {
                ProbePlan::Tcp => port,
                ProbePlan::Http(path) => format!("GET {path}"),
            }),
        }
    }
}

/// How it is measured.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// How many starts, after the first.
    pub boots: u32,
    /// Whether the page cache is emptied before each of them.
    pub evict: bool,
    /// Whether as many are made with CPU boost, where the platform has it.
    pub boost: bool,
    /// How long the last one is left running.
    pub hold: Duration,
    /// What boost costs: a vCPU-second in US dollars, and the day of that price.
    pub price: Option<(f64, String)>,
    /// For how many seconds after it is ready boost lasts.
    pub tail: f64,
}

/// What goes on.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'p> {
    /// A start begins: its number, and of how many.
    Starts(u32, u32),
    /// It ended.
    Done(&'p Boot),
    /// The last one is left running.
    Holds,
}

/// How many starts in a row may fail before no more are made.
const FAILURES: usize = 3;

/// Starts it as often as is wished.
///
/// # Errors
/// Where the engine cannot be reached, or somebody wishes to stop. A service that does not start
/// is a result.
pub fn measure(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    wishes: &Wishes,
    tell: &mut dyn FnMut(Progress<'_>),
    cancel: &Cancel,
) -> Result<BootReport, EngineError> {
    let quiet = Quiet::begin(engine);
    let mut run = Run::new(engine, subject, wishes, tell, cancel);
    let mut report = run.blank();
    report.first = run.first(&mut report.caveats)?;
    let boosted = run.boosted(&mut report.caveats);
    run.all(&mut report, boosted)?;
    if report.boots.last().is_some_and(|boot| boot.outcome == BootOutcome::Ready) {
        run.hold(&mut report)?;
    }
    report.caveats.extend(quiet.end());
    Ok(report)
}

struct Run<'r, 's> {
    engine: &'r dyn Engine,
    subject: &'r Subject<'s>,
    wishes: &'r Wishes,
    tell: &'r mut dyn FnMut(Progress<'_>),
    cancel: &'r Cancel,
    machine: BootMachine,
    number: u32,
}

impl<'r, 's> Run<'r, 's> {
    fn new(
        engine: &'r dyn Engine,
        subject: &'r Subject<'s>,
        wishes: &'r Wishes,
        tell: &'r mut dyn FnMut(Progress<'_>),
        cancel: &'r Cancel,
    ) -> Self {
        Self { engine, subject, wishes, tell, cancel, machine: machine::this(), number: 0 }
    }

    fn blank(&self) -> BootReport {
        let mut caveats = Vec::new();
        let machine = self.machine.clone();
        if let Some(wanted) = self.subject.plan.cpus.filter(|cpus| *cpus > f64::from(machine.cpus))
        {
            caveats.push(format!(
                "the settings give {wanted} CPUs, this machine has {}",
                machine.cpus
            ));
        }
        if !self.subject.plan.unknown.is_empty() {
            let unknown = self.subject.plan.unknown.join(", ");
            caveats.push(format!(
                "started without {unknown}, which only the platform knows (--env NAME=VALUE)"
            ));
        }
        if self.subject.host_network {
            caveats.push(
                "it shares this machine's network: what it waits for there is this machine's, too"
                    .to_owned(),
            );
        }
        BootReport {
            schema_version: BOOT_SCHEMA_VERSION,
            subject: self.subject.name.to_owned(),
            image: self.subject.id.to_owned(),
            settings: self.subject.settings(),
            engine: self.engine.about(),
            machine,
            evicted: self.wishes.evict,
            first: None,
            boots: Vec::new(),
            boost: None,
            settled: None,
            stop: None,
            why: None,
            caveats,
        }
    }

    /// Processors that can be given here: an engine refuses more than there are.
    fn here(&self, cpus: Option<f64>) -> Option<f64> {
        let most = f64::from(self.machine.cpus);
        cpus.map(|cpus| cpus.min(most))
    }

    fn start(
        &mut self,
        cpus: Option<f64>,
        then: &mut dyn FnMut(&dyn Container) -> Result<(), EngineError>,
    ) -> Result<Boot, EngineError> {
        self.number += 1;
        let of = self.wishes.boots
            * (1 + u32::from(self.wishes.boost && self.subject.plan.boost.is_some()))
            + 1;
        (self.tell)(Progress::Starts(self.number.min(of), of));
        let boot = one::start(self.engine, self.subject, self.here(cpus), then, self.cancel)?;
        (self.tell)(Progress::Done(&boot));
        Ok(boot)
    }

    /// The first start, with nothing of the image in memory.
    fn first(&mut self, caveats: &mut Vec<String>) -> Result<Option<Boot>, EngineError> {
        if let Err(error) = self.engine.evict(self.subject.image) {
            // Then it is a start like any other, but for what no other has: nobody measured before it.
            caveats.push(format!("the first start is not known to be cold: {error}"));
        }
        self.start(self.subject.plan.cpus, &mut |_| Ok(())).map(Some)
    }

    /// Processors with boost, where it is to be measured and can be.
    fn boosted(&self, caveats: &mut Vec<String>) -> Option<(f64, bool)> {
        let (cpus, is_set) = self.subject.plan.boost.filter(|_| self.wishes.boost)?;
        let here = self.here(Some(cpus)).unwrap_or(cpus);
        if here < cpus {
            caveats.push(format!("CPU boost gives {cpus} CPUs, this machine has {here}"));
        }
        // Boost to what it has without is no boost.
        (Some(here) > self.here(self.subject.plan.cpus)).then_some((here, is_set))
    }

    fn all(
        &mut self,
        report: &mut BootReport,
        boosted: Option<(f64, bool)>,
    ) -> Result<(), EngineError> {
        let mut chance = turns::chance();
        let mut boots = Vec::new();
        while (report.boots.len() as u32) < self.wishes.boots && !given_up(report) {
            let boosted_first = boosted.is_some() && chance.coin();
            if let Some((cpus, _)) = boosted.filter(|_| boosted_first) {
                boots.push(self.again(Some(cpus))?);
            }
            report.boots.push(self.again(self.subject.plan.cpus)?);
            if let Some((cpus, _)) = boosted.filter(|_| !boosted_first) {
                boots.push(self.again(Some(cpus))?);
            }
        }
        if let Some((to, is_set)) = boosted {
            let (tail, price) = (self.wishes.tail, self.wishes.price.clone());
            let from = self.here(self.subject.plan.cpus).unwrap_or(to);
            let terms = BoostTerms { from, to, is_set, tail, price };
            report.boost = Some(BootBoost::of(&report.boots, boots, terms));
        }
        Ok(())
    }

    fn again(&mut self, cpus: Option<f64>) -> Result<Boot, EngineError> {
        if self.wishes.evict {
            self.engine.evict(self.subject.image)?;
        }
        self.start(cpus, &mut |_| Ok(()))
    }

    /// Starts it once more and leaves it running: what it takes when it has settled, and how it ends.
    fn hold(&mut self, report: &mut BootReport) -> Result<(), EngineError> {
        let boosted = report.settings.boosted_cpus;
        let (plan, hold, tail) = (self.subject.plan, self.wishes.hold, self.wishes.tail);
        let (after, cancel) = (self.here(plan.cpus), self.cancel);
        let (mut settled, mut stop) = (None, None);
        (self.tell)(Progress::Holds);
        let mut then = |container: &dyn Container| {
            // As on the platform, boost ends a while after it is ready.
            let tail = Duration::from_secs_f64(tail.max(0.0));
            let early = hold.min(if boosted.is_some() { tail } else { hold });
            let mut state = container.wait(early, cancel)?;
            if let Some(cpus) = after.filter(|_| boosted.is_some() && state.running && hold > early)
            {
                container.set_cpus(cpus)?;
                state = container.wait(hold.saturating_sub(early), cancel)?;
            }
            if state.running {
                settled = Some((container.usage()?.memory, hold.as_secs_f64()));
                let stopped = container.stop(Duration::from_secs(10))?;
                stop = Some(stopped.took.as_secs_f64()).filter(|_| !stopped.killed);
            }
            Ok(())
        };
        let cpus = self.here(boosted.or(plan.cpus));
        one::start(self.engine, self.subject, cpus, &mut then, self.cancel)?;
        (report.settled, report.stop) = (settled, stop);
        Ok(())
    }
}

/// Whether it failed too often for more to say anything.
fn given_up(report: &BootReport) -> bool {
    let failed = |boot: &&Boot| boot.outcome != BootOutcome::Ready;
    report.boots.len() >= FAILURES
        && report.boots.iter().rev().take(FAILURES).filter(failed).count() == FAILURES
}
