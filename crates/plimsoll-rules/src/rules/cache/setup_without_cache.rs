//! Languages that are set up without the cache that the action has, before an install.

use plimsoll_model::{Applicability, Edit, EntryKind, Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::discover::paths::{file_name, join};
use crate::repo::{Job, Place, Run, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::actions::major;
use crate::views::caching::is_hosted;
use crate::views::deploy_job::{deploy_jobs, insert_lines};
use crate::views::{Manager, install};

pub(crate) static RULE: Rule = Rule {
    name: "cache/setup-without-cache",
    section: Section::Cache,
    level: Level::Advice,
    assures: "jobs that install packages keep the downloads",
    aliases: &[],
    page: include_str!("setup_without_cache.md"),
    check: Check::Workflow(check),
};

/// An install that the cache of a setup action would serve.
struct Served {
    /// The command.
    at: Place,
    /// The value of `cache`.
    cache: &'static str,
    /// The file whose hash names the cache.
    lock: String,
}

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    // What is released is better made of nothing that another run has left.
    if workflow.on.iter().any(|t| t.event.value == "release" || !t.tags.is_empty()) {
        return;
    }
    let deploying = deploy_jobs(review, workflow);
    let plain = |j: &&Job| is_hosted(j) && deploying.iter().all(|d| d.job.id != j.id);
    for job in workflow.jobs.iter().filter(plain) {
        for (index, step) in job.steps.iter().enumerate() {
            one(review, workflow, (job, index), step, out);
        }
    }
    out.gather(|draft| draft.message.clone(), |draft| (draft.at.clone(), "and here".to_owned()));
}

fn one(
    review: &Review<'_>,
    workflow: &Workflow,
    (job, index): (&Job, usize),
    step: &WorkflowStep,
    out: &mut Out,
) {
    let Some(language) = language(step) else { return };
    if step.input("cache").is_some() {
        return out.examined();
    }
    if job.steps.iter().any(may_cache) {
        return;
    }
    let later = job.steps.get(index + 1..).unwrap_or_default();
    let served = later.iter().find_map(|s| served(review, workflow, job, s, language));
    let (Some(served), Some(uses)) = (served, &step.uses) else { return };
    let action = uses.value.split('@').next().unwrap_or(&uses.value);
    let finding = out
        .finding(&uses.at, format!("{action} keeps no cache for {}", served.cache))
        .label("no `cache`")
        .related(&served.at, "downloads everything again")
        .consequence("the runner begins empty: every run asks the registry for every package")
        .remedy(format!("set `cache: {}`", served.cache));
    if let Some(edits) = edits(review, step, &served) {
        finding.fix("keep the downloads in GitHub's cache", Applicability::Unsafe, edits);
    }
}

/// The language of a setup action whose release is known to keep nothing unless told to.
fn language(step: &WorkflowStep) -> Option<&'static str> {
    let major = major(&step.uses.as_ref()?.value)?;
    match (step.action()?.as_str(), major) {
        // From 5 on, it may keep a cache because of `packageManager` in package.json.
        ("actions/setup-node", 3 | 4) => Some("node"),
        ("actions/setup-python", 3..=6) => Some("python"),
        ("actions/setup-java", 3..=5) => Some("java"),
        _ => None,
    }
}

/// Whether a step keeps a cache by itself, or may.
fn may_cache(step: &WorkflowStep) -> bool {
    let action = step.action().is_some_and(|a| {
        a.contains("cache") || a.contains("gradle") || a.contains("maven") || a.starts_with("./")
    });
    action
        || (!step.uses.as_ref().is_some_and(|u| u.value.starts_with("docker/"))
            && step.with.iter().any(|v| v.name.value.contains("cache")))
}

fn served(
    review: &Review<'_>,
    workflow: &Workflow,
    job: &Job,
    step: &WorkflowStep,
    language: &str,
) -> Option<Served> {
    let run = step.run.as_ref()?;
    let folder = [&step.working_directory, &job.working_directory, &workflow.working_directory];
    let folder = folder.into_iter().flatten().next().map_or("", |f| f.value.as_str());
    // The folder of what comes after `cd` is not followed.
    if run.script.invocations().any(|c| matches!(c.program, "cd" | "pushd")) {
        return None;
    }
    let mut calls = run.script.invocations();
    calls.find_map(|call| {
        let (cache, names) = manager(&call, language)?;
        let is_file = |p: &String| review.sources.kind(p) == Some(EntryKind::File);
        let lock = names.iter().filter_map(|n| join(folder, n)).find(is_file)?;
        Some(Served { at: place(run, &call), cache, lock })
    })
}

fn place(run: &Run, call: &Invocation<'_>) -> Place {
    run.place(call.span())
}

/// The cache that a call would be served from, and the files that may name it.
fn manager(call: &Invocation<'_>, language: &str) -> Option<(&'static str, Vec<String>)> {
    let elsewhere = [
        "--prefix",
        "-C",
        "--cwd",
        "--dir",
        "-f",
        "--file",
        "-p",
        "--project-dir",
        "--no-cache-dir",
    ];
    if call.args.iter().any(|w| elsewhere.contains(&w.head().split('=').next().unwrap_or_default()))
    {
        return None;
    }
    let some =
        |cache, names: &[&str]| Some((cache, names.iter().map(|n| (*n).to_owned()).collect()));
    if language == "java" {
        return match call.program {
            "mvn" | "mvnw" => some("maven", &["pom.xml"]),
            "gradle" | "gradlew" => some("gradle", &["build.gradle", "build.gradle.kts"]),
            _ => None,
        };
    }
    let install = install(*call)?;
    match (language, install.manager) {
        ("node", _) if !install.packages.is_empty() => None,
        ("node", Manager::Npm) => some("npm", &["package-lock.json", "npm-shrinkwrap.json"]),
        ("node", Manager::Yarn) => some("yarn", &["yarn.lock"]),
        ("node", Manager::Pnpm) => some("pnpm", &["pnpm-lock.yaml"]),
        ("python", Manager::Pip) => {
            let args = call.parse(Takes::These(&["-r", "--requirement", "-c", "--constraint"]));
            let listed = args.values(&["-r", "--requirement"]).filter_map(|w| w.text());
            Some(("pip", listed.map(str::to_owned).collect()))
        }
        ("python", Manager::Poetry) => some("poetry", &["poetry.lock"]),
        ("python", Manager::Pipenv) => some("pipenv", &["Pipfile.lock"]),
        _ => None,
    }
}

/// The inputs, where the manager is on the runner before the action runs.
fn edits(review: &Review<'_>, step: &WorkflowStep, served: &Served) -> Option<Vec<Edit>> {
    if !matches!(served.cache, "npm" | "pip" | "maven" | "gradle") {
        return None;
    }
    let cache = format!("cache: {}", served.cache);
    let path = format!("cache-dependency-path: {}", served.lock);
    let found = match served.cache {
        "npm" => !served.lock.contains('/'),
        "pip" => file_name(&served.lock) == "requirements.txt",
        _ => true,
    };
    let lines = if found { vec![cache.as_str()] } else { vec![cache.as_str(), path.as_str()] };
    insert_lines(review, step.with_body.as_ref()?, &lines)
}
