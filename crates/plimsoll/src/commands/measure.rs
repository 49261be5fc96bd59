//! `plimsoll measure`: builds services, looks into their images and tries them.

use std::path::PathBuf;

use plimsoll_model::{CheckState, Exit, MeasuredService, NamedFigure};
use plimsoll_rules::review::Measured;

use super::delivery::write_whole;
use crate::events::{self, stage};
use crate::failure::Failure;
use crate::measuring::{self, against};
use crate::pipeline::{self, Found};
use crate::report::{json, measured as page};
use crate::store::{Outcome, Recorder};
use crate::{replays, repository, ui};

/// What to measure, and against what.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 measured · 2 usage · 3 no engine, or it went away, or a disk is full · \
13 something does not build or fails a check · 130 interrupted."
)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    options: measuring::Options,
    /// Builds the working tree and this revision in turns, and says what differs.
    #[arg(long, value_name = "REVISION")]
    against: Option<String>,
    /// How often each is built with --against: from six on, differences have intervals.
    #[arg(long, value_name = "COUNT", default_value_t = 6, requires = "against", value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Also writes the result as JSON to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Measures and prints.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let found = pipeline::find(&args.path)?;
    if found.found.services.is_empty() {
        return Err(Failure::usage("there is no service to measure")
            .hint("there is no Dockerfile below it"));
    }
    let (whole, page, exit) = match &args.against {
        Some(revision) => {
            let compared =
                against::compare(&args.path, &found, revision, args.rounds, &args.options)?;
            let failed = compared.services.iter().any(|service| service.error.is_some());
            (json::text(&compared), page::compared::page(&compared, colour), exit(failed))
        }
        None => {
            let services = measure(args, &found)?;
            let failed = services.iter().flat_map(|service| &service.checks);
            let failed = failed.into_iter().any(|check| check.state == CheckState::Failed);
            (json::text(&services), page::page(&services, colour), exit(failed))
        }
    };
    if let Some(path) = &args.output {
        write_whole(path, &whole)?;
    }
    ui::result(if args.json { &whole } else { &page })?;
    Ok(exit)
}

fn exit(failed: bool) -> Exit {
    if failed { Exit::BuildFailed } else { Exit::Passed }
}

/// Measures, and records what was seen; without a verdict.
fn measure(args: &Args, found: &Found) -> Result<Vec<MeasuredService>, Failure> {
    let recorder = Recorder::begin("measure", &args.path)?;
    let tell = |happened| recorder.event(happened);
    let keep = |name: &str, bytes: &[u8]| recorder.blob(name, bytes);
    let mut measured = Measured::default();
    stage(&tell, "replay", || replays::measure(&args.path, found, &mut measured));
    let work = || {
        let hear = (&tell as events::Listen<'_>, &keep as measuring::Keep<'_>);
        measuring::measure(&args.path, found, &args.options, &[], &mut measured, hear)
    };
    stage(&tell, "measure", work)?;
    let id = recorder.finish(&Outcome {
        repository: repository::of(&args.path, found),
        sources: &found.sources,
        measured: &measured,
        today: pipeline::today(),
        baseline: None,
        report: None,
    })?;
    ui::note(format_args!("recorded as run {id}: plimsoll judge --run {id} gives its verdict"));
    Ok(services(found, measured))
}

fn services(found: &Found, mut measured: Measured) -> Vec<MeasuredService> {
    let mut all = Vec::new();
    for service in &found.found.services {
        let name = &service.name;
        let Some(checks) = measured.checks.remove(name) else { continue };
        let (figures, others): (Vec<NamedFigure>, _) =
            measured.figures.into_iter().partition(|figure| figure.service == *name);
        measured.figures = others;
        all.push(MeasuredService {
            service: name.clone(),
            builds: measured.builds.remove(name),
            image: measured.images.remove(name),
            checks,
            boots: measured.boots.remove(name).unwrap_or_default(),
            figures,
        });
    }
    all
}
