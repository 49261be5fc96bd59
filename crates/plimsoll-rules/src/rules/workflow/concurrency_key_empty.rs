//! Concurrency groups that are the same for runs that have nothing to do with one another.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::expression::{Piece, resolve, template};

use crate::repo::{Concurrency, Fact, Trigger, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::conditions::trigger;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/concurrency-key-empty",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "concurrency groups tell branches and pull requests apart",
    aliases: &[],
    page: include_str!("concurrency_key_empty.md"),
    check: Check::Workflow(check),
};

/// What is the same in every run of a workflow.
const CONSTANT: [&str; 6] = [
    "github.workflow",
    "github.repository",
    "github.repository_owner",
    "github.job",
    "github.event_name",
    "github.server_url",
];

/// What is the same for all pull requests to a branch, in a run with its rights.
const BASE: [&str; 4] = ["github.ref", "github.ref_name", "github.sha", "github.base_ref"];

/// What a group leaves out.
enum Gap {
    /// A part is empty in a run for a push.
    Push,
    /// The ref is the base's in a run for `pull_request_target`.
    Target,
}

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    // A caller's events are not known.
    if trigger(workflow, "workflow_call").is_some() {
        return;
    }
    if let Some(concurrency) = &workflow.concurrency {
        one(workflow, concurrency, out);
    }
    for job in workflow.jobs.iter().filter(|j| j.condition.is_none()) {
        if let Some(concurrency) = &job.concurrency {
            one(workflow, concurrency, out);
        }
    }
}

fn one(workflow: &Workflow, concurrency: &Concurrency, out: &mut Out) {
    let (Some(group), Some(cancel)) = (&concurrency.group, &concurrency.cancel) else { return };
    let push = trigger(workflow, "push").filter(|t| is_of_many_refs(t));
    let guarded = workflow.jobs.iter().all(|j| j.condition.is_some());
    let gap = if push.is_some_and(|_| !guarded && cancels(cancel, "push") && lacks(group, "push")) {
        Some((Gap::Push, "push"))
    } else if trigger(workflow, "pull_request_target").is_some()
        && cancels(cancel, "pull_request_target")
        && names_base_only(group)
    {
        Some((Gap::Target, "pull_request_target"))
    } else {
        None
    };
    match gap.and_then(|(gap, event)| Some((gap, trigger(workflow, event)?))) {
        None => out.examined(),
        Some((gap, trigger)) => report(group, cancel, &gap, trigger, out),
    }
}

/// Whether pushes to several branches or of several tags start it.
fn is_of_many_refs(push: &Trigger) -> bool {
    let open = |list: &[Fact<String>]| list.iter().any(|b| b.value.contains('*'));
    (push.branches.is_empty() && push.tags.is_empty()) || open(&push.branches) || open(&push.tags)
}

fn cancels(cancel: &Fact<String>, event: &str) -> bool {
    let known = |path: &str| (path == "github.event_name").then(|| event.to_owned());
    resolve(&cancel.value, &known).text == "true"
}

/// The context paths that are left of a group in a run for an event, and whether an
/// expression of it is empty; `None` where it cannot be told.
fn evaluated(group: &str, event: &str) -> Option<(Vec<String>, bool)> {
    let known = |path: &str| {
        let lower = path.to_ascii_lowercase();
        let of_pull_request =
            matches!(lower.as_str(), "github.head_ref" | "github.base_ref" | "github.event.number")
                || lower.starts_with("github.event.pull_request.");
        let is_empty = event == "push" && of_pull_request;
        let name = (lower == "github.event_name").then(|| event.to_owned());
        if is_empty { Some(String::new()) } else { name }
    };
    let (mut left, mut empty) = (Vec::new(), false);
    for piece in template(group) {
        let Piece::Expression { span, expr } = piece else { continue };
        let written = span.text(group);
        let resolved = resolve(written, &known);
        empty |= resolved.text.is_empty();
        if !resolved.unknown.is_empty() {
            expr.ok()?.contexts(&mut |path| left.push(path.to_ascii_lowercase()));
        }
    }
    Some((left, empty))
}

fn lacks(group: &Fact<String>, event: &str) -> bool {
    let Some((left, empty)) = evaluated(&group.value, event) else { return false };
    empty && left.iter().all(|path| CONSTANT.contains(&path.as_str()))
}

fn names_base_only(group: &Fact<String>) -> bool {
    let Some((left, _)) = evaluated(&group.value, "pull_request_target") else { return false };
    let base = |path: &String| BASE.contains(&path.as_str());
    left.iter().any(base) && left.iter().all(|p| base(p) || CONSTANT.contains(&p.as_str()))
}

fn report(group: &Fact<String>, cancel: &Fact<String>, gap: &Gap, event: &Trigger, out: &mut Out) {
    let (message, consequence, remedy) = match gap {
        Gap::Push => (
            "this group is the same for pushes to all branches",
            "a push to one branch cancels the run of another",
            "name the ref where there is no pull request, as in `github.head_ref || github.ref`",
        ),
        Gap::Target => (
            "this group is the same for all pull requests to a branch",
            "a new pull request cancels the run of another",
            "name the pull request, as in `github.event.pull_request.number`",
        ),
    };
    let label = match gap {
        Gap::Push => "empty in a run for a push",
        Gap::Target => "the ref of the base, in a run for `pull_request_target`",
    };
    let finding = out
        .finding(&group.at, message)
        .label(label)
        .related(&event.event.at, "starts such a run")
        .related(&cancel.at, "cancels the run before it")
        .consequence(consequence)
        .remedy(remedy);
    let written = "${{ github.head_ref }}";
    if matches!(gap, Gap::Push) && group.value.matches(written).count() == 1 {
        let text = group.value.replace(written, "${{ github.head_ref || github.ref }}");
        finding.fix("name the ref of a push", Applicability::Safe, replace(&group.at, text));
    }
}
