//! `plimsoll judge`: the verdict again, from a record alone.

use plimsoll_model::Exit;

use super::delivery::Delivery;
use crate::failure::Failure;
use crate::store;
use crate::ui;

/// Which run to judge, and how to say it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The run: its name or the start of it, `latest`, or a folder (`./run`).
    #[arg(long, default_value = "latest", value_name = "ID|PATH")]
    run: String,
    #[command(flatten)]
    delivery: Delivery,
}

/// Judges and reports.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let formats = args.delivery.formats()?;
    let record = store::find(&args.run)?;
    let again = store::judge(&record)?;
    for line in again.beside.lines() {
        ui::note(format_args!("run {}: {line}", record.manifest.id));
    }
    args.delivery.deliver(&again.report, &formats, again.fail_on.as_deref(), colour)
}
