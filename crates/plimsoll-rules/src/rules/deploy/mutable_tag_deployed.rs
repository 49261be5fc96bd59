//! Deployments of tags that move.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::discover::paths::image_tag;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/mutable-tag-deployed",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "what is deployed cannot be replaced behind its name",
    aliases: &["DKL-DI-0006"],
    page: include_str!("mutable_tag_deployed.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(image) = deploy.image.as_ref().filter(|_| deploy.platform != Platform::Compose) else { return };
    if image.value.contains('@') || image.value.starts_with('$') || image.value.is_empty() {
        return;
    }
    out.examined();
    let what = match image_tag(&image.value) {
        None if image.value.contains('$') => return,
        // A tag of its own kind: a commit, a version, whatever the workflow computes.
        Some(tag) if tag.contains('$') || !is_moving(tag) => return,
        Some(tag) => format!("by the tag {tag}"),
        None => "without a tag, which means latest".to_owned(),
    };
    out.finding(&image.at, format!("the image is deployed {what}"))
        .label("another image tomorrow")
        .consequence("nobody can say which commit runs; an instance started later may run another image than its neighbours; a rollback deploys the same name again")
        .remedy("deploy the digest of the build, or a tag that names the commit");
}

fn is_moving(tag: &str) -> bool {
    const MOVING: [&str; 14] = [
        "latest", "main", "master", "develop", "dev", "staging", "stage", "production", "prod", "stable", "edge", "nightly", "test", "release",
    ];
    MOVING.contains(&tag)
}
