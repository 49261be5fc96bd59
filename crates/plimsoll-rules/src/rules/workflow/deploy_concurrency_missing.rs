//! Deployments that can overtake each other.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::views::jobs::{delivering, insert_before};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/deploy-concurrency-missing",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "deployments of one service queue up",
    aliases: &[],
    page: include_str!("deploy_concurrency_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for view in delivering(review, workflow).iter().filter(|v| v.is_ordinary() && v.deploy.is_some()) {
        out.examined();
        if workflow.concurrency.is_some() || view.job.concurrency.is_some() {
            continue;
        }
        let group = format!("  group: deploy-{}", view.environment().unwrap_or(&view.job.id.value));
        let lines = ["concurrency:", &group, "  cancel-in-progress: false"];
        let edits = insert_before(review.sources, &view.job.body, &lines);
        out.finding(&view.job.id.at, format!("the job `{}` deploys without a concurrency group", view.job.id.value))
            .label("two runs of it can deploy at once")
            .consequence("two pushes shortly after one another deploy at the same time, and the older one may finish last and win")
            .remedy("add a concurrency group per service and environment, with cancel-in-progress: false")
            .fix("add a concurrency group", Applicability::Unsafe, edits);
    }
}
