//! Deployments by tag where the digest is at hand.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy};
use crate::review::Review;
use crate::discover::paths::image_name;
use crate::discover::BuildTool;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/digest-unused",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "what is deployed is what was built",
    aliases: &[],
    page: include_str!("digest_unused.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let (Some(image), Some(at)) = (&deploy.image, deploy.job) else { return };
    let name = image_name(&image.value);
    let near = |b: &&crate::discover::Build| {
        b.tool == BuildTool::BuildPushAction
            && b.job.is_some_and(|j| (j.workflow, j.job) == (at.workflow, at.job))
            && b.tags.iter().any(|t| image_name(&t.value) == name)
    };
    let Some(build) = review.found.builds.iter().find(near) else { return };
    out.examined();
    if image.value.contains('@') || image.value.contains(".outputs.") {
        return;
    }
    let step = build.job.and_then(|j| review.repo.workflows.get(j.workflow)?.jobs.get(j.job)?.steps.get(j.step));
    let id = step.and_then(|s| s.id.as_ref()).map_or("build", |i| i.value.as_str());
    out.finding(&image.at, "the image is deployed by its tag although its digest is known")
        .label("a name that can be moved")
        .related(&build.at, "built and pushed here")
        .consequence("a second run that pushes the same tag in between is what goes live")
        .remedy(format!("deploy {name}@${{{{ steps.{id}.outputs.digest }}}}"));
}
