//! Jobs that a hang keeps busy for six hours.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{builds_of, deploy_jobs, insert_lines};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/job-timeout-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "jobs that build or deploy end within a set time",
    aliases: &[],
    page: include_str!("job_timeout_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let deploying = deploy_jobs(review, workflow);
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty()) {
        let deploys = deploying.iter().any(|d| d.job.id == job.id);
        if !deploys && builds_of(review, workflow, job).is_empty() {
            continue;
        }
        if job.timeout.is_some() || job.steps.iter().any(|s| s.timeout.is_some()) {
            out.examined();
        } else {
            report(review, job, deploys, out);
        }
    }
    // The gravest first: the others are said with it.
    out.findings.sort_by_key(|draft| draft.level);
    out.gather(|draft| draft.at.path.clone(), |draft| (draft.at.clone(), draft.message.clone()));
}

fn report(review: &Review<'_>, job: &Job, deploys: bool, out: &mut Out) {
    let does = if deploys { "deploys" } else { "builds" };
    let message = format!("the job `{}` {does} and has no timeout", job.id.value);
    let finding = out
        .finding(&job.id.at, message)
        .label("GitHub ends it after 360 minutes")
        .level(if deploys { Level::ShouldFix } else { Level::Advice })
        .consequence("a step that hangs keeps the runner, and the next deployment, for six hours")
        .remedy("set `timeout-minutes` to about twice what the job takes");
    if let Some(edits) = insert_lines(review, &job.body, &["timeout-minutes: 30"]) {
        // How long the job takes is not known: of one that takes longer, it ends the build.
        finding.fix("set a timeout of 30 minutes", Applicability::Unsafe, edits);
    }
}
