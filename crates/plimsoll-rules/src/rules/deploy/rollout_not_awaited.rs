//! Deployments that do not wait.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool};
use crate::review::Review;
use crate::views::rollout::{calls, place};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/rollout-not-awaited",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a deployment waits until it is live",
    aliases: &[],
    page: include_str!("rollout_not_awaited.md"),
    check: Check::Deploy(check),
};

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some((_, job, _)) = place(review, deploy) else { return };
    let has = |program: &str, words: &[&str]| job.steps.iter().flat_map(calls).any(|(_, c)| c.program == program && words.iter().any(|w| c.has(w) || c.args.iter().any(|a| a.head().starts_with(&format!("{w}=")))));
    let (message, remedy) = match deploy.tool {
        DeployTool::Kubectl if !has("kubectl", &["status", "wait"]) => ("this changes the image and does not wait for the rollout", "add kubectl rollout status deployment/NAME --timeout=5m"),
        DeployTool::Helm if !has("helm", &["--atomic", "--wait", "--rollback-on-failure", "test"]) => ("this release is not waited for and not taken back", "add --atomic --timeout 5m (--rollback-on-failure in Helm 4)"),
        DeployTool::Kubectl | DeployTool::Helm => return out.examined(),
        _ => return,
    };
    out.finding(&deploy.at, message)
        .label("green as soon as it is accepted")
        .consequence("the workflow is green while pods crash; the old ones, or half of them, go on serving")
        .remedy(remedy);
}
