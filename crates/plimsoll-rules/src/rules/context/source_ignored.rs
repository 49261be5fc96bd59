//! An ignore rule that drops what COPY takes.

use plimsoll_model::{Applicability, EntryKind, Level, Section};
use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher};

use crate::discover::{ContextRef, Service};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::building::{
    Context, clamp, climbs, contexts, dockerfile, in_repository, may_appear, taken,
};
use crate::views::ignorefiles::{ignore_file, read};

pub(crate) static RULE: Rule = Rule {
    name: "context/source-ignored",
    section: Section::Context,
    level: Level::Blocking,
    assures: "the ignore file lets through what COPY names",
    aliases: &["CopyIgnoredFile"],
    page: include_str!("source_ignored.md"),
    check: Check::Service(check),
};

/// An ignore file that a build reads.
struct Ignore<'a> {
    path: &'a str,
    file: &'a IgnoreFile,
    matcher: &'a Matcher,
}

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    for context in contexts(review, service) {
        if context.build.is_some_and(|b| matches!(b.context, ContextRef::Git(_))) {
            continue;
        }
        let Some(path) = ignore_file(review.sources, context.folder, &file.path) else { continue };
        let Some((rules, matcher)) = read(review.sources, &path) else { continue };
        let ignore = Ignore { path: &path, file: &rules, matcher: &matcher };
        for stage in file.reachable(service.target.as_deref()) {
            for (source, at) in taken(stage).into_iter().filter(|(s, _)| !climbs(s)) {
                source_of(review, &context, &ignore, (&clamp(source), at), out);
            }
        }
    }
}

fn source_of(
    review: &Review<'_>,
    context: &Context<'_>,
    ignore: &Ignore<'_>,
    (source, at): (&str, &Place),
    out: &mut Out,
) {
    if source.is_empty() {
        return;
    }
    let whole = in_repository(context.folder, source);
    let there = review.sources.kind(&whole);
    if there.is_none() && !may_appear(review, context.build, &whole) {
        return;
    }
    let Ok(decision) = ignore.matcher.decide(source) else { return };
    if !decision.ignored || (there != Some(EntryKind::File) && ignore.matcher.has_exceptions()) {
        return out.examined();
    }
    let by = decision.by.and_then(|i| ignore.file.patterns.get(i));
    let pattern = by.map(plimsoll_syntax::ignorefile::Pattern::raw).unwrap_or_default();
    let draft = out.finding(at, format!("{} leaves out {source}", ignore.path));
    draft
        .label(format!("not in the context, because of `{pattern}`"))
        .consequence("the build fails at this instruction: the file is not sent")
        .remedy(format!("let it through with `!{source}`, or narrow the pattern"));
    // Where nothing builds the file, its context is a good guess.
    if context.build.is_none() {
        draft.level(Level::ShouldFix);
    }
    if let Some(by) = by {
        draft.related(&Place::new(&ignore.path.into(), by.span), "this pattern leaves it out");
    }
    let Some(text) = review.sources.text(ignore.path) else { return };
    let newline = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    draft.fix(
        format!("let {source} through"),
        Applicability::Unsafe,
        insert(ignore.path, end, format!("{newline}!{source}\n")),
    );
}
