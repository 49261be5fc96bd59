//! Images that are built for the first time when they are deployed.

use plimsoll_model::{Level, Section};

use crate::discover::{BuildTool, Service};
use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::builds;
use crate::views::caching::has_hidden_builds;
use crate::views::conditions::trigger;
use crate::views::deploy_job::is_command;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/image-not-built-on-pull-request",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "pull requests build the images that are deployed",
    aliases: &[],
    page: include_str!("image_not_built_on_pull_request.md"),
    check: Check::Service(check),
};

/// Events with which a change is looked at before it is merged; a called workflow may be any.
const BEFORE_MERGE: [&str; 4] =
    ["pull_request", "pull_request_target", "merge_group", "workflow_call"];

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let deployed = service
        .deploys
        .iter()
        .filter_map(|i| review.found.deploys.get(*i))
        .any(|d| d.job.is_some() && is_command(d));
    let tests = review.repo.workflows.iter().find_map(|w| trigger(w, "pull_request"));
    let (true, Some(tests)) = (deployed, tests) else { return };
    let in_workflows = builds(review, service).filter_map(|b| Some((b, b.job?)));
    let built: Vec<_> = in_workflows
        .filter(|(b, _)| !matches!(b.tool, BuildTool::Compose | BuildTool::Config))
        .filter_map(|(b, j)| Some((b, review.repo.workflows.get(j.workflow)?)))
        .collect();
    let Some((first, _)) = built.first() else { return };
    let before = built.iter().any(|(_, w)| looks_before_merge(w) || trigger(w, "push").is_none());
    if before || has_hidden_builds(review) || builds_otherwise(review) {
        out.examined();
        return;
    }
    out.finding(&first.at, "no pull request builds this image")
        .label("built for the first time when it is deployed")
        .related(&tests.event.at, "pull requests are checked, without it")
        .consequence("a change that breaks the build is merged with green checks, and stops the next deployment")
        .remedy("build the image in a workflow for pull requests too, without a push");
}

/// Whether a workflow runs before a merge, or for pushes to all branches.
fn looks_before_merge(workflow: &Workflow) -> bool {
    let every_branch = |w: &Workflow| {
        trigger(w, "push").is_some_and(|t| {
            (t.branches.is_empty() && t.tags.is_empty())
                || t.branches.iter().any(|b| b.value.contains('*'))
        })
    };
    every_branch(workflow)
        || workflow.on.iter().any(|t| BEFORE_MERGE.contains(&t.event.value.as_str()))
}

/// Whether a workflow for pull requests may build it by other means: compose, make, a script.
fn builds_otherwise(review: &Review<'_>) -> bool {
    const WAYS: [&str; 8] =
        ["docker", "compose", "make", "skaffold", "podman", "buildah", "./", ".sh"];
    let before = review.repo.workflows.iter().filter(|w| looks_before_merge(w));
    before.flat_map(|w| &w.jobs).any(|j| {
        j.uses.is_some()
            || j.steps.iter().any(|s| {
                let texts = [
                    s.uses.as_ref().map(|u| u.value.as_str()),
                    s.run.as_ref().map(|r| r.text.text()),
                ];
                texts.into_iter().flatten().any(|t| WAYS.iter().any(|w| t.contains(w)))
            })
    })
}
