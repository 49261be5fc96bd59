//! Images that one job builds one after the other.

use std::collections::BTreeSet;

use plimsoll_model::{Level, Section};
use plimsoll_syntax::yaml::{Node, Yaml};

use crate::discover::beside::is_sample;
use crate::discover::cloudbuild::is_cloudbuild;
use crate::discover::paths::{file_name, image_name};
use crate::discover::{Build, BuildTool};
use crate::repo::{Job, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::builds_of;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/serial-image-builds",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "jobs build their images side by side",
    aliases: &[],
    page: include_str!("serial_image_builds.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    review.repo.workflows.iter().for_each(|workflow| github(review, workflow, out));
    for (path, yaml) in review.repo.yaml.iter().filter(|(path, _)| !is_sample(path)) {
        if is_cloudbuild(file_name(path), yaml) {
            cloud_build(review, path, yaml, out);
        }
    }
}

/// Steps of Cloud Build that wait for one another although none needs the other's image.
fn cloud_build(review: &Review<'_>, path: &str, yaml: &Yaml, out: &mut Out) {
    let Some(steps) = yaml.documents().next().and_then(|d| d.get("steps")) else { return };
    let builds: Vec<&Build> = review
        .found
        .builds
        .iter()
        .filter(|b| b.at.path.as_ref() == path && is_step(&b.at, steps))
        .collect();
    let ordered = steps.items().any(|s| s.get("waitFor").is_some());
    match second(&builds).filter(|_| !ordered && !depend(review, &builds)) {
        Some(second) => {
            let draft =
                out.finding(&second.at, "this step waits for an image that it does not need");
            draft
                .label("no `waitFor`: begins when all steps before it have ended")
                .consequence("pulls, downloads and compiling of the images follow one another instead of overlapping")
                .remedy("give the builds `waitFor: ['-']`, and the steps that push or deploy the ids they wait for");
            if let Some(first) = builds.first() {
                draft.related(&first.at, "the first build");
            }
        }
        None if builds.is_empty() => {}
        None => out.examined(),
    }
}

/// Whether a place is a whole step, rather than a command in its script.
fn is_step(at: &Place, steps: Node<'_>) -> bool {
    at.span.is_some_and(|span| steps.items().any(|s| s.span() == span))
}

fn github(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty()) {
        // A step with a matrix is one build in each of its jobs: only the first one counts.
        let mut builds = builds_of(review, workflow, job);
        builds.dedup_by(|b, a| b.at == a.at);
        if builds.is_empty() {
            continue;
        }
        match second(&builds).filter(|_| !depend(review, &builds) && !in_background(job)) {
            Some(second) => report(job, &builds, second, out),
            None => out.examined(),
        }
    }
}

fn report(job: &Job, builds: &[&Build], second: &Build, out: &mut Out) {
    let files: BTreeSet<&str> = builds.iter().filter_map(|b| file(b)).collect();
    let message = format!("`{}` builds {} images one after the other", job.id.value, files.len());
    let finding = out
        .finding(&second.at, message)
        .label("waits for the build before it")
        .consequence("the job takes the sum of all builds instead of the longest")
        .remedy("build them in a matrix, or with `docker buildx bake`");
    if let Some(first) = builds.first() {
        finding.related(&first.at, "the first build");
    }
}

fn file<'a>(build: &&'a Build) -> Option<&'a str> {
    let counts = !matches!(build.tool, BuildTool::Compose | BuildTool::Config);
    build.dockerfile.as_ref().filter(|_| counts).map(|f| f.value.as_str())
}

/// The first build of another Dockerfile than the first build's.
fn second<'a>(builds: &[&'a Build]) -> Option<&'a Build> {
    let first = builds.iter().find_map(file)?;
    builds.iter().find(|b| file(b).is_some_and(|f| f != first)).copied()
}

/// Whether one build may need the image of another.
fn depend(review: &Review<'_>, builds: &[&Build]) -> bool {
    let names: Vec<String> =
        builds.iter().flat_map(|b| &b.tags).map(|t| image_name(&t.value)).collect();
    let speaks = |text: &str| names.iter().any(|n| !n.is_empty() && image_name(text) == *n);
    builds.iter().any(|build| {
        let index = build.dockerfile.as_ref().and_then(|f| review.repo.dockerfile(&f.value));
        let view = index.and_then(|i| review.repo.dockerfiles.get(i));
        let bases = view.into_iter().flat_map(|v| &v.stages);
        // A base that is not known, or an argument with a value from elsewhere, may be one.
        !build.contexts.is_empty()
            || bases.into_iter().any(|s| !s.image_known || speaks(&s.image.value))
            || build.args.iter().any(|(_, v)| v.as_deref().is_some_and(speaks))
    })
}

fn in_background(job: &Job) -> bool {
    let runs = job.steps.iter().filter_map(|s| s.run.as_ref());
    runs.into_iter()
        .any(|r| r.script.invocations().any(|c| matches!(c.program, "wait" | "parallel" | "xargs")))
}
