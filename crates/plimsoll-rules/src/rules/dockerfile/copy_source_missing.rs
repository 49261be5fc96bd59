//! COPY of what the context does not hold.

use plimsoll_model::{EntryKind, Level, Section};
use plimsoll_syntax::dockerfile::MountKind;

use crate::discover::{ContextRef, Service};
use crate::repo::{Place, Stage};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::{
    Context, below_unread, clamp, climbs, contexts, dockerfile, in_repository, is_path, may_appear,
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
        if review.sources.kind(context.folder) != Some(EntryKind::Folder) {
            continue;
        }
        for stage in file.reachable(service.target.as_deref()) {
            for (path, at) in taken(stage) {
                source(review, &context, path, at, out);
            }
        }
    }
}

/// The plain paths a stage takes from the context, and where it names them.
fn taken(stage: &Stage) -> Vec<(&str, &Place)> {
    let copies = stage.copies().filter(|(_, c)| c.from.is_none()).flat_map(|(_, c)| &c.sources);
    let copies = copies.filter(|s| is_path(s)).map(|s| (s.path.value.as_str(), &s.path.at));
    let mounts = stage.runs().flat_map(|(_, c)| &c.mounts);
    let bound = mounts.filter(|m| m.kind == Some(MountKind::Bind) && m.from.is_none());
    let bound = bound.filter_map(|m| Some((m.source.as_deref()?, &m.at)));
    copies.chain(bound.filter(|(p, _)| !p.contains('$'))).collect()
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
    let open = if git {
        below_unread(review, &whole)
    } else {
        may_appear(review, context.build, &whole)
    };
    if open {
        return;
    }
    let draft = out.finding(
        at,
        format!("there is no {inside} in the context {}", context.shown()),
    );
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
