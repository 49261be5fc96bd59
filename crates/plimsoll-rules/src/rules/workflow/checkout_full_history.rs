//! Checkouts of the whole history that nothing reads.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Job, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::deploy_job::{builds_of, texts};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/checkout-full-history",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "jobs that only build check out one commit",
    aliases: &[],
    page: include_str!("checkout_full_history.md"),
    check: Check::Workflow(check),
};

/// Programs that do not read the history.
const PLAIN: [&str; 16] = [
    "docker", "gcloud", "kubectl", "helm", "echo", "printf", "export", "set", "curl", "jq",
    "sleep", "exit", "test", "[", "mkdir", "cat",
];

/// Actions that do not, by the start of their names.
const PLAIN_ACTIONS: [&str; 9] = [
    "actions/checkout",
    "actions/cache",
    "actions/setup-",
    "docker/build-push-action",
    "docker/login-action",
    "docker/metadata-action",
    "docker/setup-",
    "google-github-actions/",
    "slackapi/",
];

/// Tools that take a version from the history while the image is built.
const VERSIONERS: [&str; 6] = [
    "setuptools_scm",
    "setuptools-scm",
    "hatch-vcs",
    "versioneer",
    "dynamic-versioning",
    "gitversion",
];

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in &workflow.jobs {
        let builds = builds_of(review, workflow, job);
        if builds.is_empty() {
            continue;
        }
        let dockerfiles = builds.iter().map(|b| b.dockerfile.as_ref());
        let mut texts = dockerfiles.map(|d| review.sources.text(&d?.value));
        let plain_images = texts.all(|t| t.is_some_and(|t| !t.contains("git")));
        let unread = plain_images
            && job.steps.iter().all(|s| leaves_history_alone(review, s))
            && !takes_versions(review);
        for step in &job.steps {
            one(job, step, unread, out);
        }
    }
}

fn one(job: &Job, step: &WorkflowStep, unread: bool, out: &mut Out) {
    let Some(depth) = step.input("fetch-depth").filter(|d| d.value == "0") else { return };
    if step.action().as_deref() != Some("actions/checkout") {
        return;
    }
    if !unread {
        out.examined();
        return;
    }
    out.finding(&depth.at, format!("`{}` fetches the whole history and reads none of it", job.id.value))
        .label("every commit of every branch")
        .consequence("the checkout takes longer with every commit, and sends more to the builder where .git is not ignored")
        .remedy("remove `fetch-depth`, or set it to 1")
        .fix("fetch one commit", Applicability::Safe, replace(&depth.at, "1"));
}

fn leaves_history_alone(review: &Review<'_>, step: &WorkflowStep) -> bool {
    if let Some(action) = step.action() {
        return PLAIN_ACTIONS.iter().any(|known| action.starts_with(known));
    }
    let texts = texts(review, step);
    texts.iter().all(|t| t.is_plain(&|call| PLAIN.contains(&call.program)))
}

fn takes_versions(review: &Review<'_>) -> bool {
    let manifests =
        ["pyproject.toml", "setup.py", "setup.cfg", "package.json", "pom.xml", "build.gradle"];
    let read =
        review.sources.files.iter().filter(|(p, _)| manifests.iter().any(|m| p.ends_with(m)));
    read.into_iter()
        .any(|(_, file)| VERSIONERS.iter().any(|v| file.text.to_ascii_lowercase().contains(v)))
}
