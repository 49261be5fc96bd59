//! Workflows that cancel one another because their groups have the same name.

use plimsoll_model::{Level, Section};

use crate::repo::{Fact, Trigger, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::trigger;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/concurrency-group-shared",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no workflow cancels another one of the same commit",
    aliases: &[],
    page: include_str!("concurrency_group_shared.md"),
    check: Check::Workflow(check),
};

/// What tells workflows or runs apart, or is not known here.
const APART: [&str; 7] =
    ["github.workflow", "github.job", "run_id", "run_number", "inputs", "matrix.", "env."];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(concurrency) = &workflow.concurrency else { return };
    let cancels = concurrency.cancel.as_ref().is_some_and(|c| c.value == "true");
    let Some(group) = concurrency.group.as_ref().filter(|_| cancels) else { return };
    if APART.iter().any(|a| group.value.contains(a)) {
        out.examined();
        return;
    }
    let shared = review.repo.workflows.iter().find_map(|other| {
        let theirs = other.concurrency.as_ref()?.group.as_ref()?;
        let same = theirs.value.eq_ignore_ascii_case(&group.value);
        (same && other.path != workflow.path && start_together(workflow, other)).then_some(theirs)
    });
    match shared {
        None => out.examined(),
        Some(theirs) => report(group, theirs, out),
    }
}

/// Whether one push or pull request starts both, whatever it changes.
fn start_together(a: &Workflow, b: &Workflow) -> bool {
    ["push", "pull_request"].into_iter().any(|event| {
        let both = trigger(a, event).zip(trigger(b, event));
        both.is_some_and(|(a, b)| on_any_path(a) && on_any_path(b) && overlap(a, b))
    })
}

fn on_any_path(trigger: &Trigger) -> bool {
    trigger.paths.is_empty() && trigger.paths_ignore.is_empty()
}

/// Whether a branch starts both: they name the same one, or neither names any.
fn overlap(a: &Trigger, b: &Trigger) -> bool {
    let of_branches = |t: &Trigger| !t.branches.is_empty() || t.tags.is_empty();
    let named = |b: &Trigger, name: &Fact<String>| b.branches.iter().any(|x| x.value == name.value);
    let ignores = !a.branches_ignore.is_empty() || !b.branches_ignore.is_empty();
    of_branches(a)
        && of_branches(b)
        && !ignores
        && (a.branches.is_empty()
            || b.branches.is_empty()
            || a.branches.iter().any(|name| named(b, name)))
}

fn report(group: &Fact<String>, theirs: &Fact<String>, out: &mut Out) {
    let message = format!("{} has the same concurrency group", theirs.at.path);
    out.finding(&group.at, message)
        .label("one group in the whole repository")
        .related(&theirs.at, "the same group")
        .consequence("one commit starts both, and this workflow cancels the other one before it has finished")
        .remedy("begin the group with `${{ github.workflow }}`");
}
