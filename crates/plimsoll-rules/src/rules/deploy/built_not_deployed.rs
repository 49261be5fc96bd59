//! Deployments of another tag than the one that was pushed.

use plimsoll_model::{Level, Section};

use crate::discover::paths::image_name;
use crate::discover::{Build, Deploy};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{is_command, job_of, speaks_of_rollback};
use crate::views::tag::{Tag, speaks_of_retagging};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/built-not-deployed",
    section: Section::Deploy,
    level: Level::Blocking,
    assures: "the tag that is deployed is one that was pushed",
    aliases: &[],
    page: include_str!("built_not_deployed.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(image) = deploy.image.as_ref().filter(|_| is_command(deploy)) else { return };
    let Some(deployed) = Tag::of(&image.value) else { return };
    let name = image_name(&image.value);
    let named = |b: &&Build| b.tags.iter().any(|t| image_name(&t.value) == name);
    let builds: Vec<&Build> = review.found.builds.iter().filter(named).collect();
    let here =
        |b: &&&Build| b.job.is_some_and(|j| deploy.job.is_some_and(|d| d.workflow == j.workflow));
    let Some(build) = builds.iter().find(here) else { return };
    let tags = builds.iter().flat_map(|b| &b.tags).filter(|t| image_name(&t.value) == name);
    let pushed: Option<Vec<Tag>> = tags.map(|t| Tag::of(&t.value)).collect();
    let differs = pushed.is_some_and(|all| !all.contains(&deployed));
    if !differs || name.contains('$') || is_deliberate(review, deploy) || retags(review) {
        out.examined();
        return;
    }
    let finding = out
        .finding(&image.at, "the tag that is deployed is none that the build pushes")
        .label("deployed")
        .consequence("the deployment fails, or ships an older image that happens to have the tag")
        .remedy("deploy a tag that the build pushes, or its digest");
    if let Some(tag) = build.tags.iter().find(|t| image_name(&t.value) == name) {
        finding.related(&tag.at, "pushed");
    }
}

/// A rollback, or a step that runs only now and then, may name an older image.
fn is_deliberate(review: &Review<'_>, deploy: &Deploy) -> bool {
    let Some(job) = job_of(review, deploy) else { return true };
    let step = job.step_of(deploy);
    let speaks = |s: &crate::repo::WorkflowStep| {
        s.condition.is_some() || s.name.as_ref().is_some_and(|n| speaks_of_rollback(&n.value))
    };
    job.job.condition.is_some() || step.is_none_or(speaks)
}

fn retags(review: &Review<'_>) -> bool {
    let mut files = review.sources.files.values();
    files.any(|f| speaks_of_retagging(&f.text))
}
