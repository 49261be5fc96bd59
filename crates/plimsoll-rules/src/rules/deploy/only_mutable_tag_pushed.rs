//! Images that only have a tag that moves.

use plimsoll_model::{Level, Section};

use crate::discover::paths::image_tag;
use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/only-mutable-tag-pushed",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "every image that is pushed can be named for ever",
    aliases: &[],
    page: include_str!("only_mutable_tag_pushed.md"),
    check: Check::Build(check),
};

fn check(_: &Review<'_>, build: &Build, out: &mut Out) {
    let pushes = build.push == Some(true) && build.job.is_some() && build.tool != BuildTool::Compose;
    if !pushes || build.tags.is_empty() {
        return;
    }
    out.examined();
    let moving = |tag: &str| matches!(image_tag(tag), None | Some("latest" | "main" | "master" | "staging" | "production" | "prod" | "dev" | "edge"));
    if build.tags.iter().all(|t| !t.value.contains('$') && moving(&t.value)) {
        let first = &build.tags[0];
        out.finding(&first.at, "this image is pushed only under a tag that moves")
            .label("the next push takes the name away")
            .consequence("yesterday's image has no name any more: there is nothing to roll back to, and clean-up rules of the registry delete it")
            .remedy("push a tag that names the commit, too: …:${{ github.sha }}");
    }
}
