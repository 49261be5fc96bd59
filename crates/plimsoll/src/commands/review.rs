//! `plimsoll review`: the main job.

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_model::{Exit, Report};

use super::delivery::Delivery;
use crate::events;
use crate::failure::Failure;
use crate::pipeline::{self, Reviewed, Settings};
use crate::repository;
use crate::store::{Outcome, Recorder};
use crate::{images, measuring, ui};

/// What to review, and how to say it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    delivery: Delivery,
    /// An earlier report in JSON: findings it has keep the day they were first seen, so that due dates hold.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Leaves the build context unmeasured: only files that rules read are opened.
    #[arg(long)]
    no_context: bool,
    /// Leaves the git history unread: no cache hits are computed.
    #[arg(long)]
    no_replay: bool,
    /// Looks into an image that exists, as evidence: an archive, a layout or a name; repeatable.
    #[arg(long, value_name = "[SERVICE=]IMAGE", value_parser = images::of_service)]
    image: Vec<(Option<String>, String)>,
    /// Builds the services, looks into their images, and starts them; the run is recorded.
    #[arg(long)]
    measure: bool,
    #[command(flatten, next_help_heading = "With --measure")]
    measuring: measuring::Options,
    /// Reviews as of this day (2027-01-31) instead of today.
    #[arg(long, value_name = "DATE")]
    today: Option<plimsoll_model::Date>,
    /// Records what was read and measured, so that `plimsoll judge` can judge it again.
    #[arg(long)]
    record: bool,
}

/// Reviews and reports.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let formats = args.delivery.formats()?;
    if let Some(option) = args.measuring.named().filter(|_| !args.measure) {
        let what = format!("{option} says how to measure, and nothing is measured");
        return Err(Failure::usage(what).hint("add --measure"));
    }
    let baseline = args.baseline.as_deref().map(read_report).transpose()?;
    let (text, baseline) = baseline.unzip();
    let begin = || Recorder::begin("review", &args.path);
    let recorder = (args.record || args.measure).then(begin).transpose()?;
    let tell = |happened| match &recorder {
        Some(recorder) => recorder.event(happened),
        None => events::nobody(happened),
    };
    let keep = |name: &str, bytes: &[u8]| {
        recorder.as_ref().map_or(Ok(()), |recorder| recorder.blob(name, bytes))
    };
    let settings = Settings {
        baseline: baseline.as_ref(),
        today: args.today,
        measure_context: !args.no_context,
        replay: !args.no_replay,
        images: &args.image,
        measure: args.measure.then_some((&args.measuring, &keep as measuring::Keep<'_>)),
        listen: &tell,
    };
    let reviewed = pipeline::review(&args.path, &settings)?;
    if let Some(recorder) = recorder {
        record(recorder, &args.path, &reviewed, text.as_deref())?;
    }
    let fail_on = reviewed.found.config.fail_on.as_deref();
    args.delivery.deliver(&reviewed.report, &formats, fail_on, colour)
}

/// Records the review.
fn record(
    recorder: Recorder,
    path: &Path,
    reviewed: &Reviewed,
    baseline: Option<&str>,
) -> Result<(), Failure> {
    let Reviewed { report, found, measured } = reviewed;
    let id = recorder.finish(&Outcome {
        repository: repository::of(path, found),
        sources: &found.sources,
        measured,
        today: report.date,
        baseline,
        report: Some(report),
    })?;
    ui::note(format_args!("recorded as run {id}"));
    Ok(())
}

/// An earlier report, and its text.
fn read_report(path: &Path) -> Result<(String, Report), Failure> {
    let text = fs::read_to_string(path).map_err(|e| Failure::io("read", path, &e))?;
    let report: Report = serde_json::from_str(&text).map_err(|e| {
        let what = format!("{} is no report of plimsoll: {e}", path.display());
        Failure::usage(what).hint("write one with `plimsoll review --output report.json`")
    })?;
    if report.schema_version != plimsoll_model::SCHEMA_VERSION {
        return Err(Failure::usage(format!(
            "{} has form {}, this version reads form {}",
            path.display(),
            report.schema_version,
            plimsoll_model::SCHEMA_VERSION
        )));
    }
    Ok((text, report))
}
