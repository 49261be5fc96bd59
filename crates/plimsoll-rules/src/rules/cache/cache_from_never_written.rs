//! A cache that is read and never written.

use plimsoll_model::{Level, Section};

use crate::discover::{Build, CacheSpec};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::caching::{
    Same, has_hidden_builds, inline, matches, reference, same, scope, speaks_buildkit,
};

pub(crate) static RULE: Rule = Rule {
    name: "cache/cache-from-never-written",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "each cache that is read is written",
    aliases: &[],
    page: include_str!("cache_from_never_written.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    if !speaks_buildkit(build) || has_hidden_builds(review) {
        return;
    }
    for from in &build.cache_from {
        if reference(&from.value).is_none() && scope(&from.value).is_none() {
            continue;
        }
        match written(review, &from.value) {
            Same::Yes => out.examined(),
            Same::Maybe => {}
            Same::No => report(review, from, out),
        }
    }
}

/// Whether some build writes the cache: as an export, or inline with the image.
fn written(review: &Review<'_>, from: &CacheSpec) -> Same {
    let builds = &review.found.builds;
    let exports = builds.iter().flat_map(|b| &b.cache_to).map(|to| matches(from, &to.value));
    let images = builds.iter().filter(|b| inline(b).is_some()).flat_map(|b| &b.tags);
    let images = images.filter_map(|t| Some(same(reference(from)?, &t.value)));
    let all: Vec<Same> = exports.chain(images).collect();
    match (all.contains(&Same::Yes), all.contains(&Same::Maybe)) {
        (true, _) => Same::Yes,
        (false, true) => Same::Maybe,
        (false, false) => Same::No,
    }
}

fn report(review: &Review<'_>, from: &Fact<CacheSpec>, out: &mut Out) {
    let what = match (reference(&from.value), scope(&from.value)) {
        (Some(reference), _) => reference.to_owned(),
        (None, Some(scope)) => format!("the scope {scope}"),
        (None, None) => return,
    };
    let draft = out.finding(&from.at, format!("no build writes the cache {what}"));
    draft
        .label("read here, written nowhere")
        .consequence("nothing is reused: each run builds every layer")
        .remedy("export to the same place with cache-to, or read what is exported");
    let builds = &review.found.builds;
    let is_tag =
        |t: &&Fact<String>| reference(&from.value).is_some_and(|r| same(r, &t.value) == Same::Yes);
    if let Some(tag) = builds.iter().flat_map(|b| &b.tags).find(is_tag) {
        draft.related(&tag.at, "the image is pushed here, with no cache in it");
        draft.evidence("BuildKit reuses an image only if it was built with an inline cache");
    }
    if let Some(to) = builds.iter().flat_map(|b| &b.cache_to).next() {
        draft.related(&to.at, "a build exports here");
    }
}
