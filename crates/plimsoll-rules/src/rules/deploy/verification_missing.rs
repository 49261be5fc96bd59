//! Deployments that nobody checks.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool, Platform};
use crate::review::Review;
use crate::views::rollout;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/verification-missing",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a deployment is checked by asking the service",
    aliases: &[],
    page: include_str!("verification_missing.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let by_command = matches!(deploy.tool, DeployTool::GcloudRun | DeployTool::DeployCloudRunAction);
    if deploy.platform != Platform::CloudRun || !by_command {
        return;
    }
    let Some((workflow, job, step)) = rollout::place(review, deploy) else { return };
    if rollout::hands_on(workflow, job) {
        return;
    }
    out.examined();
    if !rollout::steps_after(workflow, job, step).into_iter().any(rollout::asks) {
        out.finding(&deploy.at, "nothing asks the service after this deployment")
            .label("green as soon as the port is open")
            .consequence("the workflow is green while the service answers with errors; users find out first")
            .remedy("request a path of the new revision that uses what it depends on, several times, and fail the job otherwise");
    }
}
