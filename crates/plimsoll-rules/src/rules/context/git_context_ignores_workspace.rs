//! A build of the commit, after steps that wrote files for it.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::{Command, Invocation, Script, Word};

use crate::discover::{Build, BuildTool, ContextRef};
use crate::repo::{Place, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::building::{dockerfile_of, job, steps_before, target};
use crate::views::edits::first_key;

pub(crate) static RULE: Rule = Rule {
    name: "context/git-context-ignores-workspace",
    section: Section::Context,
    level: Level::ShouldFix,
    assures: "files that a job makes are in the context of its build",
    aliases: &[],
    page: include_str!("git_context_ignores_workspace.md"),
    check: Check::Build(check),
};

fn check(review: &Review<'_>, build: &Build, out: &mut Out) {
    if build.tool != BuildTool::BuildPushAction || !copies_context(review, build) {
        return;
    }
    if !matches!(build.context, ContextRef::Git(_)) {
        return out.examined();
    }
    let Some((job, index)) = job(review, build) else { return };
    let Some(step) = job.steps.get(index) else { return };
    let mut writes = steps_before(review, build).iter().filter_map(written).peekable();
    if writes.peek().is_none() {
        return out.examined();
    }
    let at = step.uses.as_ref().map_or(&build.at, |u| &u.at);
    let draft = out.finding(at, "this build takes the commit, not the files of this job");
    draft
        .label("without `context:` the context is the commit as Git has it")
        .consequence("what earlier steps wrote is not in the image, and no ignore file is read")
        .remedy("set `context: .`, or make the files in the Dockerfile");
    for (at, what) in writes {
        draft.related(&at, what);
    }
    fix(review, step, draft);
}

fn fix(review: &Review<'_>, step: &WorkflowStep, draft: &mut Draft) {
    let Some(with) = &step.with_body else { return };
    if step.input("context").is_some() {
        return;
    }
    if let Some(edits) = first_key(review.sources, with, "context: .") {
        draft.fix("build the working tree", Applicability::Unsafe, edits);
    }
}

/// Whether the build copies anything from its context.
fn copies_context(review: &Review<'_>, build: &Build) -> bool {
    let (Some(file), Ok(target)) = (dockerfile_of(review, build), target(build)) else {
        return false;
    };
    file.reachable(target).any(|s| s.copies().any(|(_, c)| c.from.is_none()))
}

/// Where a step writes into the working tree, if it plainly does.
fn written(step: &WorkflowStep) -> Option<(Place, String)> {
    if let Some(run) = &step.run {
        let span = writing(&run.script)?.span;
        return Some((run.place(span), "writes a file into the working tree".to_owned()));
    }
    let downloads = step.action().as_deref() == Some("actions/download-artifact");
    let inside = step.input("path").is_none_or(|p| is_inside(&p.value));
    (downloads && inside)
        .then(|| (step.at.clone(), "puts an artifact into the working tree".to_owned()))
}

fn writing(script: &Script) -> Option<&Command> {
    // A step that leaves the working tree may write anywhere.
    let moves = script.invocations().any(|c| matches!(c.program, "cd" | "pushd"));
    script.commands.iter().find(|c| !moves && writes(c))
}

fn writes(command: &Command) -> bool {
    let inside = |w: &Word| w.text().is_some_and(is_inside);
    let redirect = |r: &plimsoll_syntax::shell::Redirect| {
        matches!(&*r.operator, ">" | ">>" | ">|") && inside(&r.target)
    };
    if command.redirects.iter().any(redirect) {
        return true;
    }
    let Some(call) = Invocation::of(command) else { return false };
    match call.program {
        "sed" => call.args.iter().any(|a| a.head().starts_with("-i")) && ends_inside(&call),
        "cp" | "mv" => ends_inside(&call),
        _ => false,
    }
}

fn ends_inside(call: &Invocation<'_>) -> bool {
    call.args.last().and_then(Word::text).is_some_and(is_inside)
}

fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with(['/', '~', '$', '&'])
        && !path.contains("..")
        && !path.contains("${{")
}
