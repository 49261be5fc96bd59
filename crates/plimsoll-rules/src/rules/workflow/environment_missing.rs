//! Deployments outside of a GitHub environment.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::Deploy;
use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{DeployJob, deploy_jobs, insert_lines, is_production};
use crate::views::gitlab;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/environment-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "deployments run in an environment",
    aliases: &[],
    page: include_str!("environment_missing.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    review.repo.workflows.iter().for_each(|workflow| github(review, workflow, out));
    for job in gitlab::pipelines(review).iter().flat_map(|p| &p.jobs) {
        let Some(deploy) = job.deploy(review) else { continue };
        if job.body.get("environment").is_some() {
            out.examined();
        } else {
            report_gitlab(review, job, deploy, out);
        }
    }
}

fn github(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
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

fn report_gitlab(review: &Review<'_>, job: &gitlab::Job<'_>, deploy: &Deploy, out: &mut Out) {
    let to = deploy.environment.as_ref().map(|e| format!(" to {e}")).unwrap_or_default();
    let message = format!("the job `{}` deploys{to} outside of a GitLab environment", job.name());
    let draft = out.finding(&job.at(), message);
    draft
        .label("no `environment`")
        .level(if is_production(deploy) { Level::ShouldFix } else { Level::Advice })
        .consequence("no protected environment guards it, its variables are open to every job, and there is no earlier deployment to roll back to")
        .remedy("name the `environment` it deploys to");
    let line = deploy.environment.as_ref().map(|e| format!("environment: {e}"));
    if let Some(edits) = line.and_then(|line| job.insert(review, &line)) {
        draft.fix("name the environment", Applicability::Unsafe, edits);
    }
}
