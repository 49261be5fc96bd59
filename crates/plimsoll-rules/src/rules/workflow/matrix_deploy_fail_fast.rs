//! Matrices of deployments that end with the first failure.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::deploy_job::{DeployJob, deploy_jobs};
use crate::views::edits::first_key;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/matrix-deploy-fail-fast",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "one deployment of a matrix that fails leaves the others alone",
    aliases: &[],
    page: include_str!("matrix_deploy_fail_fast.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for deploying in deploy_jobs(review, workflow) {
        let job = deploying.job;
        if job.matrix.len() < 2 || !varies(&deploying) {
            continue;
        }
        let fast = job.fail_fast.as_ref().is_none_or(|f| f.value == "true");
        if fast && !one_by_one(review, job) {
            report(review, job, out);
        } else {
            out.examined();
        }
    }
}

/// Whether each job of the matrix deploys something else.
fn varies(deploying: &DeployJob<'_>) -> bool {
    let steps = deploying.deploys.iter().filter_map(|d| deploying.step_of(d));
    let environment = deploying.job.environment.as_ref();
    steps.into_iter().any(|s| s.uses_matrix())
        || environment.is_some_and(|e| e.value.contains("matrix."))
}

/// Where they wait for one another, the first failure may well be meant to be the last.
fn one_by_one(review: &Review<'_>, job: &Job) -> bool {
    let span = job.at.span;
    let text = span.and_then(|s| review.sources.text(&job.at.path)?.get(s.range()));
    text.is_none_or(|t| t.contains("max-parallel"))
}

fn report(review: &Review<'_>, job: &Job, out: &mut Out) {
    let at = job.fail_fast.as_ref().map_or(&job.id.at, |f| &f.at);
    let message = format!("the first failure cancels the other deployments of `{}`", job.id.value);
    let finding = out
        .finding(at, message)
        .label(format!("{} deployments side by side, `fail-fast` on", job.matrix.len()))
        .consequence("what is under way is cut off between two steps: a part of the services is new, a part old, and which part is chance")
        .remedy("set `fail-fast: false`, or `max-parallel: 1` where one is to wait for the other");
    let edits = match (&job.fail_fast, &job.strategy) {
        (Some(set), _) => Some(replace(&set.at, "false")),
        (None, Some(strategy)) => first_key(review.sources, strategy, "fail-fast: false"),
        (None, None) => None,
    };
    if let Some(edits) = edits {
        finding.fix("let the others finish", Applicability::Safe, edits);
    }
}
