//! Production deployments that nothing takes back.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool};
use crate::repo::{Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{
    DeployJob, deploy_jobs, has_unknown_arguments, is_production, may_roll_back, speaks_of_rollback,
};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/rollback-missing",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a failed deployment to production is taken back",
    aliases: &[],
    page: include_str!("rollback_missing.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for deploying in deploy_jobs(review, workflow) {
        let Some(deploy) =
            deploying.deploys.iter().find(|d| counts(d) && !has_unknown_arguments(review, d))
        else {
            continue;
        };
        if deploying.continues_elsewhere(review)
            || takes_back(review, &deploying)
            || by_hand(review)
        {
            out.examined();
            continue;
        }
        out.finding(&deploy.at, "nothing takes this deployment back when it fails")
            .label("deploys to production")
            .related(&deploying.job.id.at, "no step on `failure()`, here or in a job after it")
            .consequence("a bad revision stays live until somebody has found out how to go back")
            .remedy("note the live revision before the deployment, and send the traffic back to it in a step on `failure()`");
    }
}

/// Helm has a rule of its own, and a revision without traffic needs no way back.
fn counts(deploy: &Deploy) -> bool {
    let tool = matches!(
        deploy.tool,
        DeployTool::GcloudRun | DeployTool::DeployCloudRunAction | DeployTool::Kubectl
    );
    tool && is_production(deploy) && deploy.settings.no_traffic.is_none()
}

fn takes_back(review: &Review<'_>, deploying: &DeployJob<'_>) -> bool {
    let steps = deploying.workflow.jobs.iter().flat_map(|j| &j.steps);
    // An action or a script of the repository that runs on failure may do it.
    let on_failure = |s: &WorkflowStep| {
        let condition = s.condition.as_ref().is_some_and(|c| c.value.contains("failure()"));
        condition && s.action().is_some_and(|a| a.starts_with("./"))
    };
    steps.into_iter().any(|s| may_roll_back(review, s) || on_failure(s))
}

/// Whether the repository has a workflow or a script for it, to be started by hand.
fn by_hand(review: &Review<'_>) -> bool {
    let workflows = &review.repo.workflows;
    workflows.iter().any(|w| speaks_of_rollback(&w.path) || speaks_of_rollback(&w.name))
}
