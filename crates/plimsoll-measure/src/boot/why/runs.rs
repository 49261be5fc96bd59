//! Starts beside those that are counted: looked at, traced, and of less than the whole service.

use std::time::Duration;

use plimsoll_model::{Boot, BootOutcome, EngineKind, StartPlan};

use super::runtime::Runtime;
use super::waits::{Waited, Watch};
use crate::boot::{Subject, machine, one};
use crate::engine::{Cancel, Container, Ended, Engine, EngineError, ErrorKind};

/// How much of what a traced service prints is read.
const KEPT: usize = 16 << 20;

/// What extra starts are made of.
pub(super) struct Extra<'x> {
    pub(super) engine: &'x dyn Engine,
    pub(super) subject: &'x Subject<'x>,
    pub(super) cancel: &'x Cancel,
}

/// A start that was looked at.
#[derive(Debug, Default)]
pub(super) struct LookedAt {
    pub(super) boot: Boot,
    pub(super) runtime: Option<Runtime>,
    pub(super) waited: Option<Waited>,
}

struct Look {
    port: Option<u16>,
    first: Option<i32>,
    watch: Option<Watch>,
    seen: LookedAt,
}

impl one::Moments for Look {
    fn started(&mut self, container: &dyn Container) {
        self.first = container.pid();
        self.watch = self.first.map(|first| Watch::begin(first, self.port));
    }

    fn ready(&mut self, _: &dyn Container) -> Result<(), EngineError> {
        self.seen.waited = self.watch.take().and_then(Watch::end);
        self.seen.runtime = self.first.and_then(Runtime::of_process);
        Ok(())
    }
}

/// A start that was traced.
#[derive(Debug, Default)]
pub(super) struct Traced {
    pub(super) boot: Boot,
    /// What it had said when its port was open.
    pub(super) opened: Option<String>,
    /// What it had said when it was ready.
    pub(super) ready: String,
}

impl one::Moments for Traced {
    fn opened(&mut self, container: &dyn Container) {
        self.opened = container.logs(KEPT).ok().map(|said| said.err);
    }

    fn ready(&mut self, container: &dyn Container) -> Result<(), EngineError> {
        self.ready = container.logs(KEPT)?.err;
        Ok(())
    }
}

/// Variables and files that are put into a start.
#[derive(Debug, Default)]
pub(super) struct Tracing {
    pub(super) env: Vec<(String, String)>,
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Extra<'_> {
    /// Whether it is known at once that a program ended: another engine says so much later.
    pub(super) fn sees_ends(&self) -> bool {
        self.engine.about().kind == EngineKind::Embedded
    }

    fn cpus(&self) -> Option<f64> {
        let most = f64::from(machine::this().cpus);
        self.subject.plan.cpus.map(|cpus| cpus.min(most))
    }

    /// Starts it as it is, and looks at what it does.
    pub(super) fn looked_at(&self) -> Result<LookedAt, EngineError> {
        let port = self.subject.plan.port;
        let mut look = Look { port, first: None, watch: None, seen: LookedAt::default() };
        let cpus = self.cpus();
        let boot = one::looked_at(self.engine, self.subject, cpus, &mut look, self.cancel)?;
        Ok(LookedAt { boot, ..look.seen })
    }

    /// Starts it with tracing on; nothing where it does not become ready then.
    pub(super) fn traced(&self, tracing: &Tracing) -> Result<Option<Traced>, EngineError> {
        let mut plan: StartPlan = self.subject.plan.clone();
        plan.env.retain(|(name, _)| tracing.env.iter().all(|(other, _)| other != name));
        plan.env.extend(tracing.env.iter().cloned());
        let files: Vec<(String, Vec<u8>)> =
            self.subject.files.iter().chain(&tracing.files).cloned().collect();
        let subject = Subject { plan: &plan, files: &files, ..*self.subject };
        let mut traced = Traced::default();
        let cpus = self.cpus();
        let boot = one::looked_at(self.engine, &subject, cpus, &mut traced, self.cancel)?;
        let traced = Traced { boot, ..traced };
        Ok(Some(traced).filter(|traced| traced.boot.outcome == BootOutcome::Ready))
    }

    /// Runs a program of the image to its end: seconds from when it runs, and what it said; nothing
    /// where it fails.
    pub(super) fn ran(
        &self,
        args: &[String],
        tracing: &Tracing,
    ) -> Result<Option<(f64, Ended)>, EngineError> {
        let mut spec = one::spec(self.subject, self.cpus());
        spec.env.extend(tracing.env.iter().cloned());
        spec.files.extend(tracing.files.iter().cloned());
        (spec.entrypoint, spec.command, spec.port) = (Some(args.to_vec()), None, None);
        let container = match self.engine.start(&spec) {
            Err(error) if error.kind == ErrorKind::NoProgram => return Ok(None),
            other => other?,
        };
        let begun = container.begun();
        let limit = self.subject.patience.clamp(Duration::from_secs(5), Duration::from_secs(60));
        let state = container.wait(limit, self.cancel)?;
        let took = begun.at.elapsed().saturating_sub(begun.exec).as_secs_f64();
        if state.running || state.exit_code != Some(0) {
            return Ok(None);
        }
        Ok(Some((took, container.logs(KEPT)?)))
    }
}
