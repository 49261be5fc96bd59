//! Deployments that a newer run cuts off.

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, Level, Section};

use crate::repo::{Fact, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::deploy_job::deploy_jobs;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/deploy-cancel-in-progress",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no run cuts off a deployment",
    aliases: &[],
    page: include_str!("deploy_cancel_in_progress.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let mut seen = BTreeSet::new();
    for deploying in deploy_jobs(review, workflow) {
        let set = [&workflow.concurrency, &deploying.job.concurrency];
        let mut cancels = set.into_iter().flatten().filter_map(|c| c.cancel.as_ref());
        match cancels.find(|c| c.value == "true") {
            None => out.examined(),
            // One setting of the workflow holds for all of its jobs.
            Some(cancel) if seen.insert(cancel.at.clone()) => {
                report(cancel, &deploying.job.id, out);
            }
            Some(_) => {}
        }
    }
}

fn report(cancel: &Fact<String>, job: &Fact<String>, out: &mut Out) {
    out.finding(&cancel.at, format!("a newer run cancels the deployment of `{}`", job.value))
        .label("cancels the run that is deploying")
        .related(&job.at, "deploys")
        .consequence("a cancelled run stops between two steps: deployed and not verified, or migrated by half")
        .remedy("set `cancel-in-progress: false`, so that the newer run waits")
        .fix("let the newer run wait", Applicability::Safe, replace(&cancel.at, "false"));
}
