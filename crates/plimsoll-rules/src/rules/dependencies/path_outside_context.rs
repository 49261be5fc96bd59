//! A dependency on a folder that the build cannot have.

use plimsoll_model::{Level, Section};

use crate::discover::link::{above, holds};
use crate::local::{State, Use, Why};
use crate::packages::Syntax;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::subject::Subject;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/path-outside-context",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "local dependencies lie inside the context",
    aliases: &[],
    page: include_str!("path_outside_context.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    let guess = is_guess(subject);
    for found in &subject.uses.uses {
        match &found.state {
            State::Missing(Why::OutsideContext | Why::NoWorkspace(_)) if guess => {}
            State::Missing(
                Why::Machine
                | Why::AboveRepository
                | Why::Gone
                | Why::OutsideContext
                | Why::NoWorkspace(_),
            ) => missing(subject, found, out),
            // A path that the Dockerfile or a list of pip names is one of the image; a package
            // carries its own into its metadata.
            State::Present { .. }
                if found.dependency.is_absolute()
                    && found.dependency.syntax != Syntax::Requirement =>
            {
                by_accident(subject, found, out);
            }
            State::Present { .. } => out.examined(),
            State::Missing(_) | State::Unknown => {}
        }
    }
}

/// Whether nothing says what the context is, and a wider folder would do as well.
fn is_guess(subject: &Subject<'_>) -> bool {
    let (context, file) = (&subject.context, subject.layout.file);
    context.build.is_none() && above(context.folder).any(|f| holds(subject.review.sources, file, f))
}

/// What a dependency is taken from, for a sentence.
fn source(found: &Use) -> String {
    match (&found.state, found.dependency.path()) {
        (_, Some(path)) => path.to_owned(),
        (State::Missing(Why::NoWorkspace(root)), None) => format!("the workspace of {root}"),
        _ => found.place.folder().unwrap_or("nowhere").to_owned(),
    }
}

fn missing(subject: &Subject<'_>, found: &Use, out: &mut Out) {
    let context = &subject.context;
    let name = &found.dependency.name;
    let message = if found.depth > 0 {
        let of = subject.package(found);
        format!("{of} takes {name} from {}, outside the context {}", source(found), context.shown())
    } else {
        format!("{name} is taken from {}, outside the context {}", source(found), context.shown())
    };
    let draft = out.finding(&found.dependency.at, message);
    draft.level(subject.level()).label(format!("the build looks for it at {}", found.wanted));
    subject.relate(found, draft);
    draft.related(context.at, format!("the context is {}", context.shown()));
    subject.consequence(found, draft);
    remedy(found, draft);
}

/// An absolute path that a lock file happens to make right.
fn by_accident(subject: &Subject<'_>, found: &Use, out: &mut Out) {
    let install = subject.install(found);
    let message =
        format!("{} is taken from {}, a path of one machine", found.dependency.name, source(found));
    let draft = out.finding(&found.dependency.at, message);
    draft
        .level(Level::ShouldFix)
        .related(&install.at, "installed here")
        .evidence(format!("the build finds it at {} all the same", found.wanted))
        .consequence(
            "the package says so in its metadata: it cannot be installed or locked elsewhere",
        )
        .remedy("name the package alone, and its folder in the table of the package manager");
    if let Some(lock) = &found.lock {
        draft.related(lock, "the lock file has a path that works");
    }
}

fn remedy(found: &Use, draft: &mut Draft) {
    let Some(here) = found.place.folder() else {
        draft.remedy("bring the package into the repository, or install it from an index");
        return;
    };
    draft
        .evidence(format!("the repository has it at {here}"))
        .remedy("`plimsoll fix path-dependency` shows the ways to mend it, `--prove` builds them");
}
