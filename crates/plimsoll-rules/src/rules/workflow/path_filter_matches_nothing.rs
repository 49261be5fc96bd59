//! Paths of a filter that no file of the repository has.

use plimsoll_model::{EntryKind, Level, Section};
use plimsoll_syntax::filter_pattern::matches;

use crate::repo::{Fact, Trigger, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::below_unread;
use crate::views::deploy_job::{builds_of, deploy_jobs};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/path-filter-matches-nothing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "every path of a filter names a file",
    aliases: &[],
    page: include_str!("path_filter_matches_nothing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let ships = !deploy_jobs(review, workflow).is_empty()
        || workflow.jobs.iter().any(|j| !builds_of(review, workflow, j).is_empty());
    for trigger in &workflow.on {
        let starts =
            matches!(trigger.event.value.as_str(), "push" | "pull_request" | "pull_request_target");
        let wanted: Vec<&Fact<String>> =
            trigger.paths.iter().filter(|p| !p.value.starts_with('!')).collect();
        if !starts || !ships || wanted.is_empty() || !trigger.paths.iter().all(is_plain) {
            continue;
        }
        let dead: Vec<&Fact<String>> =
            wanted.iter().filter(|p| !is_there(review, p)).copied().collect();
        match dead.first() {
            None => out.examined(),
            Some(first) => report(trigger, first, &dead, dead.len() == wanted.len(), out),
        }
    }
}

/// A pattern of names, `*` and `**`, without expressions, and not too many stars to try.
fn is_plain(pattern: &Fact<String>) -> bool {
    let stars = pattern.value.bytes().filter(|b| *b == b'*').count();
    stars <= 6 && !pattern.value.contains(['?', '+', '[', '$', '{', '\\'])
}

/// Whether a file has the path, or may have it: one that is not read, or not committed yet.
fn is_there(review: &Review<'_>, pattern: &Fact<String>) -> bool {
    let literal = pattern.value.split('*').next().unwrap_or_default();
    // A kind of file anywhere, such as `**.sql`, may well come.
    if literal.is_empty() || below_unread(review, literal.trim_end_matches('/')) {
        return true;
    }
    let files = review.sources.tree.iter();
    files
        .filter(|(_, entry)| entry.kind != EntryKind::Folder)
        .any(|(path, _)| matches(&pattern.value, path))
}

fn report(
    trigger: &Trigger,
    first: &Fact<String>,
    dead: &[&Fact<String>],
    all: bool,
    out: &mut Out,
) {
    let more = match dead.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    let finding = out
        .finding(&first.at, format!("no file has the path `{}`{more}", first.value))
        .label("matches nothing")
        .related(&trigger.event.at, "waits for it")
        .level(if all { Level::ShouldFix } else { Level::Advice })
        .consequence(if all {
            "the event never starts the workflow, and nobody is told"
        } else {
            "what was meant changes without starting the workflow"
        })
        .remedy("write the path as it is in the repository, from its root and with `/**` for a folder, or remove it");
    for path in dead.iter().skip(1) {
        finding.evidence(format!("matches nothing: {}", path.value));
    }
}
