//! `plimsoll image`: what an image holds, and what of it need not be there.

use std::path::PathBuf;

use plimsoll_model::Exit;
use plimsoll_oci::Analysis;

use super::delivery::write_whole;
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
    /// Says what is new, gone and larger than in an earlier image.
    #[arg(long, value_name = "IMAGE")]
    against: Option<String>,
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
    let (whole, page) = match &args.against {
        None => (json::text(&report), image::page(&report, args.full, colour)),
        Some(earlier) => {
            let read = images::read(earlier, &args.asked)?;
            let earlier_analysis = Analysis::new(&read);
            let before = earlier_analysis.report(earlier);
            let comparison = analysis.against((&report, &before), &earlier_analysis);
            (json::text(&comparison), image::compared::page(&comparison, args.full, colour))
        }
    };
    if let Some(path) = &args.output {
        write_whole(path, &whole)?;
    }
    ui::result(if args.json { &whole } else { &page })?;
    Ok(Exit::Passed)
}
