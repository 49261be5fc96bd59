//! `plimsoll init`: a commented `plimsoll.toml` for what was found.

use std::fmt::Write as _;
use std::path::PathBuf;

use plimsoll_model::{Exit, METRICS};
use plimsoll_rules::config;

use super::delivery::write_whole;
use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::ui;

/// Where.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Prints the file instead of writing it.
    #[arg(long)]
    stdout: bool,
}

/// Writes the file; one that is there is never overwritten.
pub(crate) fn run(args: &Args) -> Result<Exit, Failure> {
    let found = pipeline::find(&args.path)?;
    let text = text(&found);
    if args.stdout {
        ui::result(&text)?;
        return Ok(Exit::Passed);
    }
    let path = args.path.join(config::FILE);
    if path.symlink_metadata().is_ok() {
        let what = format!("{} is there already and was left as it is", path.display());
        return Err(
            Failure::usage(what).hint("`plimsoll init --stdout` prints what would be written")
        );
    }
    write_whole(&path, &text)?;
    ui::note(format_args!("wrote {}: everything in it is optional", path.display()));
    Ok(Exit::Passed)
}

fn text(found: &Found) -> String {
    let mut out = String::from(
        "# Settings of plimsoll. Everything here is optional: delete what you do not need.\n\
         # All keys: docs/reference/configuration.md\n\n\
         # Days before a should-fix blocks.\n# due-days = 30\n\n\
         # Folders that are left out.\n# exclude = [\"fixtures\"]\n\n\
         # The verdicts that make the exit code other than 0.\n# fail-on = [\"rejected\", \"not-proven\"]\n\n\
         # Budgets of every service. These are the defaults.\n# [budgets]\n",
    );
    for metric in METRICS.iter() {
        if let Some(limit) = metric.default_limit {
            let shown = metric.unit.show(limit).replace('\u{202f}', " ");
            let _ = writeln!(out, "# \"{}\" = \"{}\"", metric.name, settable(&shown, limit));
        }
    }
    out.push_str("\n# Rules switched off or weighed otherwise.\n# [rules]\n# \"security/root-user\" = \"advice\"\n\n");
    for service in &found.found.services {
        let Some(file) = found.repo.dockerfiles.get(service.dockerfile) else { continue };
        let context = service.context.as_ref().and_then(|c| c.folder()).unwrap_or(".");
        let _ = writeln!(
            out,
            "# Found: {} is built from {} with the context {}",
            comment(&service.name),
            comment(&file.path),
            comment(if context.is_empty() { "." } else { context })
        );
        let _ = writeln!(out, "# [service.{}]", quoted(&service.name));
        let _ = writeln!(out, "# dockerfile = {}", quoted(&file.path));
        let _ = writeln!(
            out,
            "# context = {}\n",
            quoted(if context.is_empty() { "." } else { context })
        );
    }
    out.push_str(
        "# A waiver lets one finding through, with a reason and a date.\n# [[waiver]]\n\
         # rule = \"image/recommends-installed\"\n# path = \"backend/Dockerfile\"\n\
         # until = \"2027-01-31\"\n# reason = \"ffmpeg needs its plugins\"\n",
    );
    out
}

/// A quantity that the configuration reads back to the same number.
fn settable(shown: &str, limit: f64) -> String {
    let read = config::Config::parse("x", &format!("[budgets]\n\"context.bytes\" = \"{shown}\"\n"));
    match read.budgets.first() {
        Some((_, fact)) if (fact.value - limit).abs() < limit * 1e-9 => shown.to_owned(),
        _ => limit.to_string(),
    }
}

/// Text for a comment: a path with a line break must not end it.
fn comment(text: &str) -> String {
    plimsoll_model::printable(text).into_owned()
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    format!("\"{}\"", comment(text).replace('\\', "\\\\").replace('"', "\\\""))
}
