//! Deployments outside of a GitHub environment.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{DeployJob, deploy_jobs, insert_lines};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/environment-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "deployments run in a GitHub environment",
    aliases: &[],
    page: include_str!("environment_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for deploying in deploy_jobs(review, workflow) {
        if deploying.job.environment.is_some() {
            out.examined();
        } else {
            report(review, &deploying, out);
        }
    }
}

fn report(review: &Review<'_>, deploying: &DeployJob<'_>, out: &mut Out) {
    let job = deploying.job;
    let production = deploying.is_production();
    let environment = deploying.first().and_then(|d| d.environment.clone());
    let to = environment.as_ref().map(|e| format!(" to {e}")).unwrap_or_default();
    let finding = out
        .finding(&job.id.at, format!("the job `{}` deploys{to} outside of a GitHub environment", job.id.value))
        .label("no `environment`")
        .level(if production { Level::ShouldFix } else { Level::Advice })
        .consequence("no approval, no branch rule and no deployment history guard it, and its secrets are open to every workflow")
        .remedy("name the `environment` it deploys to");
    let line = environment.map(|e| format!("environment: {e}"));
    if let Some(edits) = line.and_then(|l| insert_lines(review, &job.body, &[&l])) {
        // Credentials may be bound to a subject without an environment.
        finding.fix("name the environment", Applicability::Unsafe, edits);
    }
}
