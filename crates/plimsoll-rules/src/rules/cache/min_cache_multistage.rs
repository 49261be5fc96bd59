//! A cache that leaves builder stages out.

use plimsoll_model::{Applicability, CacheSetup, Level, Section};

use crate::discover::{Build, CacheSpec};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::caching::{builder_stages, is_known, names, weigh};
use crate::views::replayed;

pub(crate) static RULE: Rule = Rule {
    name: "cache/min-cache-multistage",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "exported caches hold the builder stages",
    aliases: &[],
    page: include_str!("min_cache_multistage.md"),
    check: Check::Repo(all),
};

/// Caches that have a mode.
const KINDS: [&str; 5] = ["registry", "gha", "local", "s3", "azblob"];

/// One finding for each place: a matrix builds many Dockerfiles there.
fn all(review: &Review<'_>, out: &mut Out) {
    review.found.builds.iter().for_each(|build| check(review, build, out));
    out.gather(
        |draft| draft.at.clone(),
        |draft| draft.related.first().cloned().unwrap_or_else(|| (draft.at.clone(), String::new())),
    );
}

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let lost = builder_stages(review, build);
    let Some(first) = lost.first() else { return };
    let has_mode =
        |c: &&Fact<CacheSpec>| KINDS.contains(&c.value.kind.as_str()) && is_known(&c.value);
    for to in build.cache_to.iter().filter(has_mode) {
        if to.value.get("mode").is_some_and(|m| m != "min" || m.contains('$')) {
            out.examined();
            continue;
        }
        let message = format!("this {} cache leaves out {}", to.value.kind, names(&lost));
        let draft = out.finding(&to.at, message);
        draft
            .label("without mode=max only the final image's layers are exported")
            .related(&first.at, "the layers of this stage are in no cache")
            .consequence("when an input of such a stage changes, all its steps run again")
            .remedy("set mode=max");
        if let Some(report) = replayed::of_build(review, build) {
            replayed::compare(report, CacheSetup::Min, CacheSetup::Max, draft);
        }
        weigh(review, build, draft);
        if to.value.get("mode").is_some() {
            draft
                .level(Level::Advice)
                .evidence("`mode=min` is written out, so somebody has weighed it");
        }
        fix(review, to, draft);
    }
}

fn fix(review: &Review<'_>, to: &Fact<CacheSpec>, draft: &mut Draft) {
    let Some(span) = to.at.span else { return };
    let text = review.sources.text(&to.at.path).and_then(|t| t.get(span.range())).unwrap_or("");
    if !text.contains("type=") || text.ends_with(['"', '\'']) || to.value.get("mode").is_some() {
        return;
    }
    let edits = insert(&to.at.path, span.end, ",mode=max");
    draft.fix("export all stages", Applicability::Safe, edits);
}
