//! Dockerfiles that a step rewrites before they are built.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::discover::paths::file_name;
use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{builds_of, texts};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/dockerfile-edited-by-step",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "Dockerfiles are built as they are committed",
    aliases: &[],
    page: include_str!("dockerfile_edited_by_step.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in &workflow.jobs {
        let builds = builds_of(review, workflow, job);
        let Some(last) = builds.iter().filter_map(|b| Some((b.job?.step, b))).max_by_key(|b| b.0)
        else {
            continue;
        };
        let mut found = false;
        for step in job.steps.iter().take(last.0 + 1) {
            for text in texts(review, step) {
                let Some(call) = text.calls().find(|c| edits(review, c)) else { continue };
                found = true;
                out.finding(&text.place(call.span()), "a step changes the Dockerfile before it is built")
                    .label("edits the file in place")
                    .related(&last.1.at, "builds it")
                    .consequence("the image is of a Dockerfile that is in no commit: nobody who builds the repository gets it, and what reads the file judges another")
                    .remedy("make what changes an `ARG`, and give it with `--build-arg`");
            }
        }
        if !found {
            out.examined();
        }
    }
}

/// `sed -i` on a Dockerfile of the repository.
fn edits(review: &Review<'_>, call: &Invocation<'_>) -> bool {
    let args = call.parse(Takes::These(&["-e", "-f"]));
    let in_place = call.args.iter().filter_map(|w| w.text()).any(|w| {
        w == "--in-place"
            || w.starts_with("--in-place=")
            || (w.starts_with("-i") && !w.contains('='))
    });
    let committed = |name: &str| {
        let own = review.repo.dockerfiles.iter().any(|d| file_name(&d.path) == file_name(name));
        let named = file_name(name);
        own && (named == "Dockerfile"
            || named.starts_with("Dockerfile.")
            || named.ends_with(".Dockerfile"))
    };
    call.program == "sed"
        && in_place
        && args.positional.iter().filter_map(|w| w.text()).any(committed)
}
