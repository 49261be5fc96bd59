//! Deployments that shift all traffic at once.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool, Platform};
use crate::review::Review;
use crate::views::rollout;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/traffic-all-at-once",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a new revision proves itself before it serves everybody",
    aliases: &[],
    page: include_str!("traffic_all_at_once.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let by_command = matches!(deploy.tool, DeployTool::GcloudRun | DeployTool::DeployCloudRunAction);
    if deploy.platform != Platform::CloudRun || !by_command || deploy.environment.as_deref() != Some("production") {
        return;
    }
    if rollout::place(review, deploy).is_none() {
        return;
    }
    out.examined();
    if deploy.settings.no_traffic.is_none() {
        out.finding(&deploy.at, "the new revision gets all of production's traffic at once")
            .label("no --no-traffic")
            .consequence("a revision that starts but answers wrongly serves every user until somebody notices")
            .remedy("deploy with --no-traffic --tag=candidate, ask the tagged URL, then shift the traffic in steps: update-traffic --to-tags=candidate=10");
    }
}
