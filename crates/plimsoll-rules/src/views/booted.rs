//! The cold starts of a service that were measured, as rules look at them.

use plimsoll_model::{Boot, BootOutcome, BootReport, BootWhy, Distribution, StartPlan, seconds};

use super::start_plan::deploy_plan;
use crate::discover::{Deploy, Service};
use crate::review::Review;
use crate::rule::Draft;

/// A window that is this many times the slowest start has room for a slow day.
pub(crate) const ROOM: f64 = 2.0;
/// Pairs of starts that it takes to say what CPU boost changes.
const PAIRS: u32 = 6;
/// A change of this share is small: a measurement that could not have seen it says nothing.
const SMALL: f64 = 0.1;

/// The cold starts of a service in one environment.
#[derive(Clone, Copy)]
pub(crate) struct Booted<'r> {
    /// As they were measured.
    pub report: &'r BootReport,
}

/// What CPU boost was measured to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Boosted {
    /// It takes so many seconds off a start, so large a share of it.
    Gains(f64, f64),
    /// It changes nothing that could be seen.
    GainsNothing,
}

/// The cold starts of a service, in each environment they were measured for.
pub(crate) fn boots<'r>(
    review: &Review<'r>,
    service: &Service,
) -> impl Iterator<Item = Booted<'r>> + use<'r> {
    let all = review.measured.boots.get(&service.name).into_iter().flatten();
    all.map(|report| Booted { report })
}

/// The cold starts with the settings of a deployment.
pub(crate) fn of_deploy<'r>(
    review: &Review<'r>,
    service: &Service,
    deploy: &Deploy,
) -> Option<Booted<'r>> {
    let all: Vec<Booted<'r>> = boots(review, service).collect();
    if all.is_empty() {
        return None;
    }
    let plan = deploy_plan(review, service, deploy)?;
    let named = |boots: &&Booted<'r>| boots.report.settings.environment == deploy.environment;
    let alike = |boots: &&Booted<'r>| boots.has_limits_of(&plan);
    // Environments that start a service alike are measured once.
    let best = all.iter().find(|boots| named(boots) && alike(boots));
    let best = best.or_else(|| all.iter().find(named).filter(|_| is_only(review, service, deploy)));
    best.or_else(|| all.iter().find(alike)).copied()
}

/// Whether a service has one deployment in the environment of this one.
fn is_only(review: &Review<'_>, service: &Service, deploy: &Deploy) -> bool {
    let deploys = service.deploys.iter().filter_map(|index| review.found.deploys.get(*index));
    deploys.filter(|other| other.environment == deploy.environment).count() == 1
}

/// The service that a deployment deploys, and its cold starts with these settings.
pub(crate) fn booted<'r>(
    review: &Review<'r>,
    deploy: &Deploy,
) -> Option<(&'r Service, Booted<'r>)> {
    let index = review.found.deploys.iter().position(|other| std::ptr::eq(other, deploy))?;
    let mut services = review.found.services.iter().filter(|s| s.deploys.contains(&index));
    services.find_map(|service| Some((service, of_deploy(review, service, deploy)?)))
}

impl<'r> Booted<'r> {
    fn has_limits_of(&self, plan: &StartPlan) -> bool {
        let settings = &self.report.settings;
        let boosted = settings.boosted_cpus.is_some();
        let boosts = plan.boost.is_some_and(|(_, is_set)| is_set);
        settings.cpus == plan.cpus && settings.memory == plan.memory && boosted == boosts
    }

