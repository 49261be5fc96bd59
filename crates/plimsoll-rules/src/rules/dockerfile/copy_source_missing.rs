//! COPY of what the context does not hold.

use plimsoll_model::{EntryKind, Level, Section};

use crate::discover::{ContextRef, Service};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{
    Context, below_unread, clamp, climbs, contexts, dockerfile, in_repository, may_appear, taken,
};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/copy-source-missing",
    section: Section::Dockerfile,
    level: Level::Blocking,
    assures: "what COPY takes from the context is there",
    aliases: &[],
    page: include_str!("copy_source_missing.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    for context in contexts(review, service) {
        // Where nothing builds the file, its context is not known.
        if context.build.is_none() || review.sources.kind(context.folder) != Some(EntryKind::Folder)
        {
            continue;
        }
        for stage in file.reachable(service.target.as_deref()) {
            for (path, at) in taken(stage) {
                source(review, &context, path, at, out);
            }
        }
    }
}

fn source(review: &Review<'_>, context: &Context<'_>, path: &str, at: &Place, out: &mut Out) {
    let inside = clamp(path);
    if inside.is_empty() || climbs(path.trim_start_matches('/')) {
        return;
    }
    let whole = in_repository(context.folder, path);
    if review.sources.kind(&whole).is_some() {
        return out.examined();
    }
    let git = context.build.is_some_and(|b| matches!(b.context, ContextRef::Git(_)));
    let open =
        if git { below_unread(review, &whole) } else { may_appear(review, context.build, &whole) };
    if open {
        return;
    }
    let draft = out.finding(at, format!("there is no {inside} in the context {}", context.shown()));
    draft
        .label(format!("would be {whole}"))
        .related(context.at, format!("the context is {}", context.shown()))
        .consequence("the build fails at this instruction")
        .remedy("add the file, correct its path, or build from the folder that holds it");
    let same_below = |(p, _): &(&str, &plimsoll_model::TreeEntry)| {
        p.strip_suffix(inside.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    if let Some((elsewhere, _)) = review.sources.below("").find(same_below) {
        draft.evidence(format!("{elsewhere} exists"));
    }
}
