//! A build that is told to reuse nothing.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::{Build, BuildTool};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};

pub(crate) static RULE: Rule = Rule {
    name: "cache/explicit-no-cache",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "no build switches its cache off",
    aliases: &[],
    page: include_str!("explicit_no_cache.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some(at) = &build.no_cache else { return out.examined() };
    if is_scheduled(review, build) {
        return out.examined();
    }
    let draft = out.finding(at, format!("{} is told to reuse nothing", build.tool.name()));
    if build.job.is_none() {
        draft.level(Level::Advice);
    }
    draft
        .label("switches the cache off")
        .consequence("every run builds every layer, whatever changed")
        .remedy("take it away; rebuild from nothing in a scheduled workflow if that is the aim");
    let text = if build.tool == BuildTool::BuildPushAction { "false" } else { "" };
    draft.fix("use the cache", Applicability::Unsafe, replace(at, text));
}

/// Whether the workflow runs by schedule or by hand only: a rebuild from nothing is its purpose.
fn is_scheduled(review: &Review<'_>, build: &Build) -> bool {
    let workflow = build.job.and_then(|j| review.repo.workflows.get(j.workflow));
    let rebuilds = ["schedule", "workflow_dispatch"];
    workflow.is_some_and(|w| {
        !w.on.is_empty() && w.on.iter().all(|t| rebuilds.contains(&t.event.value.as_str()))
    })
}
