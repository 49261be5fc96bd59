//! `plimsoll judge`: the verdict again, from a record alone.

use plimsoll_model::{Exit, Report};
use plimsoll_rules::review::Terms;

use super::delivery::Delivery;
use crate::failure::Failure;
use crate::pipeline::{self, Found, VERSION};
use crate::report::json;
use crate::store::{self, Drift, Record};
use crate::ui;

/// Which run to judge, and how to say it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run: its name or the start of it, `latest`, or the folder of a run.
    #[arg(long, default_value = "latest", value_name = "ID|PATH")]
    run: String,
    #[command(flatten)]
    delivery: Delivery,
}

/// Judges and reports.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let formats = args.delivery.formats()?;
    let record = store::find(&args.run)?;
    let baseline = record.baseline()?;
    let found = Found::of(record.sources()?);
    let terms =
        Terms { today: record.manifest.terms.today, baseline: baseline.as_ref(), version: VERSION };
    let report = pipeline::judge(&found, &record.measured()?, &terms);
    compare(&record, &report)?.iter().for_each(ui::note);
    args.delivery.deliver(&report, &formats, found.config.fail_on.as_deref(), colour)
}

/// What is to be said of the report beside the recorded one.
fn compare(record: &Record, report: &Report) -> Result<Vec<String>, Failure> {
    let id = &record.manifest.id;
    let Some(then) = record.report()? else {
        return Ok(vec![format!("run {id} was not judged when it was recorded")]);
    };
    if then == json::render(report) {
        return Ok(vec![format!(
            "run {id} judged again: the report is the recorded one, byte by byte"
        )]);
    }
    Ok(match serde_json::from_str::<Report>(&then) {
        Ok(then) => Drift::between(&then, report).lines(),
        Err(_) => vec!["the recorded report has a form that this version does not read".to_owned()],
    })
}
