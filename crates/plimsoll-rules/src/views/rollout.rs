//! What a workflow does around a deployment: checks, rollbacks, traffic.

use plimsoll_syntax::shell::Invocation;

use crate::discover::Deploy;
use crate::repo::{Job, Run, Workflow, WorkflowStep};
use crate::review::Review;

/// The workflow and the job of a deployment, where it is made by an ordinary job.
pub fn place<'a>(review: &Review<'a>, deploy: &Deploy) -> Option<(&'a Workflow, &'a Job, usize)> {
    let at = deploy.job?;
    let workflow = review.repo.workflows.get(at.workflow)?;
    let job = workflow.jobs.get(at.job)?;
    (!job.runs_on.is_empty() && !workflow.on.is_empty()).then_some((workflow, job, at.step))
}

/// The steps that come after a deployment: in its own step, behind it, and in the jobs that
/// wait for its job.
pub fn steps_after<'a>(workflow: &'a Workflow, job: &'a Job, step: usize) -> Vec<&'a WorkflowStep> {
    let mut waiting: Vec<&str> = vec![&job.id.value];
    let mut after: Vec<&WorkflowStep> = job.steps.iter().skip(step).collect();
    // Jobs stand in any order; a few rounds reach those that wait for those that wait.
    for _ in 0..4 {
        for other in &workflow.jobs {
            let waits = other.needs.iter().any(|n| waiting.contains(&n.value.as_str()));
            if waits && !waiting.contains(&other.id.value.as_str()) {
                waiting.push(&other.id.value);
                after.extend(&other.steps);
            }
        }
    }
    after
}

/// Whether one of the jobs that wait for this one calls another workflow, which may do anything.
#[must_use]
pub fn hands_on(workflow: &Workflow, job: &Job) -> bool {
    workflow
        .jobs
        .iter()
        .any(|j| j.uses.is_some() && j.needs.iter().any(|n| n.value == job.id.value))
}

/// The calls of a step.
pub fn calls<'a>(step: &'a WorkflowStep) -> impl Iterator<Item = (&'a Run, Invocation<'a>)> {
    step.run.iter().flat_map(|run| run.script.invocations().map(move |c| (run, c)))
}

/// Whether a step asks something over HTTP, or calls a script or action that may.
#[must_use]
pub fn asks(step: &WorkflowStep) -> bool {
    let action = step.action().unwrap_or_default();
    let by_action =
        ["health", "smoke", "http", "curl", "lighthouse", "playwright", "cypress", "k6"]
            .iter()
            .any(|w| action.contains(w));
    let named = |text: &str| {
        let lower = text.to_ascii_lowercase();
        ["smoke", "health", "verify", "e2e", "test"].iter().any(|w| lower.contains(w))
    };
    let asks = |c: &Invocation<'_>| {
        matches!(
            c.program,
            "curl" | "wget" | "http" | "https" | "k6" | "hurl" | "newman" | "ab" | "hey" | "oha"
        ) || named(c.program)
            || c.args.iter().any(|w| {
                named(w.head())
                    && !w.head().starts_with('-')
                    && matches!(
                        c.program,
                        "npm"
                            | "npx"
                            | "yarn"
                            | "pnpm"
                            | "make"
                            | "bash"
                            | "sh"
                            | "python"
                            | "python3"
                            | "pytest"
                    )
            })
    };
    by_action || calls(step).any(|(_, c)| asks(&c))
}

/// Whether a step takes a deployment back.
#[must_use]
pub fn rolls_back(step: &WorkflowStep) -> bool {
    let named = |t: &str| t.to_ascii_lowercase().contains("rollback");
    let traffic = |c: &Invocation<'_>| {
        let back = c.args.iter().any(|w| {
            matches!(w.head(), "--to-revisions" | "undo" | "rollback")
                || w.head().starts_with("--to-revisions=")
        });
        matches!(c.program, "gcloud" | "kubectl" | "helm") && back
    };
    let on_failure = step.condition.as_ref().is_some_and(|c| c.value.contains("failure()"));
    calls(step).any(|(_, c)| traffic(&c) || named(c.program))
        || (on_failure && step.name.as_ref().is_some_and(|n| named(&n.value)))
}
