//! Deployments by tag where the digest is at hand.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::paths::image_name;
use crate::discover::{Build, BuildTool, Deploy};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::deploy_job::is_command;
use crate::views::tag::moved_tag;

pub(crate) static RULE: Rule = Rule {
    name: "deploy/digest-unused",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "a deployment uses the digest of the build before it",
    aliases: &[],
    page: include_str!("digest_unused.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(image) =
        deploy.image.as_ref().filter(|i| is_command(deploy) && !i.value.contains('@'))
    else {
        return;
    };
    // A tag that moves is a rule of its own.
    let Some((build, id)) =
        build_before(review, deploy).filter(|_| moved_tag(&image.value).is_none())
    else {
        return;
    };
    let digest = format!("{}@${{{{ steps.{id}.outputs.digest }}}}", image_name(&image.value));
    out.finding(&image.at, format!("the step `{id}` gives the digest, and the tag is deployed"))
        .label("a tag can be moved")
        .related(&build.at, "builds and pushes it")
        .consequence("whoever pushes the tag between the two steps decides what is deployed")
        .remedy("deploy the digest")
        .fix("deploy the digest", Applicability::Display, replace(&image.at, digest));
}

/// The step of the same job that pushed the image, and its id.
fn build_before<'a>(review: &Review<'a>, deploy: &Deploy) -> Option<(&'a Build, &'a str)> {
    let at = deploy.job?;
    let name = image_name(&deploy.image.as_ref()?.value);
    let pushes = |b: &&Build| {
        b.tool == BuildTool::BuildPushAction
            && b.push == Some(true)
            && b.job
                .is_some_and(|j| (j.workflow, j.job) == (at.workflow, at.job) && j.step < at.step)
            && b.tags.iter().any(|t| image_name(&t.value) == name)
    };
    let build = review.found.builds.iter().find(pushes)?;
    let step =
        review.repo.workflows.get(at.workflow)?.jobs.get(at.job)?.steps.get(build.job?.step)?;
    Some((build, step.id.as_ref()?.value.as_str()))
}
