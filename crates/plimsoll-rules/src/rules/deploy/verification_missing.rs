//! Deployments that nothing asks for an answer.

use plimsoll_model::{Level, Section};

use crate::repo::Workflow;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{deploy_jobs, may_verify};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/verification-missing",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "something asks the service for an answer after it was deployed",
    aliases: &[],
    page: include_str!("verification_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for deploying in deploy_jobs(review, workflow) {
        let Some(first) = deploying.first() else { continue };
        let asks = deploying.steps_after().into_iter().any(|s| may_verify(review, s));
        if asks || deploying.continues_elsewhere(review) {
            out.examined();
            continue;
        }
        let passing =
            matches!(first.environment.as_deref(), Some("preview" | "development" | "test"));
        let finding = out
            .finding(&first.at, "nothing asks the service for an answer after this deployment")
            .label("the last word on whether it works")
            .level(if passing { Level::Advice } else { Level::ShouldFix })
            .consequence("the run is green when the platform has accepted the revision, whether it answers or not")
            .remedy("request the health page after it, with retries, and fail the job when it does not answer");
        finding.related(&deploying.job.id.at, "the job, to its end");
    }
}
