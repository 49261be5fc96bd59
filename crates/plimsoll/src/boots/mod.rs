//! From a service or an image to its cold starts.
//!
//! ```text
//! target -> StartPlan (settings, overridden by flags) + image in the store -> runtime -> BootReport
//! ```

mod plan;
mod runtime;
mod watch;

use std::time::Duration;

use plimsoll_measure::boot::{self, Subject, Wishes};
use plimsoll_measure::engine::{Cancel, Engine};
use plimsoll_model::{BootComparison, BootReport, BootWhy, StartPlan};
use plimsoll_rules::views::cloud_run::cloud_run;

pub(crate) use plan::{Overrides, Target, target};
pub(crate) use runtime::{Choice, Held, Runtime};
pub(crate) use watch::Watch;

use crate::failure::Failure;
use crate::ui;

/// How starts are measured.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many starts, after the first one: from 6 on the median has an interval, from 59 on there is a P95.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) boots: u32,
    /// Empties the page cache of the image before every start, not only before the first.
    #[arg(long)]
    pub(crate) evict: bool,
    /// How many seconds the last one is left running, before its memory is read and it is asked to stop.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=3600))]
    pub(crate) hold: u32,
    /// How long a start may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) timeout: u32,
    /// What it may reach: nothing but itself, or all that this machine reaches.
    #[arg(long, value_enum, value_name = "NETWORK", default_value_t, hide_default_value = true)]
    pub(crate) network: Reaches,
}

/// What a service may reach while it is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Reaches {
    /// Only itself.
    #[default]
    None,
    /// All that this machine reaches.
    Host,
}

impl Options {
    pub(crate) fn wishes(&self) -> Wishes {
        let hold = Duration::from_secs(self.hold.into());
        Wishes { boots: self.boots, evict: self.evict, hold, ..wishes() }
    }

    /// What is started, of an image that the runtime has.
    pub(crate) fn subject<'s>(
        &self,
        name: &'s str,
        held: &'s Held,
        plan: &'s StartPlan,
    ) -> Subject<'s> {
        Subject {
            name,
            image: &held.name,
            id: &held.id,
            plan,
            command: None,
            files: &[],
            patience: Duration::from_secs(self.timeout.into()),
            host_network: self.network == Reaches::Host,
        }
    }
}

/// How starts are measured where nobody says otherwise: with boost as the platform has and bills it.
pub(crate) fn wishes() -> Wishes {
    let platform = cloud_run();
    Wishes {
        boots: 20,
        evict: false,
        boost: true,
        hold: Duration::from_secs(2),
        price: Some(platform.cost(1.0)),
        tail: platform.boost_tail,
    }
}

/// Measures, and says meanwhile how far it is.
pub(crate) fn measure(
    runtime: &Runtime,
    subject: &Subject<'_>,
    wishes: &Wishes,
    cancel: &Cancel,
) -> Result<BootReport, Failure> {
    let mut watch = Watch::new(subject.name);
    let engine: &dyn Engine = runtime.engine();
    let mut report =
        boot::measure(engine, subject, wishes, &mut |progress| watch.tell(progress), cancel)?;
    report.caveats.splice(0..0, runtime.caveats());
    Ok(report)
}

/// Finds out why its starts take as long as they do.
pub(crate) fn why(
    runtime: &Runtime,
    subject: &Subject<'_>,
    report: &BootReport,
    cancel: &Cancel,
) -> Result<BootWhy, Failure> {
    ui::note(format!("{}: is started some times more, to see why", subject.name));
    Ok(boot::why(runtime.engine(), subject, report, None, cancel)?)
}

/// Measures two images in turns.
pub(crate) fn compare(
    runtime: &Runtime,
    (subject, against): (&Subject<'_>, &Subject<'_>),
    wishes: &Wishes,
    cancel: &Cancel,
) -> Result<BootComparison, Failure> {
    let mut watch = Watch::new(subject.name);
    let tell = &mut |progress: boot::Progress<'_>| watch.tell(progress);
    let mut compared = boot::compare(runtime.engine(), (subject, against), wishes, tell, cancel)?;
    compared.subject.caveats.splice(0..0, runtime.caveats());
    Ok(compared)
}
