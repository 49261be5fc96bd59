//! Jobs without a timeout.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::views::jobs::{delivering, insert_before};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/job-timeout-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "jobs that build or deploy end by themselves",
    aliases: &[],
    page: include_str!("job_timeout_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for view in delivering(review, workflow).iter().filter(|v| v.is_ordinary()) {
        out.examined();
        if view.job.timeout.is_some() || view.job.steps.iter().all(|s| s.timeout.is_some()) {
            continue;
        }
        let level = if view.deploy.is_some() { Level::ShouldFix } else { Level::Advice };
        let edits = insert_before(review.sources, &view.job.body, &["timeout-minutes: 30"]);
        out.finding(&view.job.id.at, format!("the job `{}` {} without a timeout", view.job.id.value, view.verb()))
            .level(level)
            .label("no timeout-minutes")
            .consequence("a hang burns six hours of runner time, GitHub's default, and holds up every deployment behind it")
            .remedy("set timeout-minutes to twice the longest run you have seen")
            .fix("set timeout-minutes to 30", Applicability::Safe, edits);
    }
}
