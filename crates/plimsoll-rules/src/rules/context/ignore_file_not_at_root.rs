//! An ignore file that no build reads.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::paths::{below, folder};
use crate::discover::{ContextRef, Service};
use crate::repo::{DockerfileView, Place};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::building::{Context, contexts, dockerfile};
use crate::views::ignorefiles::{beside, ignore_file, read};

pub(crate) static RULE: Rule = Rule {
    name: "context/ignore-file-not-at-root",
    section: Section::Context,
    level: Level::ShouldFix,
    assures: "the ignore file stands where the builder reads it",
    aliases: &[],
    page: include_str!("ignore_file_not_at_root.md"),
    check: Check::Repo(all),
};

/// One finding for each file, however many services are built beside it.
fn all(review: &Review<'_>, out: &mut Out) {
    for service in &review.found.services {
        let before = out.findings.len();
        check(review, service, out);
        for draft in &mut out.findings[before..] {
            draft.service(service.name.as_str());
        }
    }
    out.gather(
        |draft| draft.at.clone(),
        |draft| draft.related.first().cloned().unwrap_or_else(|| (draft.at.clone(), String::new())),
    );
}

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    let Some(unread) = beside(review.sources, &file.path) else { return };
    if is_context(review, folder(&file.path)) {
        return out.examined();
    }
    for context in contexts(review, service) {
        // Where nothing builds the file, its context is not known.
        if !context.build.is_some_and(|b| matches!(b.context, ContextRef::Folder(_))) {
            continue;
        }
        let read_instead = ignore_file(review.sources, context.folder, &file.path);
        if read_instead.as_deref().is_some_and(|p| p.starts_with(file.path.as_ref())) {
            out.examined();
            continue;
        }
        let draft = out.finding(
            &Place::file(unread.as_str()),
            format!("{unread} is never read: the context is {}", context.shown()),
        );
        describe(file, &context, read_instead.as_deref(), draft);
        if read_instead.is_none() {
            fix(review, file, &context, &unread, draft);
        }
    }
}

/// Whether any build uses the folder as its context.
fn is_context(review: &Review<'_>, folder: &str) -> bool {
    let builds = review.found.builds.iter().any(|b| b.context.folder() == Some(folder));
    builds || review.found.builds.iter().any(|b| matches!(b.context, ContextRef::Unknown(_)))
}

fn describe(
    file: &DockerfileView,
    context: &Context<'_>,
    instead: Option<&str>,
    draft: &mut Draft,
) {
    draft.related(context.at, format!("the context is {}", context.shown()));
    draft.related(&Place::file(file.path.clone()), "the Dockerfile beside it");
    match instead {
        Some(read) => draft.consequence(format!("its patterns do nothing; {read} counts")),
        None => draft.consequence("its patterns do nothing: all of the context is sent"),
    };
    draft.remedy(format!(
        "rename it to {}.dockerignore and write its patterns from the root of the context, or \
         move them to the context's own ignore file",
        file.path
    ));
}

/// The same patterns, seen from the context, in the file that the builder reads.
fn fix(
    review: &Review<'_>,
    file: &DockerfileView,
    context: &Context<'_>,
    unread: &str,
    draft: &mut Draft,
) {
    let Some((rules, _)) = read(review.sources, unread) else { return };
    let Some(prefix) = below(context.folder, folder(&file.path)).filter(|p| !p.is_empty()) else {
        return;
    };
    let line = |p: &plimsoll_syntax::ignorefile::Pattern| {
        let negated = if p.negated { "!" } else { "" };
        format!("{negated}{prefix}/{}\n", p.text.trim_start_matches('/'))
    };
    let text: String = rules.patterns.iter().map(line).collect();
    let path = format!("{}.dockerignore", file.path);
    draft.fix(
        format!("add {path} with its patterns"),
        Applicability::Unsafe,
        insert(&path, 0, text),
    );
}
