//! Recorded runs as a table, and one of them as a page.

use std::fmt::Write as _;

use plimsoll_model::{
    CheckState, Happened, RunEvent, RunManifest, Timestamp, bytes, count, printable, seconds,
};

/// The runs with their sizes, a line each.
pub(crate) fn table(runs: &[(u64, RunManifest)]) -> String {
    let mut out = String::new();
    for (size, run) in runs {
        let _ = writeln!(
            out,
            "{}  {}  {:<12}{:>9}  {}",
            run.id,
            time(run.started),
            run.verdict.map_or("-", |verdict| verdict.as_str()),
            bytes(*size as f64),
            printable(&run.repository.name)
        );
    }
    out
}

/// A run: what it looked at, and what happened when.
pub(crate) fn one(run: &RunManifest, events: &[RunEvent]) -> String {
    let mut out = format!("{}  {} of {}\n", run.id, printable(&run.command), repository(run));
    let _ = writeln!(out, "{} to {}", time(run.started), time(run.ended));
    let _ = writeln!(
        out,
        "judged as of {}{} by plimsoll {}",
        run.terms.today,
        run.terms.baseline.map_or("", |_| ", with an earlier report"),
        printable(&run.plimsoll_version)
    );
    for (name, blob) in &run.blobs {
        let _ = writeln!(out, "{}  {}", printable(name), blob.sha256);
    }
    for event in events {
        if let Some(text) = said(&event.happened) {
            let _ = writeln!(out, "{:>8} ms  {}", event.at_ms, printable(&text));
        }
    }
    out
}

fn repository(run: &RunManifest) -> String {
    let mut text = run.repository.name.clone();
    if let Some(commit) = &run.repository.commit {
        let _ = write!(text, " at {}", commit.chars().take(12).collect::<String>());
    }
    match run.repository.changed {
        None | Some(0) => {}
        Some(changed) => {
            let _ = write!(text, ", {} of the files read changed since", count(changed as f64));
        }
    }
    printable(&text).into_owned()
}

/// An event as a line; those that have no word here have none.
fn said(happened: &Happened) -> Option<String> {
    let number = |n: usize| count(n as f64);
    Some(match happened {
        Happened::StageBegun { stage } => format!("{stage} begins"),
        Happened::StageEnded { stage } => format!("{stage} ends"),
        Happened::SourcesRead { paths, files, problems } => format!(
            "{} paths seen, {} files read, {} problems",
            number(*paths),
            number(*files),
            number(*problems)
        ),
        Happened::ContextMeasured { service, bytes: sent, files } => {
            format!("{service}: {} files, {} sent", count(*files as f64), bytes(*sent as f64))
        }
        Happened::Replayed { service, builds } => {
            format!("{service}: {} builds replayed", number(*builds))
        }
        Happened::Built { service, which, built, seconds: took } => {
            let how = if *built { "" } else { ", and failed" };
            format!("{service}: {which} build, {}{how}", seconds(*took))
        }
        Happened::Checked { service, name, state } => {
            let state = match state {
                CheckState::Passed => "passed",
                CheckState::Failed => "failed",
                CheckState::NotRun => "not run",
            };
            format!("{service}: {}: {state}", name.title())
        }
        Happened::FigureRecorded { figure } => {
            format!("{}: {} {}", figure.service, figure.metric, figure.figure)
        }
        Happened::Judged { verdict, findings } => {
            format!("{verdict}, {} findings", number(*findings))
        }
        _ => return None,
    })
}

fn time(at: Timestamp) -> String {
    let (hour, minute, _) = at.hms();
    format!("{} {hour:02}:{minute:02} UTC", at.date())
}
