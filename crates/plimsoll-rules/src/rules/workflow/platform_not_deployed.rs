//! Images for a processor that no deployment has.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::platforms::not_deployed;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/platform-not-deployed",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "each platform that is built can be deployed",
    aliases: &[],
    page: include_str!("platform_not_deployed.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    match not_deployed(review, build) {
        None if build.platforms.is_empty() => {}
        None => out.examined(),
        Some((platform, deploy)) => {
            out.finding(&platform.at, format!("nothing deploys the image for {}", platform.value))
                .label("built beside linux/amd64")
                .related(&deploy.at, "Cloud Run, which runs linux/amd64 only")
                .consequence("each run builds, pushes and stores a second image that nobody starts")
                .remedy("build for linux/amd64 alone");
        }
    }
}
