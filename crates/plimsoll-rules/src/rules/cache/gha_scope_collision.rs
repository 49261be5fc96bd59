//! Images that overwrite each other's cache.

use plimsoll_model::{Applicability, Edit, Level, Section};

use crate::discover::paths::{file_name, folder};
use crate::discover::{Build, CacheSpec, ContextRef};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::caching::scope;

pub(crate) static RULE: Rule = Rule {
    name: "cache/gha-scope-collision",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "each image has a cache scope of its own",
    aliases: &[],
    page: include_str!("gha_scope_collision.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    let builds = &review.found.builds;
    for (i, build) in builds.iter().enumerate() {
        for to in &build.cache_to {
            let Some(name) = scope(&to.value).filter(|s| !s.contains('$')) else { continue };
            let earlier = builds.iter().take(i);
            let other =
                earlier.filter(|b| is_other(b, build)).find_map(|b| Some((b, writes(b, name)?)));
            match other {
                Some((other, at)) => {
                    let file = other.dockerfile.as_ref().map_or("another image", |d| &d.value);
                    let draft = out.finding(
                        &to.at,
                        format!("this build shares the cache scope {name} with {file}"),
                    );
                    draft.related(&at.at, format!("{file} writes the same scope"));
                    describe(draft);
                    fix(review, build, draft);
                }
                None if is_matrix(build) => {
                    let draft = out.finding(
                        &to.at,
                        format!("the images of this matrix share the cache scope {name}"),
                    );
                    draft
                        .related(build.context.at(), "each run of the matrix builds another image");
                    describe(draft);
                }
                None => out.examined(),
            }
        }
    }
}

fn describe(draft: &mut Draft) {
    draft
        .label("one scope holds one image")
        .consequence(
            "the last build to finish overwrites the cache of the others, which begin cold",
        )
        .remedy("give each image a scope of its own: scope=<image>");
}

/// Whether two builds are known to make different images.
fn is_other(a: &Build, b: &Build) -> bool {
    let target = |b: &Build| b.target.as_ref().map(|t| t.value.clone());
    match (&a.dockerfile, &b.dockerfile) {
        (Some(x), Some(y)) => x.value != y.value || target(a) != target(b),
        _ => false,
    }
}

fn writes<'a>(build: &'a Build, name: &str) -> Option<&'a Fact<CacheSpec>> {
    build.cache_to.iter().find(|c| scope(&c.value) == Some(name))
}

/// Whether the context depends on the matrix of the job.
fn is_matrix(build: &Build) -> bool {
    matches!(&build.context, ContextRef::Unknown(text) if text.value.contains("matrix."))
}

/// A scope for what it writes and reads.
fn fix(review: &Review<'_>, build: &Build, draft: &mut Draft) {
    let file = build.dockerfile.as_ref().map_or("", |d| &d.value);
    let own = match build.target.as_ref().map(|t| t.value.as_str()) {
        Some(target) => target,
        None => file_name(folder(file)),
    };
    let specs: Vec<&Fact<CacheSpec>> =
        build.cache_to.iter().chain(&build.cache_from).filter(|c| c.value.kind == "gha").collect();
    let plain = |c: &&Fact<CacheSpec>| {
        let text = c.at.span.and_then(|s| review.sources.text(&c.at.path)?.get(s.range()));
        c.value.get("scope").is_none() && text.is_some_and(|t| !t.contains(['"', '\'', '$']))
    };
    if own.is_empty() || own.contains(['$', '/']) || !specs.iter().all(plain) {
        return;
    }
    let edit = |c: &&Fact<CacheSpec>| {
        c.at.span.map(|s| insert(&c.at.path, s.end, format!(",scope={own}")))
    };
    let edits: Vec<Edit> = specs.iter().filter_map(edit).flatten().collect();
    draft.fix(format!("use the scope {own}"), Applicability::Safe, edits);
}
