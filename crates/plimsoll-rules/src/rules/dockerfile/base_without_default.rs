//! A FROM that names no image unless the build passes an argument.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::dockerfile_of;
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/base-without-default",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "each FROM names an image without build arguments",
    aliases: &["InvalidDefaultArgInFrom"],
    page: include_str!("base_without_default.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::InvalidDefaultArgInFrom;
    let Some(checked) = checked(review, file, check, out) else { return };
    let builds = || {
        let here = |b: &&crate::discover::Build| {
            dockerfile_of(review, b).is_some_and(|found| found.path == file.path)
        };
        review.found.builds.iter().filter(here)
    };
    let passed = |text: &str| {
        builds().flat_map(|build| &build.args).any(|(name, _)| text.contains(name.value.as_str()))
    };
    for (node, warning) in checked.each(&[Keyword::From]) {
        let Some(image) = node.args.first() else { continue };
        if !image.text.contains('$') || passed(&warning.subject) {
            out.examined();
            continue;
        }
        out.finding(
            &checked.place(image.span),
            format!("{} names no image without build arguments", warning.subject),
        )
        .label("empty, or not the name of an image")
        .consequence("a plain docker build of this file fails")
        .remedy("give the ARG a default");
    }
}