    /// The starts as the settings have them: with CPU boost where it is set.
    fn starts(&self) -> &'r [Boot] {
        match &self.report.boost {
            Some(boost) if boost.is_set && !boost.boots.is_empty() => &boost.boots,
            _ => &self.report.boots,
        }
    }

    fn good(&self) -> impl Iterator<Item = &'r Boot> + use<'r> {
        self.starts().iter().filter(|boot| boot.outcome == BootOutcome::Ready)
    }

    /// Something of the starts that became ready.
    pub(crate) fn of(&self, what: impl Fn(&Boot) -> Option<f64>) -> Distribution {
        Distribution::of(self.good().filter_map(what).collect())
    }

    /// Seconds to the first good answer.
    pub(crate) fn ready(&self) -> Distribution {
        self.of(|boot| boot.ready)
    }

    /// The longest start, by what is asked of each; the first one, without a page cache, among them.
    pub(crate) fn slowest(&self, what: impl Fn(&Boot) -> Option<f64>) -> Option<f64> {
        let first = self.report.first.iter().filter(|boot| boot.outcome == BootOutcome::Ready);
        first.chain(self.good()).filter_map(what).reduce(f64::max)
    }

    /// Whether a start, the first one among them, ended like that.
    pub(crate) fn any(&self, is: impl Fn(&BootOutcome) -> bool) -> bool {
        self.report.first.iter().chain(self.starts()).any(|boot| is(&boot.outcome))
    }

    /// Bytes that a started instance holds and cannot give back; the most that was seen.
    pub(crate) fn memory(&self) -> Option<u64> {
        let settled = self.report.settled.iter().map(|(memory, _)| memory);
        let all = settled.chain(self.good().filter_map(|boot| boot.memory.as_ref()));
        all.map(|memory| memory.working_set.max(memory.anon.saturating_add(memory.shared))).max()
    }

    /// What CPU boost changes; `None` where that was not measured, or not well enough.
    pub(crate) fn boosted(&self) -> Option<Boosted> {
        let ready = &self.report.boost.as_ref()?.ready;
        let share = ready.difference.filter(|_| ready.pairs >= PAIRS)?;
        if ready.differs() && share < 0.0 {
            return Some(Boosted::Gains(ready.against? * -share, -share));
        }
        let (low, _) = ready.interval?;
        (low > -SMALL).then_some(Boosted::GainsNothing)
    }

    /// What CPU boost does to a start and what it costs, in words.
    pub(crate) fn quote_boost(&self, draft: &mut Draft) {
        let Some(boost) = &self.report.boost else { return };
        let pairs = boost.ready.pairs;
        draft.evidence(format!("measured in {pairs} pairs of cold starts: {}", boost.pays()));
        if let Some((with, without)) = boost.ready.subject.zip(boost.ready.against) {
            let read = boost.cost.as_ref();
            let read = read.map_or(String::new(), |(_, read)| format!("; prices of {read}"));
            draft.evidence(format!(
                "the first good answer comes after {} with {} CPU at the start, after {} without{read}",
                seconds(with),
                boost.cpus,
                seconds(without)
            ));
        }
        self.quote_caveats(draft);
    }

    /// The starts in a sentence: `measured: 24 cold starts at 1 CPU: median 1.90 s, max 2.40 s`.
    pub(crate) fn told(&self) -> Option<String> {
        let ready = self.ready();
        let (median, max) = (ready.median?, ready.max()?);
        let count = ready.values.len();
        let starts = if count == 1 { "start" } else { "starts" };
        let tail = ready.p95.and_then(|_| ready.tail(seconds));
        let tail = tail.map_or(String::new(), |tail| format!(", {tail}"));
        let first = self.report.first.as_ref().and_then(|boot| boot.ready);
        let first = first.map_or(String::new(), |first| {
            format!("; before them one with nothing of the image in memory, {}", seconds(first))
        });
        Some(format!(
            "measured: {count} cold {starts}{}: median {}{tail}, max {}{first}",
            self.told_cpus(),
            seconds(median),
            seconds(max)
        ))
    }

    fn told_cpus(&self) -> String {
        let settings = &self.report.settings;
        let Some(cpus) = settings.cpus else { return String::new() };
        match settings.boosted_cpus {
            Some(boosted) => format!(" at {cpus} CPU, boosted to {boosted}"),
            None => format!(" at {cpus} CPU"),
        }
    }

    /// Quotes the starts, and what must be known to trust them.
    pub(crate) fn quote(&self, draft: &mut Draft) {
        if let Some(told) = self.told() {
            draft.evidence(told);
        }
        if let Some(waits) = self.throttled().filter(|waits| *waits >= SMALL) {
            draft.evidence(format!(
                "measured: for {} of the CPU time that a start wants, its quota is spent",
                plimsoll_model::share(waits)
            ));
        }
        self.quote_caveats(draft);
    }

    /// What must be known to trust the starts.
    pub(crate) fn quote_caveats(&self, draft: &mut Draft) {
        for caveat in &self.report.caveats {
            draft.evidence(format!("caveat of the cold starts: {caveat}"));
        }
    }

    /// The share of the CPU time it wants that a start waits because its quota is spent.
    pub(crate) fn throttled(&self) -> Option<f64> {
        let share = |boot: &Boot| {
            let (waits, runs) = (boot.throttled?, boot.cpu?);
            (waits + runs > 0.0).then(|| waits / (waits + runs))
        };
        self.of(share).median
    }

    /// Why a start takes as long as it does, where that was looked into.
    pub(crate) fn why(&self) -> Option<&'r BootWhy> {
        self.report.why.as_ref()
    }
}

/// Whether all cold starts of services were looked into, and load no module without bytecode.
pub(crate) fn all_have_bytecode(review: &Review<'_>, services: &[Service]) -> bool {
    let whys = |service: &Service| {
        let mut all = boots(review, service).filter_map(|boots| boots.why()).peekable();
        all.peek().is_some()
            && all.all(|why| why.without_bytecode == Some(0) && why.modules.is_some_and(|n| n > 0))
    };
    !services.is_empty() && services.iter().all(whys)
}

/// Quotes how many modules the start of a service compiles, and which of them cost most.
pub(crate) fn quote_bytecode(review: &Review<'_>, service: &Service, draft: &mut Draft) {
    const NAMED: usize = 3;
    let told = boots(review, service).find_map(|boots| {
        let missing = boots.why()?.without_bytecode.filter(|missing| *missing > 0)?;
        Some((boots, boots.why()?, missing))
    });
    let Some((boots, why, missing)) = told else { return };
    let of = why.modules.map_or(String::new(), |all| format!(" of {all}"));
    let cpu = boots.of(|boot| boot.cpu).median;
    let cpu = cpu.map_or(String::new(), |cpu| format!("; a start takes {} of CPU", seconds(cpu)));
    draft.evidence(format!(
        "measured: a start of {} loads {missing}{of} modules without bytecode{cpu}",
        service.name
    ));
    let costly = why.imports.iter().filter(|import| import.without_bytecode).take(NAMED);
    let costly: Vec<String> =
        costly.map(|import| format!("{} {}", import.name, seconds(import.seconds))).collect();
    if !costly.is_empty() {
        draft.evidence(format!("the costliest of them: {}", costly.join(", ")));
    }
}
