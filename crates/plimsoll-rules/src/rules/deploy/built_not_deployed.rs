//! Deployments of tags that nobody pushes.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy};
use crate::review::Review;
use crate::discover::paths::{image_name, image_tag};
use crate::discover::Build;
use crate::rule::{Check, Out, Rule};

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
    let (Some(image), Some(at)) = (&deploy.image, deploy.job) else { return };
    let Some(tag) = image_tag(&image.value).filter(|t| !image.value.contains('@') && is_known(t)) else { return };
    let name = image_name(&image.value);
    let of_workflow = |b: &&Build| b.job.is_some_and(|j| j.workflow == at.workflow) && b.push != Some(false);
    let builds: Vec<&Build> = review.found.builds.iter().filter(of_workflow).collect();
    let tags = || builds.iter().flat_map(|b| &b.tags).filter(|t| image_name(&t.value) == name);
    if tags().next().is_none() {
        return;
    }
    out.examined();
    // A tag that is computed elsewhere may be any.
    if tags().any(|t| image_tag(&t.value).is_none_or(|k| k == tag || !is_known(k))) {
        return;
    }
    let pushed: Vec<&str> = tags().filter_map(|t| image_tag(&t.value)).collect();
    let first = tags().next().map_or(&image.at, |t| &t.at);
    out.finding(&image.at, format!("the tag {tag} is deployed, but the build pushes {}", pushed.join(", ")))
        .label("not what this workflow built")
        .related(first, "pushed here")
        .consequence("an older image goes live, or none: what was built and tested is not what runs")
        .remedy("deploy a tag that the build pushes, or the digest it gives");
}

/// Whether a tag says the same wherever it stands: text, or the commit.
fn is_known(tag: &str) -> bool {
    !tag.contains('$') || tag.replace(' ', "").contains("${{github.sha}}")
}
