//! COPY of a path above the context.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::Service;
use crate::repo::{DockerfileView, SourceView, Step};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, replace};
use crate::views::building::{
    Context, clamp, climbs, contexts, dockerfile, in_repository, is_path, may_appear,
};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/copy-source-outside-context",
    section: Section::Dockerfile,
    level: Level::Blocking,
    assures: "COPY takes nothing from outside the context",
    aliases: &[],
    page: include_str!("copy_source_outside_context.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    let contexts = contexts(review, service);
    for stage in file.reachable(service.target.as_deref()) {
        for (step, copy) in stage.copies().filter(|(_, c)| c.from.is_none()) {
            out.examined();
            for source in copy.sources.iter().filter(|s| is_path(s) && climbs(&s.path.value)) {
                outside(review, file, step, source, &contexts, out);
            }
        }
    }
}

fn outside(
    review: &Review<'_>,
    file: &DockerfileView,
    step: &Step,
    source: &SourceView,
    contexts: &[Context<'_>],
    out: &mut Out,
) {
    let text = &source.path.value;
    let name = if copies_by_add(review, file, step) { "ADD" } else { "COPY" };
    let draft = out.finding(
        &source.path.at,
        format!("{name} {text} points outside the context; the builder takes /{}", clamp(text)),
    );
    draft.label("`..` ends at the root of the context");
    draft.evidence("a builder never leaves its context: it drops each `..` that would");
    let Some(context) = contexts.first() else {
        draft
            .level(Level::ShouldFix)
            .consequence("the build fails, or copies a folder of that name from the context")
            .remedy("name the path from the root of the context, and widen the context if need be");
        return;
    };
    draft.related(context.at, format!("the context is {}", context.shown()));
    let taken = in_repository(context.folder, text);
    if review.sources.kind(&taken).is_some() {
        instead(draft, context, source, &taken);
    } else if context.build.is_none() || may_appear(review, context.build, &taken) {
        draft
            .level(Level::ShouldFix)
            .consequence(format!("the build takes {taken}, if something makes it, or it fails"))
            .remedy("build from the folder that holds both, and name the path from there");
    } else {
        draft
            .consequence(format!("the build fails: there is no {taken}"))
            .remedy("build from the folder that holds both, and name the path from there");
    }
}

/// The clamped path exists: the build is green, with that folder.
fn instead(draft: &mut Draft, context: &Context<'_>, source: &SourceView, taken: &str) {
    let plain = clamp(&source.path.value);
    if context.folder.is_empty() {
        draft
            .level(Level::Advice)
            .consequence(format!("{taken} is copied: the `..` means nothing and misleads"))
            .remedy(format!("write {plain}"))
            .fix(format!("write {plain}"), Applicability::Safe, replace(&source.path.at, plain));
    } else {
        draft
            .level(Level::ShouldFix)
            .consequence(format!("the build is green and copies {taken} instead"))
            .remedy("build from the folder that holds both, and name the path from there");
    }
}

fn copies_by_add(review: &Review<'_>, file: &DockerfileView, step: &Step) -> bool {
    let text = step.at.span.and_then(|s| file.text(review.sources).get(s.start as usize..));
    text.and_then(|t| t.get(..3)).is_some_and(|t| t.eq_ignore_ascii_case("add"))
}
