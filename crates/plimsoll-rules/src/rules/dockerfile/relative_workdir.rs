//! A WORKDIR that depends on the base image.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/relative-workdir",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "the working directory does not depend on the base image",
    aliases: &["WorkdirRelativePath", "DL3000", "DS-0009", "CKV_DOCKER_10"],
    page: include_str!("relative_workdir.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::WorkdirRelativePath, out) else {
        return;
    };
    for (node, warning) in checked.each(&[Keyword::Workdir]) {
        let span = node.args.first().map_or(node.span, |word| word.span);
        let path = &warning.subject;
        if is_of_windows(path) {
            continue;
        }
        out.finding(&checked.place(span), format!("where {path} lies depends on the base image"))
            .label("below the working directory of the base")
            .consequence("another version of the base puts the files elsewhere")
            .remedy(format!("write where it is meant to be, such as /{path}"));
    }
}

/// Whether a path begins with a drive: BuildKit's check does not know those.
fn is_of_windows(path: &str) -> bool {
    let path = path.trim_start_matches('"');
    matches!(path.as_bytes(), [drive, b':', ..] if drive.is_ascii_alphabetic())
}
