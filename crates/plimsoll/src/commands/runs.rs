//! `plimsoll runs`: the records, listed, shown and removed.

use plimsoll_model::Exit;

use crate::failure::Failure;
use crate::pipeline;
use crate::report::runs as page;
use crate::store::{self, Record};
use crate::ui;

/// What to do with the records; without a word they are listed.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Shows what a run looked at and what happened.
    Show {
        /// The run: its name or the start of it, `latest`, or a folder (`./run`).
        #[arg(default_value = "latest", value_name = "ID|PATH")]
        run: String,
    },
    /// Removes runs.
    Remove {
        /// The runs: their names, or the start of them.
        #[arg(value_name = "ID", required_unless_present = "older_than")]
        runs: Vec<String>,
        /// Removes those that are older than so many days.
        #[arg(long, value_name = "DAYS", value_parser = days, conflicts_with = "runs")]
        older_than: Option<i32>,
    },
}

/// Lists, shows or removes.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.what {
        None => list()?,
        Some(What::Show { run }) => {
            let record = store::find(run)?;
            ui::result(&page::one(&record.manifest, &record.events()?))?;
        }
        Some(What::Remove { runs, older_than: None }) => removed(&store::remove(runs)?)?,
        Some(What::Remove { older_than: Some(days), .. }) => {
            let before = pipeline::today().plus_days(days.saturating_neg());
            removed(&store::sweep(before)?)?;
        }
    }
    Ok(Exit::Passed)
}

fn list() -> Result<(), Failure> {
    let mut rows = Vec::new();
    for run in store::all()? {
        match Record::open(&run.folder) {
            Ok(record) => rows.push((record.size(), record.manifest)),
            Err(error) => ui::note(error.what),
        }
    }
    if rows.is_empty() {
        ui::note("no run is recorded: `plimsoll review --record` makes one");
    }
    Ok(ui::result(&page::table(&rows))?)
}

fn removed(ids: &[plimsoll_model::RunId]) -> Result<(), Failure> {
    let lines: String = ids.iter().map(|id| format!("removed {id}\n")).collect();
    Ok(ui::result(&lines)?)
}

/// Days, written `90d`.
fn days(text: &str) -> Result<i32, String> {
    let number = text.strip_suffix('d').and_then(|number| number.parse::<u16>().ok());
    number.map(i32::from).ok_or_else(|| "write days as 90d".to_owned())
}
