//! Tokens that may do more than a deployment needs.

use plimsoll_model::{Level, Section};

use crate::repo::{Job, Permissions, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::deploy_jobs;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/permissions-too-wide",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "the token of a workflow that deploys is narrowed",
    aliases: &["excessive-permissions"],
    page: include_str!("permissions_too_wide.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    if deploy_jobs(review, workflow).is_empty() {
        return;
    }
    out.examined();
    let wide = |p: &&Permissions| p.all.as_deref() == Some("write-all");
    let jobs = workflow.jobs.iter().filter_map(|j| j.permissions.as_ref());
    if let Some(set) = workflow.permissions.iter().chain(jobs).find(wide) {
        out.finding(&set.at, "the token may write everything in the repository")
            .label("`write-all`")
            .consequence(
                "any action of the workflow can push code, publish releases and change packages",
            )
            .remedy(
                "name the scopes that are needed, such as `contents: read` and `id-token: write`",
            );
        return;
    }
    // The caller narrows a called workflow.
    let called = workflow.on.iter().any(|t| t.event.value == "workflow_call");
    let bare = |j: &&Job| j.permissions.is_none() && !j.runs_on.is_empty();
    if workflow.permissions.is_none()
        && !called
        && let Some(job) = workflow.jobs.iter().find(bare)
    {
        missing(workflow, job, out);
    }
}

fn missing(workflow: &Workflow, job: &Job, out: &mut Out) {
    let at = workflow.jobs_key.as_ref().unwrap_or(&job.id.at);
    out.finding(at, "a workflow that deploys does not say what its token may do")
        .label("no `permissions` before the jobs")
        .related(&job.id.at, "runs with the repository's default")
        .consequence(
            "the token has what the repository's default gives, which may be to write everything",
        )
        .remedy(
            "set `permissions` for the workflow, such as `contents: read` and `id-token: write`",
        );
}
