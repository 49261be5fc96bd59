//! Pull requests that overwrite a tag that is in use.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::discover::paths::image_tag;
use crate::repo::{Fact, Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/job-on-pull-request-pushes",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no pull request overwrites a fixed tag",
    aliases: &[],
    page: include_str!("job_on_pull_request_pushes.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some(at) = build.job else { return };
    let Some(workflow) = review.repo.workflows.get(at.workflow) else { return };
    let Some(job) = workflow.jobs.get(at.job) else { return };
    let trigger = workflow.on.iter().find(|t| t.event.value == "pull_request");
    let Some(trigger) = trigger.filter(|_| build.push == Some(true)) else { return };
    let step = job.steps.get(at.step);
    let guarded = step.is_none_or(|s| s.condition.is_some()) || is_guarded(workflow, job);
    let Some(tag) =
        build.tags.iter().find(fixed).filter(|_| !guarded && !has_types(review, workflow))
    else {
        out.examined();
        return;
    };
    out.finding(&tag.at, format!("every pull request pushes `{}`", tag.value))
        .label("pushed from pull requests, too")
        .related(&trigger.event.at, "runs for each pull request")
        .consequence("code that nobody has reviewed replaces the image that others pull by this tag")
        .remedy("push only outside of pull requests: `push: ${{ github.event_name != 'pull_request' }}`");
}

/// A reference with a tag that is the same in every run.
fn fixed(tag: &&Fact<String>) -> bool {
    let text = tag.value.as_str();
    image_tag(text).is_some_and(|t| !t.contains('$') && !t.to_ascii_lowercase().contains("pr"))
}

/// Whether a condition may keep pull requests out.
fn is_guarded(workflow: &Workflow, job: &Job) -> bool {
    let needed = |j: &&Job| job.needs.iter().any(|n| n.value == j.id.value);
    job.condition.is_some() || workflow.jobs.iter().filter(needed).any(|j| j.condition.is_some())
}

/// `types: [closed]` runs after the merge.
fn has_types(review: &Review<'_>, workflow: &Workflow) -> bool {
    let yaml = review.repo.yaml.get(workflow.path.as_ref());
    let root = yaml.and_then(|y| y.documents().next());
    root.and_then(|r| r.get_path(&["on", "pull_request", "types"])).is_some()
}
