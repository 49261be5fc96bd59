//! A mode that an inline cache does not have.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};

pub(crate) static RULE: Rule = Rule {
    name: "cache/inline-cache-with-mode",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "no inline cache is given a mode",
    aliases: &[],
    page: include_str!("inline_cache_with_mode.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    for to in build.cache_to.iter().filter(|c| c.value.kind == "inline") {
        if to.value.get("mode") != Some("max") {
            out.examined();
            continue;
        }
        let draft = out.finding(&to.at, "an inline cache has no mode=max");
        draft
            .label("the mode is ignored")
            .consequence("the cache holds the final image only, though all stages were asked for")
            .remedy("export to a registry with mode=max, or take the mode away");
        let text = to.at.span.and_then(|s| review.sources.text(&to.at.path)?.get(s.range()));
        if let Some(text) = text.filter(|t| t.contains(",mode=max")) {
            let edits = replace(&to.at, text.replace(",mode=max", ""));
            draft.fix("take the mode away", Applicability::Safe, edits);
        }
    }
}
