//! Deployments that nothing takes back.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool, Platform};
use crate::review::Review;
use crate::views::rollout;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/rollback-missing",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a failed deployment is taken back",
    aliases: &[],
    page: include_str!("rollback_missing.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let by_command = matches!(deploy.tool, DeployTool::GcloudRun | DeployTool::DeployCloudRunAction);
    let production = deploy.environment.as_deref() == Some("production");
    if deploy.platform != Platform::CloudRun || !by_command || !production || deploy.settings.no_traffic.is_some() {
        return;
    }
    let Some((workflow, job, _)) = rollout::place(review, deploy) else { return };
    if rollout::hands_on(workflow, job) {
        return;
    }
    out.examined();
    if !workflow.jobs.iter().flat_map(|j| &j.steps).any(rollout::rolls_back) {
        out.finding(&deploy.at, "nothing takes this deployment back when it turns out bad")
            .label("no rollback in this workflow")
            .consequence("a bad revision stays live until somebody is found who knows the command")
            .remedy("note the serving revision before the deployment, and on failure() shift the traffic back to it");
    }
}
