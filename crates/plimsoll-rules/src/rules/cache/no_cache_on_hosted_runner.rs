//! A build on an empty machine without a cache.

use plimsoll_model::{Applicability, CacheSetup, Edit, Level, Section};

use crate::discover::beside::is_sample;
use crate::discover::cloudbuild::is_cloudbuild;
use crate::discover::paths::{file_name, folder};
use crate::discover::{Build, BuildTool, JobRef};
use crate::repo::{Place, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::building::{dockerfile_of, job, target};
use crate::views::caching::{
    has_own_cache, is_for_releases, is_hosted, runs_anything, sets_up_builder, weigh,
};
use crate::views::edits::first_key;
use crate::views::gitlab;
use crate::views::replayed;

pub(crate) static RULE: Rule = Rule {
    name: "cache/no-cache-on-hosted-runner",
    section: Section::Cache,
    level: Level::ShouldFix,
    assures: "builds on machines that begin empty reuse a cache",
    aliases: &[],
    page: include_str!("no_cache_on_hosted_runner.md"),
    check: Check::Repo(all),
};

/// One finding for each job: its builds share a builder, and what is done about one is done about all.
fn all(review: &Review<'_>, out: &mut Out) {
    let mut jobs: Vec<(Place, JobRef)> = Vec::new();
    for build in &review.found.builds {
        let before = out.findings.len();
        check(review, build, out);
        let job = build.job.map(|j| JobRef { step: 0, ..j });
        jobs.extend(out.findings[before..].iter().filter_map(|d| Some((d.at.clone(), job?))));
    }
    let job = |draft: &Draft| {
        let job = jobs.iter().find(|(at, _)| *at == draft.at).map(|(_, job)| *job);
        // Where there are no jobs, each place is one.
        job.ok_or_else(|| draft.at.clone())
    };
    out.gather(job, |draft| (draft.at.clone(), draft.message.clone()));
}

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    if build.job.is_none() {
        return elsewhere(review, build, out);
    }
    let tools = [BuildTool::BuildPushAction, BuildTool::Buildx, BuildTool::DockerBuild];
    let Some((job, index)) = job(review, build).filter(|_| tools.contains(&build.tool)) else {
        return;
    };
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else { return };
    if !is_hosted(job) || !runs_anything(file, target) || has_own_cache(review, build) {
        return;
    }
    if !build.cache_from.is_empty() || !build.cache_to.is_empty() || build.no_cache.is_some() {
        return out.examined();
    }
    let Some(step) = job.steps.get(index) else { return };
    let is_action = build.tool == BuildTool::BuildPushAction;
    let at = step.uses.as_ref().filter(|_| is_action).map_or(&build.at, |u| &u.at);
    let draft =
        out.finding(at, format!("{} builds {} without a cache", build.tool.name(), file.path));
    draft
        .label("neither cache-from nor cache-to")
        .consequence("the runner begins empty: every run builds every layer")
        .remedy("read and write a cache: a registry or GitHub's, with mode=max");
    if let Some(report) = replayed::of_build(review, build) {
        replayed::compare(report, CacheSetup::None, CacheSetup::Max, draft);
    }
    if let Some(label) = job.runs_on.first() {
        draft.related(&label.at, "a hosted runner, new for each job");
    }
    weigh(review, build, draft);
    // What is written to GitHub's cache for one tag is not read for another.
    if is_for_releases(review, build) {
        draft.remedy("read and write a cache in a registry, with mode=max");
        return;
    }
    if let Some(edits) = edits(review, build, step).filter(|_| sets_up_builder(review, build)) {
        draft.fix("use GitHub's cache", Applicability::Unsafe, edits);
    }
}

/// The cache of GitHub, with a scope of the image's own.
fn edits(review: &Review<'_>, build: &Build, step: &WorkflowStep) -> Option<Vec<Edit>> {
    let with = step.with_body.as_ref().filter(|_| build.tool == BuildTool::BuildPushAction)?;
    let own = file_name(folder(&build.dockerfile.as_ref()?.value));
    let scope = if own.is_empty() { String::new() } else { format!(",scope={own}") };
    let indent = crate::views::edits::indentation(review.sources, with)?;
    let lines = format!("cache-from: type=gha{scope}\n{indent}cache-to: type=gha,mode=max{scope}");
    first_key(review.sources, with, &lines)
}

/// Builds of Cloud Build, and of GitLab jobs with a Docker daemon of their own.
fn elsewhere(review: &Review<'_>, build: &Build, out: &mut Out) {
    let Some((at, machine)) = fresh_machine(review, build) else { return };
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else { return };
    if !runs_anything(file, target) || has_open_arguments(review, build) {
        return;
    }
    if !build.cache_from.is_empty() || !build.cache_to.is_empty() || build.no_cache.is_some() {
        return out.examined();
    }
    let kaniko = build.tool == BuildTool::Kaniko;
    let draft = out
        .finding(&build.at, format!("{} builds {} without a cache", build.tool.name(), file.path));
    draft
        .label(if kaniko { "no `--cache`" } else { "neither cache-from nor cache-to" })
        .related(&at, machine)
        .consequence("the builder begins empty: every run builds every layer");
    if kaniko {
        draft
            .remedy("set `--cache=true`, or build with `docker buildx build` and a registry cache");
    } else {
        draft.remedy(
            "build with `docker buildx build`, and read and write a registry cache with mode=max",
        );
    }
    if let Some(report) = replayed::of_build(review, build) {
        replayed::compare(report, CacheSetup::None, CacheSetup::Max, draft);
    }
}

/// Where it is said that a builder is new for each run, and what it is.
fn fresh_machine(review: &Review<'_>, build: &Build) -> Option<(Place, &'static str)> {
    let tools =
        [BuildTool::CloudBuildDocker, BuildTool::Kaniko, BuildTool::DockerBuild, BuildTool::Buildx];
    if !tools.contains(&build.tool) || is_sample(&build.at.path) {
        return None;
    }
    let yaml = review.repo.yaml.get(build.at.path.as_ref())?;
    if is_cloudbuild(file_name(&build.at.path), yaml) {
        let steps = yaml.documents().next()?.get_entry("steps")?.0;
        return Some((
            Place::new(&build.at.path, steps.span()),
            "run on a machine that is new for each build",
        ));
    }
    gitlab::pipelines(review).iter().find_map(|pipeline| {
        let job = pipeline.jobs.iter().find(|job| job.builds(build))?;
        let daemon = pipeline.setting(job, "services")?.items().find(|service| {
            let image = service.as_str().or_else(|| service.get("name")?.as_str());
            image.is_some_and(|i| i.starts_with("docker:") && i.contains("dind"))
        })?;
        Some((pipeline.place(daemon), "a Docker daemon that is new for each job"))
    })
}

/// Whether a variable stands where flags may be, so that it may name a cache.
fn has_open_arguments(review: &Review<'_>, build: &Build) -> bool {
    let text = review.sources.text(&build.at.path).zip(build.at.span);
    let Some(text) = text.and_then(|(t, span)| t.get(span.range())) else { return true };
    let quotes = ['\'', '"', ',', '[', ']'];
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(quotes))
        .filter(|word| !matches!(*word, "" | "-" | "\\"))
        .collect();
    words.windows(2).any(|pair| pair[1].starts_with('$') && !pair[0].starts_with('-'))
}
