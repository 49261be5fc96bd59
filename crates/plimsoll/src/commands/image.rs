//! `plimsoll image`: what an image holds, and what of it need not be there.

use std::path::PathBuf;

use plimsoll_model::Exit;
use plimsoll_oci::Analysis;

use super::delivery::write_whole;
use crate::explore;
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
    /// Shows layers, files, owners and findings in a view to move in; `?` says the keys.
    #[arg(long, short, conflicts_with_all = ["against", "full", "json"])]
    interactive: bool,
    /// Also writes a page that needs no network to a file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
    if args.interactive {
        explore::needs_terminal(&args.image)?;
    }
    let read = images::read(&args.image, &args.asked)?;
    let analysis = Analysis::new(&read);
    let report = analysis.report(&args.image);
    let forms = match &args.against {
        None => Forms {
            json: json::text(&report),
            terminal: image::page(&report, args.full, colour),
            html: args.html.as_ref().map(|_| image::html::page(&report)),
        },
        Some(earlier) => {
            let read = images::read(earlier, &args.asked)?;
            let earlier_analysis = Analysis::new(&read);
            let before = earlier_analysis.report(earlier);
            let comparison = analysis.against((&report, &before), &earlier_analysis);
            Forms {
                json: json::text(&comparison),
                terminal: image::compared::page(&comparison, args.full, colour),
                html: args.html.as_ref().map(|_| image::html::compared(&comparison)),
            }
        }
    };
    forms.write(args)?;
    if args.interactive {
        explore::run(&analysis, &report, colour)?;
    } else {
        ui::result(if args.json { &forms.json } else { &forms.terminal })?;
    }
    Ok(Exit::Passed)
}

/// What is known, in each form.
struct Forms {
    json: String,
    terminal: String,
    html: Option<String>,
}

impl Forms {
    fn write(&self, args: &Args) -> Result<(), Failure> {
        if let Some(path) = &args.output {
            write_whole(path, &self.json)?;
        }
        match (&args.html, &self.html) {
            (Some(path), Some(html)) => write_whole(path, html),
            _ => Ok(()),
        }
    }
}
