//! Deployments that are cut off half way.

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Fact, Workflow};
use crate::review::Review;
use crate::rule::replace;
use crate::views::jobs::delivering;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/deploy-cancelled-in-progress",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "a deployment that has begun is finished",
    aliases: &[],
    page: include_str!("deploy_cancelled_in_progress.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let mut seen: Vec<&Fact<String>> = Vec::new();
    for view in delivering(review, workflow).iter().filter(|v| v.deploy.is_some()) {
        let own = view.job.concurrency.as_ref().or(workflow.concurrency.as_ref());
        let Some(concurrency) = own else { continue };
        out.examined();
        let cancels = |c: &&Fact<String>| c.value == "true";
        let Some(cancel) = concurrency.cancel.as_ref().filter(cancels) else { continue };
        // The workflow's own setting holds for all of its jobs: once is enough.
        if seen.contains(&cancel) {
            continue;
        }
        seen.push(cancel);
        out.finding(
            &cancel.at,
            format!("a newer run cancels the job `{}` while it deploys", view.job.id.value),
        )
        .label("cut off in the middle")
        .related(&view.job.id.at, "deploys")
        .consequence("a deployment is cut off half way: traffic half shifted, a migration half run")
        .remedy(
            "set cancel-in-progress to false for jobs that deploy; cancel builds and tests in a job \
             of their own",
        )
        .fix("set cancel-in-progress to false", Applicability::Safe, replace(&cancel.at, "false"));
    }
}
