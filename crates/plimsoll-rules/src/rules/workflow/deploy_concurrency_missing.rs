//! Two deployments of one service at the same time.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::Deploy;
use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{DeployJob, deploy_jobs, insert_lines};
use crate::views::gitlab;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/deploy-concurrency-missing",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "deployments of a service wait for one another",
    aliases: &[],
    page: include_str!("deploy_concurrency_missing.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    review.repo.workflows.iter().for_each(|workflow| github(review, workflow, out));
    for job in gitlab::pipelines(review).iter().flat_map(|p| &p.jobs) {
        let Some(deploy) = job.deploy(review) else { continue };
        if job.body.get("resource_group").is_some() {
            out.examined();
        } else {
            report_gitlab(review, job, deploy, out);
        }
    }
}

fn github(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    // A caller may hold the group.
    if workflow.on.iter().any(|t| t.event.value == "workflow_call") {
        return;
    }
    for deploying in deploy_jobs(review, workflow) {
        if workflow.concurrency.is_some() || deploying.job.concurrency.is_some() {
            out.examined();
        } else {
            report(review, &deploying, out);
        }
    }
}

fn report(review: &Review<'_>, deploying: &DeployJob<'_>, out: &mut Out) {
    let job = deploying.job;
    let message = format!("nothing keeps two runs of `{}` from deploying at once", job.id.value);
    let group = group(deploying);
    let lines = ["concurrency:", &format!("  group: {group}"), "  cancel-in-progress: false"];
    let finding = out
        .finding(&job.id.at, message)
        .label("no `concurrency` here or on the workflow")
        .consequence("two pushes in a row deploy at once, and the older one may finish last")
        .remedy("put the job into a `concurrency` group of its service and environment");
    if let Some(edits) = insert_lines(review, &job.body, &lines) {
        finding.fix("let the runs wait for one another", Applicability::Safe, edits);
    }
}

fn report_gitlab(review: &Review<'_>, job: &gitlab::Job<'_>, deploy: &Deploy, out: &mut Out) {
    let message = format!("nothing keeps two runs of `{}` from deploying at once", job.name());
    let draft = out.finding(&job.at(), message);
    draft
        .label("no `resource_group`")
        .consequence("two pushes in a row deploy at once, and the older one may finish last")
        .remedy("put the job into a `resource_group` named after its environment");
    let line =
        deploy.environment.as_deref().filter(is_plain).map(|e| format!("resource_group: {e}"));
    if let Some(edits) = line.and_then(|line| job.insert(review, &line)) {
        draft.fix("let the runs wait for one another", Applicability::Safe, edits);
    }
}

/// A group of the service and the environment, where both are plain names.
fn group(deploying: &DeployJob<'_>) -> String {
    let first = deploying.first();
    let service = first.and_then(|d| d.service.as_ref()).map(|s| s.value.as_str());
    let environment = first.and_then(|d| d.environment.as_deref()).filter(is_plain);
    match (service.filter(is_plain), environment) {
        (Some(service), Some(environment)) => format!("deploy-{service}-{environment}"),
        _ => "${{ github.workflow }}-${{ github.ref }}".to_owned(),
    }
}

fn is_plain(text: &&str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
