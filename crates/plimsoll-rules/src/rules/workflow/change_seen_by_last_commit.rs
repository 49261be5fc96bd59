//! Changes of a push that are looked for in its last commit.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::repo::{Job, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::trigger;
use crate::views::deploy_job::{Text, deploy_jobs, texts};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/change-seen-by-last-commit",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "all commits of a push are looked at for changes",
    aliases: &[],
    page: include_str!("change_seen_by_last_commit.md"),
    check: Check::Workflow(check),
};

/// The commit before the last one.
const PARENT: [&str; 4] = ["HEAD~1", "HEAD^", "HEAD~", "HEAD^1"];

/// Only names are asked for, or whether there is any change at all.
const NAMES: [&str; 3] = ["--name-only", "--name-status", "--quiet"];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(push) = trigger(workflow, "push") else { return };
    let deploys = !deploy_jobs(review, workflow).is_empty();
    for job in workflow.jobs.iter().filter(|j| !of_pull_requests(j)) {
        for step in job.steps.iter().filter(|s| !speaks_of_pull_request(s)) {
            for text in texts(review, step) {
                let Some(call) = text.calls().find(looks_at_last) else { continue };
                if is_careful(&text) {
                    out.examined();
                    continue;
                }
                out.finding(&text.place(call.span()), "only the last commit of the push is looked at")
                    .label("from the commit before it")
                    .related(&push.event.at, "a push may bring several commits")
                    .level(if deploys { Level::ShouldFix } else { Level::Advice })
                    .consequence("what an earlier commit of the push changed is not built or deployed, now or later")
                    .remedy("compare with `${{ github.event.before }}`, after a checkout that reaches it, or use `paths` of the event");
            }
        }
    }
}

fn of_pull_requests(job: &Job) -> bool {
    job.condition.as_ref().is_some_and(|c| c.value.contains("pull_request"))
}

fn speaks_of_pull_request(step: &WorkflowStep) -> bool {
    step.condition.as_ref().is_some_and(|c| c.value.contains("pull_request"))
}

fn looks_at_last(call: &Invocation<'_>) -> bool {
    let args = call.parse(Takes::These(&["-C", "-c"]));
    let words: Vec<&str> = args.positional.iter().filter_map(|w| w.text()).collect();
    let old = words.get(1).map(|w| w.split("..").next().unwrap_or(w));
    call.program == "git"
        && matches!(words.first(), Some(&("diff" | "diff-tree")))
        && old.is_some_and(|w| PARENT.contains(&w))
        && NAMES.iter().any(|n| call.has(n))
}

/// Whether a script knows other starts too, or makes the last commit itself.
fn is_careful(text: &Text<'_>) -> bool {
    let source = text.source();
    ["event.before", "BEFORE", "git commit", "merge-base", "pull_request", "git merge"]
        .iter()
        .any(|known| source.contains(known))
}
