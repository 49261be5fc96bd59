//! Workflows of one service that run for every change of all of them.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::{Build, Deploy, DeployTool};
use crate::repo::{Job, Trigger, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::building::written_before;
use crate::views::conditions::trigger;
use crate::views::deploy_job::{builds_of, deploy_jobs, index_of};
use crate::views::inputs::own_folder;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/path-filter-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "a workflow of one service runs for changes of that service",
    aliases: &[],
    page: include_str!("path_filter_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let Some(index) = index_of(review, workflow) else { return };
    let Some(push) = trigger(workflow, "push").filter(|t| t.tags.is_empty()) else { return };
    let builds: Vec<&Build> =
        review.found.builds.iter().filter(|b| b.job.is_some_and(|j| j.workflow == index)).collect();
    let deploys: Vec<&Deploy> =
        deploy_jobs(review, workflow).into_iter().flat_map(|d| d.deploys).collect();
    let ships = !deploys.is_empty()
        || builds.iter().any(|b| b.push == Some(true))
        || workflow.jobs.iter().any(pushes);
    let Some(own) = own_folder(review, &builds).filter(|_| ships) else { return };
    if is_filtered(push) || workflow.jobs.iter().any(chooses) {
        return out.examined();
    }
    let hidden = builds.iter().any(|b| written_before(review, b))
        || workflow.jobs.iter().flat_map(|j| &j.steps).any(applies)
        || !workflow.jobs.iter().all(|j| serves(review, workflow, j))
        || !deploys.iter().all(|d| is_of(review, &builds, d));
    if hidden {
        return;
    }
    out.finding(
        &push.event.at,
        format!("runs for every push, and builds only what lies in `{own}`"),
    )
    .label("no `paths`")
    .related(&builds[0].at, format!("reads nothing outside of `{own}`"))
    .consequence("each change of another service builds this one again and deploys it unchanged")
    .remedy(format!("add `paths` with `{own}/**` and `{}`", workflow.path));
}

fn pushes(job: &Job) -> bool {
    let mut runs = job.steps.iter().filter_map(|s| s.run.as_ref());
    let push = |c: Invocation<'_>| c.program == "docker" && c.subcommand(0) == Some("push");
    runs.any(|r| r.script.invocations().any(push))
}

/// Whether a step applies files that may lie anywhere.
fn applies(step: &WorkflowStep) -> bool {
    const PROGRAMS: [&str; 7] =
        ["kubectl", "helm", "helmfile", "kustomize", "skaffold", "terraform", "make"];
    let run = step.run.as_ref();
    run.is_some_and(|r| r.script.invocations().any(|c| PROGRAMS.contains(&c.program)))
}

fn is_filtered(push: &Trigger) -> bool {
    !push.paths.is_empty() || !push.paths_ignore.is_empty()
}

/// Whether a job asks what has changed, or is started by one that may have asked.
fn chooses(job: &Job) -> bool {
    const WAYS: [&str; 7] =
        ["paths-filter", "changed-files", "git diff", "affected", "--filter", "git log", "outputs"];
    let asks = |text: &str| WAYS.iter().any(|w| text.contains(w));
    let step = |s: &WorkflowStep| {
        let texts = [
            s.uses.as_ref().map(|u| u.value.as_str()),
            s.run.as_ref().map(|r| r.text.text()),
            s.condition.as_ref().map(|c| c.value.as_str()),
        ];
        texts.into_iter().flatten().any(asks)
    };
    let condition = job.condition.as_ref().map(|c| c.value.as_str());
    condition.is_some_and(|c| asks(c) || c.contains("message")) || job.steps.iter().any(step)
}

/// Whether a job builds or deploys, or waits for one that does: others may test anything.
fn serves(review: &Review<'_>, workflow: &Workflow, job: &Job) -> bool {
    let jobs = deploy_jobs(review, workflow);
    let own = |j: &Job| {
        !builds_of(review, workflow, j).is_empty() || jobs.iter().any(|d| d.job.id == j.id)
    };
    let before = crate::views::conditions::needed(workflow, job);
    job.uses.is_none() && (own(job) || before.into_iter().any(own))
}

/// Whether a deployment is of the service that is built here, with nothing read from files that
/// lie elsewhere.
fn is_of(review: &Review<'_>, builds: &[&Build], deploy: &Deploy) -> bool {
    let tool = matches!(
        deploy.tool,
        DeployTool::GcloudRun | DeployTool::GcloudUpdate | DeployTool::DeployCloudRunAction
    );
    let holds = |indices: &[usize]| {
        let all = indices.iter().filter_map(|i| review.found.builds.get(*i));
        all.into_iter().any(|b| builds.iter().any(|own| std::ptr::eq(*own, b)))
    };
    let deploys = |indices: &[usize]| {
        indices.iter().filter_map(|i| review.found.deploys.get(*i)).any(|d| std::ptr::eq(d, deploy))
    };
    let mut services = review.found.services.iter();
    tool && services.any(|s| holds(&s.builds) && deploys(&s.deploys))
}
