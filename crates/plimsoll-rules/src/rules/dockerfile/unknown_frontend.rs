//! `# syntax=` that names another image than it means, or that is only a comment.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{Comment, Directive};

use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert, replace};
use crate::views::actions::distance;
use crate::views::image_name;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/unknown-frontend",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "`# syntax=` names a frontend, where BuildKit looks for it",
    aliases: &[],
    page: include_str!("unknown_frontend.md"),
    check: Check::Dockerfile(check),
};

/// The frontends that Docker publishes.
const PUBLISHED: [&str; 2] = ["docker/dockerfile", "docker/dockerfile-upstream"];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let text = file.text(review.sources);
    match &file.directives.syntax {
        Some(directive) => named(file, directive, text, out),
        None => {
            if let Some(comment) = file.comments.iter().find(|c| names_frontend(&c.text)) {
                misplaced(file, comment, text, out);
            }
        }
    }
}

/// A directive that BuildKit reads.
fn named(file: &DockerfileView, directive: &Directive, text: &str, out: &mut Out) {
    let image = directive.value.split_whitespace().next().unwrap_or_default();
    if !is_misspelt(image) {
        return out.examined();
    }
    let span = word(directive.span, text, image);
    out.finding(&Place::new(&file.path, span), format!("{image} is not docker/dockerfile"))
        .label("the image that reads this file")
        .consequence("the build fails before its first step, or runs what somebody else has put under that name")
        .remedy("write `# syntax=docker/dockerfile:1`");
}

/// The place of a word within another.
fn word(span: Span, text: &str, word: &str) -> Span {
    let Some(at) = span.text(text).find(word) else { return span };
    let start = span.start as usize + at;
    Span::new(start, start + word.len())
}

/// Whether an image of Docker Hub is near to Docker's own frontend, and is not it.
fn is_misspelt(image: &str) -> bool {
    const MEANT: &str = "dockerdockerfile";
    let name = image_name(image);
    let host = name.split_once('/').is_some_and(|(host, _)| host.contains(['.', ':']));
    if PUBLISHED.contains(&name) || host || image.contains('$') || image.len() > 100 {
        return false;
    }
    let letters = name.chars().filter(char::is_ascii_alphabetic);
    let plain: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    matches!(plain.as_str(), "dockerfile" | "dockerfiledockerfile") || distance(&plain, MEANT) <= 1
}

/// Whether a comment is a directive for Docker's own frontend and nothing else.
fn names_frontend(comment: &str) -> bool {
    comment.split_once('=').is_some_and(|(name, image)| {
        let image = image.trim();
        name.trim().eq_ignore_ascii_case("syntax") && PUBLISHED.contains(&image_name(image))
    })
}

fn misplaced(file: &DockerfileView, comment: &Comment, text: &str, out: &mut Out) {
    let place = Place::new(&file.path, comment.span);
    let draft = out.finding(&place, "this `# syntax=` is only a comment");
    draft
        .level(Level::Advice)
        .label("directives end at the first line that is none")
        .consequence(
            "the builder reads the file with the frontend it has built in, whatever its age",
        )
        .remedy("move it to the first line");
    fix(file, comment, text, draft);
}

/// Moves the line to the top. Another frontend then reads the file.
fn fix(file: &DockerfileView, comment: &Comment, text: &str, draft: &mut Draft) {
    let (start, end) = (comment.span.start as usize, comment.span.end as usize);
    let alone = text.get(..start).is_some_and(|before| before.ends_with('\n'));
    let newline = text.get(end..).is_some_and(|after| after.starts_with('\n'));
    if !alone || !newline || text.starts_with(['\u{feff}']) || text.starts_with("#!") {
        return;
    }
    let line = format!("{}\n", comment.span.text(text).trim_end());
    let mut edits = insert(&file.path, 0, line);
    edits.extend(replace(&Place::new(&file.path, Span::new(start, end + 1)), ""));
    draft.fix("move it to the first line", Applicability::Unsafe, edits);
}

#[cfg(test)]
mod tests {
    use super::is_misspelt;

    #[test]
    fn near_misses_are_told_from_other_frontends() {
        for image in [
            "dockerfile/dockerfile:1",
            "docker/docker-file:1",
            "docker/dockerfile1.4",
            "docker/dockerfile/1",
            "docker/dockerfiles:1",
            "dockr/dockerfile",
            "dockerfile:1",
            "docker.io/dockerfile:1",
        ] {
            assert!(is_misspelt(image), "{image}");
        }
        for image in [
            "docker/dockerfile",
            "docker/dockerfile:1.7-labs",
            "docker.io/docker/dockerfile:1@sha256:0",
            "docker/dockerfile-upstream:master",
            "registry.example.com/docker/docker-file",
            "moby/dockerfile",
            "r2d4/mocker",
            "$FRONTEND",
            "",
        ] {
            assert!(!is_misspelt(image), "{image}");
        }
    }
}
