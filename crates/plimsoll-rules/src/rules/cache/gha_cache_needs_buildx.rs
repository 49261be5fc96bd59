//! A cache export that Docker's own builder may refuse.

use plimsoll_model::{Applicability, Level, Section};

use crate::discover::{Build, BuildTool, CacheSpec};
use crate::repo::{Fact, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule, insert};
use crate::views::building::job;
use crate::views::caching::{is_hosted, is_known, sets_up_builder};
use crate::views::edits::indentation;

pub(crate) static RULE: Rule = Rule {
    name: "cache/gha-cache-needs-buildx",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "caches are exported by a builder that can",
    aliases: &[],
    page: include_str!("gha_cache_needs_buildx.md"),
    check: Check::Build(check),
};

/// Exports that the docker driver has only with the containerd image store.
const KINDS: [&str; 5] = ["gha", "registry", "local", "s3", "azblob"];

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    let tools = [BuildTool::BuildPushAction, BuildTool::Buildx, BuildTool::DockerBuild];
    let Some((job, index)) = job(review, build) else { return };
    if !tools.contains(&build.tool) || !is_hosted(job) {
        return;
    }
    let Some(to) = build.cache_to.iter().find(|c| exports(c)) else {
        return;
    };
    if sets_up_builder(review, build) {
        return out.examined();
    }
    let Some(step) = job.steps.get(index) else { return };
    let draft = out.finding(
        &to.at,
        format!("no earlier step sets up a builder that exports a {} cache", to.value.kind),
    );
    draft
        .label("needs docker/setup-buildx-action")
        .evidence("the docker driver exports caches only with the containerd image store")
        .consequence("without that store the build fails: cache export is not supported for the docker driver")
        .remedy("add docker/setup-buildx-action before this step");
    fix(review, step, draft);
}

/// Whether a cache is one that Docker's own builder may refuse to export.
fn exports(spec: &Fact<CacheSpec>) -> bool {
    KINDS.contains(&spec.value.kind.as_str()) && is_known(&spec.value)
}

fn fix(review: &Review<'_>, step: &WorkflowStep, draft: &mut Draft) {
    let Some(indent) = indentation(review.sources, &step.at) else { return };
    let (Some(span), Some(dash)) = (step.at.span, indent.get(2..)) else { return };
    let text = format!("uses: docker/setup-buildx-action@v3\n{dash}- ");
    let edits = insert(&step.at.path, span.start, text);
    draft.fix("set up buildx", Applicability::Safe, edits);
}
