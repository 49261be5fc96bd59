//! `plimsoll explain-miss`: why steps of a build run again from one commit to another.

use std::path::PathBuf;

use plimsoll_model::{Exit, MissReport};

use super::replay::services;
use crate::failure::Failure;
use crate::pipeline;
use crate::replays::commits;
use crate::replays::misses::{self, Subject};
use crate::report;
use crate::ui::{self, Colour};

/// What to explain.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The commits: A..B; A.. for the working tree after A; A alone for A after its first parent.
    #[arg(value_name = "A..B")]
    range: String,
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only the step that begins on this line of the later Dockerfile.
    #[arg(long, value_name = "LINE")]
    step: Option<u32>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Compares and prints.
pub(crate) fn run(args: &Args, colour: Colour) -> Result<Exit, Failure> {
    let (first, second) = range(&args.range)?;
    let found = pipeline::find(&args.path)?;
    let history = commits::open(&args.path)?;
    let ends = misses::ends(&history, first, second)?;
    let mut reports = Vec::new();
    let mut failures = Vec::new();
    for service in services(&found, args.service.as_deref())? {
        let explained = Subject::find(&history, &found, service)
            .map_err(|error| Failure::missing(format!("{}: {error}", service.name)))
            .and_then(|subject| subject.explain(&args.path, &ends));
        match explained {
            Ok(report) => reports.push(report),
            Err(failure) => failures.push(failure),
        }
    }
    if reports.is_empty() {
        let none = || Failure::missing("no service can be compared");
        return Err(failures.into_iter().next().unwrap_or_else(none));
    }
    failures.iter().for_each(|failure| ui::note(&failure.what));
    if let Some(line) = args.step {
        only(&mut reports, line)?;
    }
    if args.json {
        ui::result(&report::json::text(&reports))?;
    } else {
        let whole = args.step.is_some();
        let pages = reports.iter().map(|report| report::misses::page(report, whole, colour));
        ui::result(&pages.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Passed)
}

/// The two sides of `A..B`; one alone has no second.
fn range(text: &str) -> Result<(&str, Option<&str>), Failure> {
    let wrong = |what: &str| {
        Err(Failure::usage(format!("{text}: {what}"))
            .hint("name commits as A..B, A.. for the working tree, or A alone for what it changed"))
    };
    if text.contains("...") {
        return wrong("three dots name no earlier and later commit");
    }
    match text.split_once("..") {
        None if text.is_empty() => wrong("no commit is named"),
        None => Ok((text, None)),
        Some(("", _)) => wrong("the earlier commit is not named"),
        Some((first, second)) => Ok((first, Some(second))),
    }
}

/// Leaves only the steps that begin on a line.
fn only(reports: &mut Vec<MissReport>, line: u32) -> Result<(), Failure> {
    let lines = |report: &MissReport| {
        let lines: Vec<String> = report.steps.iter().map(|s| s.step.line.to_string()).collect();
        format!("those of {} begin on {}", report.service, lines.join(", "))
    };
    let hints: Vec<String> = reports.iter().map(lines).collect();
    for report in reports.iter_mut() {
        report.steps.retain(|step| step.step.line == line);
    }
    reports.retain(|report| !report.steps.is_empty());
    match reports.is_empty() {
        true => Err(Failure::usage(format!("no step that is built begins on line {line}"))
            .hint(hints.join("; "))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let read = |text| range(text).ok();
        assert_eq!(read("a..b"), Some(("a", Some("b"))));
        assert_eq!(read("a.."), Some(("a", Some(""))));
        assert_eq!(read("HEAD~2"), Some(("HEAD~2", None)));
        for wrong in ["", "a...b", "..b", ".."] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
