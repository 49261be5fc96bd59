//! `FROM --platform=linux/amd64`.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/constant-platform",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "the build decides on the platform, not the Dockerfile",
    aliases: &["FromPlatformFlagConstDisallowed", "DL3029"],
    page: include_str!("constant_platform.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::FromPlatformFlagConstDisallowed;
    let Some(checked) = checked(review, file, check, out) else { return };
    for (node, warning) in checked.each(&[Keyword::From]) {
        let Some(flag) = node.flags.iter().find(|flag| flag.name == "platform") else { continue };
        out.finding(
            &checked.place(flag.span),
            format!("FROM is tied to {}", warning.subject),
        )
        .label("whatever platform is built for")
        .consequence(
            "a build for another platform yields an image that claims it and holds these programs",
        )
        .remedy(
            "leave it out and pass the platform to the build, or write $BUILDPLATFORM for a stage \
             of tools",
        );
    }
}
