//! Deployments after another workflow that take another commit than it had.

use plimsoll_model::{Level, Section};

use crate::repo::{Fact, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::trigger;
use crate::views::deploy_job::{DeployJob, builds_of, deploy_jobs};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/untested-commit-deployed",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "a deployment after another workflow takes the commit that it tested",
    aliases: &[],
    page: include_str!("untested_commit_deployed.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(event) = trigger(workflow, "workflow_run") else { return };
    let deploying = deploy_jobs(review, workflow);
    if deploying.is_empty() {
        return;
    }
    // Wherever the commit of the other run is read, it may reach every job.
    let text = review.sources.text(&workflow.path).unwrap_or_default();
    let reads_it = text.contains("event.workflow_run.") && text.contains("head_")
        || text.contains("toJSON(github.event")
        || text.contains("download-artifact");
    for deploy in &deploying {
        let place = (!reads_it).then(|| taken(review, deploy)).flatten();
        match place {
            None => out.examined(),
            Some(at) => report(&at, deploy, &event.event, out),
        }
    }
}

/// Where a job takes the newest commit: what it checks out and builds, or the name of its image.
fn taken(review: &Review<'_>, deploy: &DeployJob<'_>) -> Option<Place> {
    let builds = builds_of(review, deploy.workflow, deploy.job);
    let from_source = deploy.deploys.iter().any(|d| d.from_source.is_some());
    let checkout = deploy.job.steps.iter().find(|s| {
        let own = s.input("repository").is_none() && s.input("ref").is_none();
        s.action().as_deref() == Some("actions/checkout") && own
    });
    let built = !builds.is_empty() || from_source;
    let named = || {
        let images = deploy.deploys.iter().filter_map(|d| d.image.as_ref());
        let mut images =
            images.filter(|i| i.value.contains("github.sha") || i.value.contains("GITHUB_SHA"));
        images.next().map(|i| i.at.clone())
    };
    match checkout.filter(|_| built) {
        Some(step) => step.uses.as_ref().map(|u| u.at.clone()),
        None if built => None,
        None => named(),
    }
}

fn report(at: &Place, deploy: &DeployJob<'_>, event: &Fact<String>, out: &mut Out) {
    let message =
        format!("`{}` deploys the newest commit, not the one that was tested", deploy.job.id.value);
    out.finding(at, message)
        .label("the default branch as it is now")
        .related(&event.at, "the tested commit is `github.event.workflow_run.head_sha`")
        .consequence("a commit that was pushed while the tests ran is deployed before its own tests")
        .remedy("use `github.event.workflow_run.head_sha`, after a condition that `github.event.workflow_run.event` is `push`");
}
