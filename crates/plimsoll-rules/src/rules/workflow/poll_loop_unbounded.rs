//! Wait loops that nothing ends.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Loop};

use crate::repo::{Job, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{Text, deploy_jobs, texts};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/poll-loop-unbounded",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "every wait loop has an end",
    aliases: &[],
    page: include_str!("poll_loop_unbounded.md"),
    check: Check::Workflow(check),
};

/// What a loop that counts, or looks at the clock, has in its text.
const BOUNDS: [&str; 12] =
    ["$((", "((", "-lt", "-gt", "-ge", "-le", "-eq", "SECONDS", "date", "seq", "let ", "expr "];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty()) {
        let deploys = deploy_jobs(review, workflow).iter().any(|d| d.job.id == job.id);
        for step in &job.steps {
            one(review, job, step, deploys, out);
        }
    }
}

fn one(review: &Review<'_>, job: &Job, step: &WorkflowStep, deploys: bool, out: &mut Out) {
    for text in texts(review, step) {
        let waits =
            |c: &Invocation<'_>| c.program == "sleep" && c.command.in_loop == Some(Loop::While);
        let Some(sleep) = text.calls().find(waits) else { continue };
        if job.timeout.is_some() || step.timeout.is_some() || is_bounded(&text) {
            out.examined();
            continue;
        }
        out.finding(&text.place(sleep.span()), "this wait loop has no end of its own")
            .label("repeated until the condition comes true")
            .related(&job.id.at, "has no timeout either")
            .level(if deploys { Level::ShouldFix } else { Level::Advice })
            .consequence("where the condition never comes true, the job waits for 360 minutes")
            .remedy(
                "count the attempts, as in `for i in $(seq 60)`, and fail when they are used up",
            );
        return;
    }
}

/// Whether a script counts, looks at the clock, reads its input or is wrapped in `timeout`.
fn is_bounded(text: &Text<'_>) -> bool {
    let source = text.source();
    BOUNDS.iter().any(|b| source.contains(b))
        || text.calls().any(|c| c.program == "read" || c.is_wrapped_in("timeout"))
}
