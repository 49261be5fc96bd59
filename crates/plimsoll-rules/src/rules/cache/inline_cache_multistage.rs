//! An inline cache of a build with builder stages.

use plimsoll_model::{Applicability, CacheSetup, Edit, Level, Section};

use crate::discover::Build;
use crate::discover::paths::image_tag;
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, replace};
use crate::views::building::dockerfile_of;
use crate::views::caching::{builder_stages, inline, names, reference, weigh};
use crate::views::replayed;

pub(crate) static RULE: Rule = Rule {
    name: "cache/inline-cache-multistage",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "the cache holds the builder stages",
    aliases: &[],
    page: include_str!("inline_cache_multistage.md"),
    check: Check::Repo(all),
};

/// One finding for each place: a matrix builds many Dockerfiles there.
fn all(review: &Review<'_>, out: &mut Out) {
    review.found.builds.iter().for_each(|build| check(review, build, out));
    out.gather(
        |draft| draft.at.clone(),
        |draft| draft.related.first().cloned().unwrap_or_else(|| (draft.at.clone(), String::new())),
    );
}

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let (Some(at), Some(file)) = (inline(build), dockerfile_of(review, build)) else { return };
    let lost = builder_stages(review, build);
    let Some(first) = lost.first() else { return out.examined() };
    let stages = names(&lost);
    let draft = out
        .finding(at, format!("the inline cache leaves out what {} builds in {stages}", file.path));
    draft
        .label("holds the layers of the final image only")
        .related(&first.at, "the layers of this stage are in no cache")
        .evidence(
            "measured on a fresh builder with a changed lock file: 27.7 s with an inline cache, \
             11.4 s with mode=max; with nothing changed 0.2 s and 0.3 s",
        )
        .consequence(
            "when an input of such a stage changes, all its steps run again, the unchanged ones too",
        )
        .remedy("export to a registry with mode=max, and read from there");
    if let Some(report) = replayed::of_build(review, build) {
        replayed::compare(report, CacheSetup::Inline, CacheSetup::Max, draft);
    }
    weigh(review, build, draft);
    fix(review, build, draft);
}

/// A cache beside the image: the reference that is read now, with `-cache`.
fn fix(review: &Review<'_>, build: &Build, draft: &mut Draft) {
    let Some(to) = build.cache_to.iter().find(|c| c.value.kind == "inline") else { return };
    let Some(from) = build.cache_from.iter().find(|c| reference(&c.value).is_some()) else {
        return;
    };
    let Some(written) = written(review, &from.at) else { return };
    let own = if image_tag(&written).is_some() {
        format!("type=registry,ref={written}-cache")
    } else {
        format!("type=registry,ref={written}:cache")
    };
    let mut edits: Vec<Edit> = replace(&to.at, format!("{own},mode=max"));
    edits.extend(replace(&from.at, own));
    draft.fix("export all stages to the registry", Applicability::Unsafe, edits);
}

/// The reference as the file has it, variables and all.
fn written(review: &Review<'_>, at: &Place) -> Option<String> {
    let text = review.sources.text(&at.path)?.get(at.span?.range())?;
    if text.contains(['\'', '"', '@', '\n']) {
        return None;
    }
    let reference = match text.split_once("ref=") {
        Some((_, rest)) => rest.split(',').next().unwrap_or(rest),
        None => text,
    };
    (!reference.is_empty()).then(|| reference.trim().to_owned())
}
