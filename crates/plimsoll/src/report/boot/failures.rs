//! Starts that did not become ready: how they ended, and what to do.

use plimsoll_model::{Boot, BootOutcome, BootReport, BootSettings, bytes};

use super::counted;
use crate::report::page::Page;

pub(super) fn failures(page: &mut Page, report: &BootReport) {
    let failed = |boot: &&Boot| boot.outcome != BootOutcome::Ready;
    let boosted = report.boost.iter().flat_map(|boost| &boost.boots);
    let all: Vec<&Boot> =
        report.first.iter().chain(&report.boots).chain(boosted).filter(failed).collect();
    let mut kinds: Vec<&BootOutcome> = Vec::new();
    for boot in &all {
        if !kinds.contains(&&boot.outcome) {
            kinds.push(&boot.outcome);
        }
    }
    if all.is_empty() {
        return;
    }
    page.title("failed", &format!("{} did not become ready", counted(all.len(), "start")));
    for kind in kinds {
        let boots: Vec<&&Boot> = all.iter().filter(|boot| boot.outcome == *kind).collect();
        let (what, todo) = said(kind, &report.settings);
        page.wrapped(&format!("    {:>3} × ", boots.len()), &what);
        let mut details: Vec<&str> = boots.iter().filter_map(|b| b.detail.as_deref()).collect();
        details.retain(|detail| !detail.trim().is_empty());
        details.dedup();
        let (shown, left) = page.shown(&details);
        for detail in shown {
            page.wrapped("          ", detail);
        }
        page.more(left);
        page.wrapped("          do: ", &todo);
    }
}

/// What happened, and what to do.
fn said(outcome: &BootOutcome, settings: &BootSettings) -> (String, String) {
    let port = settings.port.map_or_else(|| "its port".to_owned(), |port| format!("port {port}"));
    let path = settings.path.as_deref().unwrap_or("/");
    let (what, todo) = match outcome {
        BootOutcome::Ready => (String::new(), ""),
        BootOutcome::NotStarted => (
            "it was not started: the image lacks its program, or it cannot be run".to_owned(),
            "`plimsoll image` names what is missing",
        ),
        BootOutcome::Exited { code } => {
            (ended(*code), "read its last lines; give it the variables it needs to start")
        }
        BootOutcome::OutOfMemory => (
            settings.memory.map_or_else(
                || "it was killed: it wanted more memory than there is".to_owned(),
                |limit| {
                    format!("it was killed: it wanted more memory than {}", bytes(limit as f64))
                },
            ),
            "raise the limit, start fewer workers, or load less at the start",
        ),
        BootOutcome::NeverListened => (
            format!("{port} was not open in time"),
            "listen on the port that the variable PORT names",
        ),
        BootOutcome::LocalhostOnly => (
            format!("it listens on 127.0.0.1 only: nobody can reach {port} from outside"),
            "bind to 0.0.0.0 instead of 127.0.0.1",
        ),
        BootOutcome::NeverAnswered { status: Some(status) } => (
            format!("{port} was open, and {path} answered {status} to the end"),
            "make it answer 200 to 399 once it can serve, without what is not there when it starts",
        ),
        BootOutcome::NeverAnswered { status: None } => (
            format!("{port} was open, and {path} was never answered"),
            "see what it waits for; the port must speak HTTP/1",
        ),
    };
    (what, todo.to_owned())
}

/// How a program ended that should not have.
fn ended(code: i32) -> String {
    match code {
        0 => "it ended by itself before it answered, as if all were done (exit code 0)".to_owned(),
        129..=192 => format!("it was ended by signal {} before it answered", code - 128),
        code => format!("it ended with exit code {code} before it answered"),
    }
}
