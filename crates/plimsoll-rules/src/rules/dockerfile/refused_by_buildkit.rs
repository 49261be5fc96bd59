//! What BuildKit refuses to build.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/refused-by-buildkit",
    section: Section::Dockerfile,
    level: Level::Blocking,
    assures: "BuildKit accepts the Dockerfile",
    aliases: &["DL1000"],
    page: include_str!("refused_by_buildkit.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if file.is_template(review.sources) {
        return;
    }
    out.examined();
    // BuildKit stops at its first error; what comes after may only follow from it.
    if let Some(error) = file.errors.first() {
        out.finding(&error.at, format!("BuildKit refuses this Dockerfile: {}", error.value))
            .label("refused here")
            .consequence("no image is built")
            .remedy("correct the instruction");
    }
}
