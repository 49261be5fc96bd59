//! A base image without a version.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::Base;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{is_given, needed};

pub(crate) static RULE: Rule = Rule {
    name: "security/unpinned-base",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "every base image has a version",
    aliases: &["DL3006", "DL3007", "DS-0001", "CKV_DOCKER_7"],
    page: include_str!("unpinned_base.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let text = file.text(review.sources);
    for stage in needed(review, file).into_iter().filter(|s| s.base == Base::Image && s.image_known)
    {
        let image = stage.image.value.as_str();
        let written = stage.image.at.span.map_or("", |s| s.text(text));
        // Builds may set the argument, or give the image under this name.
        if written.contains('$') || image.is_empty() || is_given(review, image) {
            continue;
        }
        let message = match tag(image) {
            Tag::Pinned => {
                out.examined();
                continue;
            }
            Tag::None => format!("{image} has no tag: the builder takes whatever is latest"),
            Tag::Latest => format!("{image} is another image after each release"),
        };
        out.finding(&stage.image.at, message)
            .label("no version")
            .consequence("a rebuild of the same commit may give another image, or fail")
            .remedy("name the version that is in use, or better its digest");
    }
}

enum Tag {
    None,
    Latest,
    Pinned,
}

fn tag(image: &str) -> Tag {
    if image.contains('@') {
        return Tag::Pinned;
    }
    let name = image.rsplit('/').next().unwrap_or(image);
    match name.split_once(':') {
        None => Tag::None,
        Some((_, "latest")) => Tag::Latest,
        Some(_) => Tag::Pinned,
    }
}
