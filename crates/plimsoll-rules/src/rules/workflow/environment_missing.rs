//! Deployments without an environment.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::views::jobs::{delivering, insert_before};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/environment-missing",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "deployments name their environment",
    aliases: &[],
    page: include_str!("environment_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for view in delivering(review, workflow).iter().filter(|v| v.is_ordinary() && v.deploy.is_some()) {
        out.examined();
        if view.job.environment.is_some() {
            continue;
        }
        let environment = view.environment().unwrap_or("production");
        let level = if view.environment() == Some("production") { Level::ShouldFix } else { Level::Advice };
        let line = format!("environment: {environment}");
        let edits = insert_before(review.sources, &view.job.body, &[&line]);
        out.finding(&view.job.id.at, format!("the job `{}` deploys without an environment", view.job.id.value))
            .level(level)
            .label("no environment")
            .consequence("no approval can be required, no branch rule holds, secrets of the repository are all in reach, and there is no history of deployments")
            .remedy(format!("set environment: {environment} and its protection rules"))
            .fix(format!("set environment: {environment}"), Applicability::Unsafe, edits);
    }
}
