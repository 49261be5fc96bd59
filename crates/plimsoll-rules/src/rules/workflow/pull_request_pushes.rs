//! Pull requests that push images.

use plimsoll_model::{Level, Section};

use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/pull-request-pushes",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "pull requests push no image",
    aliases: &[],
    page: include_str!("pull_request_pushes.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some(at) = build.job else { return };
    let Some(workflow) = review.repo.workflows.get(at.workflow) else { return };
    let Some(event) = workflow.on.iter().find(|t| t.event.value == "pull_request") else { return };
    if build.tool != BuildTool::BuildPushAction {
        return;
    }
    out.examined();
    let conditional = workflow.jobs.get(at.job).is_some_and(|job| {
        job.condition.is_some() || job.steps.get(at.step).is_some_and(|s| s.condition.is_some())
    });
    // The push of a tag that carries the number of the pull request is a preview, and meant.
    let preview = build.tags.iter().any(|t| t.value.contains("event.number") || t.value.contains("pull_request") || t.value.contains("pr-") || t.value.contains(".outputs."));
    if build.push == Some(true) && !conditional && !preview {
        out.finding(&build.at, "every pull request pushes this image under the tags of a release")
            .label("push: true")
            .related(&event.event.at, "runs for pull requests")
            .consequence("code that nobody has merged replaces the image that is deployed next, and its cache")
            .remedy("push: ${{ github.event_name != 'pull_request' }}");
    }
}
