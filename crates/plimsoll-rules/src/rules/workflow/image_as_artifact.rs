//! Images that go from job to job as a file, on their way to a registry.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::discover::paths::file_name;
use crate::repo::{Job, Place, Run, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::{needed, trigger};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/image-as-artifact",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "images go from job to job through the registry",
    aliases: &[],
    page: include_str!("image_as_artifact.md"),
    check: Check::Workflow(check),
};

/// An image that was saved as a file and uploaded.
struct Saved {
    /// The command.
    at: Place,
    /// The artifact.
    artifact: String,
}

fn check(_: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    // Pull requests of others have no right to push.
    let for_others = ["pull_request", "pull_request_target", "merge_group", "workflow_call"];
    if for_others.iter().any(|event| trigger(workflow, event).is_some()) {
        return;
    }
    for job in &workflow.jobs {
        let Some(saved) = saved(job) else { continue };
        let waits = |j: &&Job| needed(workflow, j).iter().any(|n| n.id == job.id);
        let mut later = workflow.jobs.iter().filter(waits);
        let loaded = later.find_map(|j| loaded(j, &saved.artifact).filter(|_| pushes(j)));
        let Some(loaded) = loaded else { continue };
        out.finding(&saved.at, "the image goes to the next job as a file")
            .label(format!("uploaded as `{}`", saved.artifact))
            .related(&loaded, "downloaded, loaded and pushed here")
            .consequence("every layer is written, sent and read twice, those of the base image included, before the registry gets the ones it lacks")
            .remedy("push by digest in the job that builds, and give the digest to the next job as an output");
    }
}

fn runs(job: &Job) -> impl Iterator<Item = &Run> {
    job.steps.iter().filter_map(|s| s.run.as_ref())
}

/// What a job saves with docker and uploads by the same file name.
fn saved(job: &Job) -> Option<Saved> {
    let (at, file) = runs(job).find_map(|run| {
        let saves = |c: &Invocation<'_>| is_docker(c, "save");
        let call = run.script.invocations().find(saves)?;
        Some((run.place(call.span()), target(run, &call)?))
    })?;
    let uploads = |s: &&WorkflowStep| {
        s.action().as_deref() == Some("actions/upload-artifact")
            && s.input("path").is_some_and(|p| file_name(p.value.trim()) == file)
    };
    let upload = job.steps.iter().find(uploads)?;
    let artifact = upload.input("name").map_or("artifact", |n| n.value.trim()).to_owned();
    Some(Saved { at, artifact })
}

fn is_docker(call: &Invocation<'_>, verb: &str) -> bool {
    let own = call.subcommand(0) == Some(verb);
    let image = call.subcommand(0) == Some("image") && call.subcommand(1) == Some(verb);
    matches!(call.program, "docker" | "podman") && (own || image)
}

/// The name of the file that an image is saved to, by `-o`, by `>`, or packed by the next command.
fn target(run: &Run, call: &Invocation<'_>) -> Option<String> {
    let args = call.parse(Takes::These(&["-o", "--output", "--platform", "--format"]));
    if let Some(word) = args.values(&["-o", "--output"]).next() {
        return Some(file_name(word.text()?).to_owned());
    }
    let after = run.script.commands.iter().filter(|c| c.span.start >= call.command.span.start);
    let piped = after.take(2).take(if call.command.piped { 2 } else { 1 });
    let mut redirects = piped.flat_map(|c| &c.redirects).filter(|r| r.operator.as_ref() == ">");
    Some(file_name(redirects.next()?.target.text()?).to_owned())
}

/// Where a job loads an image from the artifact.
fn loaded(job: &Job, artifact: &str) -> Option<Place> {
    let downloads = |s: &WorkflowStep| {
        s.action().as_deref() == Some("actions/download-artifact")
            && s.input("name").is_none_or(|n| n.value.trim() == artifact)
    };
    job.steps.iter().find(|s| downloads(s))?;
    runs(job).find_map(|run| {
        let call = run.script.invocations().find(|c| is_docker(c, "load"))?;
        Some(run.place(call.span()))
    })
}

fn pushes(job: &Job) -> bool {
    runs(job).any(|run| run.script.invocations().any(|c| is_docker(&c, "push")))
}
