//! A cache that is written and never read.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::caching::{Same, has_hidden_builds, matches, reference, scope, speaks_buildkit};

pub(crate) static RULE: Rule = Rule {
    name: "cache/cache-to-never-read",
    section: Section::Cache,
    level: Level::Advice,
    assures: "each cache that is written is read",
    aliases: &[],
    page: include_str!("cache_to_never_read.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    if !speaks_buildkit(build) || has_hidden_builds(review) {
        return;
    }
    for to in &build.cache_to {
        if reference(&to.value).is_none() && scope(&to.value).is_none() {
            continue;
        }
        let mut readers = review.found.builds.iter().flat_map(|b| &b.cache_from);
        if readers.any(|from| matches(&from.value, &to.value) != Same::No) {
            out.examined();
            continue;
        }
        let what = match (reference(&to.value), scope(&to.value)) {
            (Some(reference), _) => reference.to_owned(),
            (None, scope) => format!("the scope {}", scope.unwrap_or("buildkit")),
        };
        out.finding(&to.at, format!("no build reads the cache {what}"))
            .label("written here, read nowhere")
            .consequence("each run pays for the export and gains nothing")
            .remedy("read it with cache-from, or export nothing");
    }
}
