//! `plimsoll image`: what an image holds, and what of it need not be there.

use std::path::PathBuf;

use plimsoll_model::Exit;
use plimsoll_oci::Analysis;

use super::review::write_whole;
use crate::failure::Failure;
use crate::images::{self, Asked};
use crate::report::{image, json};
use crate::ui;

/// Which image, and how to say what it holds.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The image: an archive, an OCI layout, `-` for an archive on standard input, or a name that
    /// the Docker Engine or a registry knows.
    image: String,
    #[command(flatten)]
    asked: Asked,
    /// Shows every list whole.
    #[arg(long)]
    full: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Also writes what is known as JSON to a file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Reads and prints.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let read = images::read(&args.image, &args.asked)?;
    let analysis = Analysis::new(&read);
    let report = analysis.report(&args.image);
    if let Some(path) = &args.output {
        write_whole(path, &json::text(&report))?;
    }
    let text = match args.json {
        true => json::text(&report),
        false => image::page(&report, args.full, colour),
    };
    ui::result(&text)?;
    Ok(Exit::Passed)
}
