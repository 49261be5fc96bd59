//! What BuildKit refuses to build.

use std::collections::BTreeSet;

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::lint::{self, Warning};

use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;

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
    } else if file.warnings_fail {
        strict(review, file, out);
    }
}

/// Warnings that `check=error=true` makes errors.
fn strict(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    const CHOICE: &str = "BUILDKIT_DOCKERFILE_CHECK";
    // A build may choose the checks itself.
    if review.found.builds.iter().any(|b| b.args.iter().any(|(name, _)| name.value == CHOICE)) {
        return;
    }
    let built: BTreeSet<usize> = needed(review, file).iter().map(|stage| stage.index).collect();
    let counts = |w: &&Warning| {
        // The base may set a variable that nothing here declares.
        let sure = w.check != lint::Check::UndefinedVar;
        sure && stage_of(file, w.span).is_some_and(|stage| built.contains(&stage))
    };
    let warnings: Vec<&Warning> = file.warnings.iter().filter(counts).collect();
    let names: BTreeSet<&str> = warnings.iter().map(|w| w.check.as_str()).collect();
    let directive = file.directives.check.as_ref().filter(|_| !names.is_empty());
    let Some(directive) = directive else { return };
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let draft = out.finding(
        &Place::new(&file.path, directive.span),
        format!("BuildKit refuses this Dockerfile: lint violation found for rules: {names}"),
    );
    for warning in warnings {
        let at = Place::new(&file.path, warning.span);
        draft.related(&at, format!("{}: {}", warning.check.as_str(), warning.detail));
    }
    draft.label("makes warnings errors").consequence("no image is built").remedy(
        "correct what the checks warn of, or leave a check out with `# check=skip=NAME;error=true`",
    );
}

/// The stage that a place lies in; none before the first.
fn stage_of(file: &DockerfileView, span: Span) -> Option<usize> {
    let begins = |at: &Place| at.span.is_some_and(|stage| stage.start <= span.start);
    file.stages.iter().rev().find(|stage| begins(&stage.at)).map(|stage| stage.index)
}
