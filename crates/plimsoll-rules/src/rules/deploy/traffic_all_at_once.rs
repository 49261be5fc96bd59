//! New revisions that get all traffic at once.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, DeployTool};
use crate::repo::{Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{
    DeployJob, deploy_jobs, has_unknown_arguments, is_production, texts,
};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/traffic-all-at-once",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a new revision in production is tried before it gets all traffic",
    aliases: &[],
    page: include_str!("traffic_all_at_once.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for deploying in deploy_jobs(review, workflow) {
        if !deploying.deploys.iter().any(|d| counts(d)) {
            continue;
        }
        let at_once = deploying.deploys.iter().find(|d| counts(d) && is_at_once(review, d));
        match at_once.filter(|_| !splits(review, &deploying)) {
            None => out.examined(),
            Some(at_once) => {
                report(at_once, out);
            }
        }
    }
}

fn report(deploy: &Deploy, out: &mut Out) {
    let service = deploy.service.as_ref().map(|s| s.value.as_str());
    let of = service.filter(|s| !s.contains('$')).map(|s| format!(" of {s}")).unwrap_or_default();
    out.finding(&deploy.at, format!("the new revision{of} gets all traffic at once"))
        .label("no `--no-traffic`")
        .consequence("a revision that starts and then fails serves every user until somebody takes it back")
        .remedy("deploy with `--no-traffic --tag`, ask the tag's URL, then shift traffic with `update-traffic`");
}

fn counts(deploy: &Deploy) -> bool {
    let tool = matches!(deploy.tool, DeployTool::GcloudRun | DeployTool::DeployCloudRunAction);
    tool && is_production(deploy)
}

fn is_at_once(review: &Review<'_>, deploy: &Deploy) -> bool {
    let s = &deploy.settings;
    s.no_traffic.is_none() && s.tag.is_none() && !has_unknown_arguments(review, deploy)
}

/// Whether something in the job, or after it, divides the traffic.
fn splits(review: &Review<'_>, deploying: &DeployJob<'_>) -> bool {
    let divides = |step: &&WorkflowStep| {
        let inputs = [
            "no_traffic",
            "revision_traffic",
            "tag_traffic",
            "update_traffic_flags",
            "metadata",
            "job",
        ];
        inputs.iter().any(|i| step.input(i).is_some())
            || ["canary", "traffic"].iter().any(|w| {
                step.name.as_ref().is_some_and(|n| n.value.to_ascii_lowercase().contains(w))
            })
            || texts(review, step).iter().any(|t| {
                t.source().contains("--no-traffic")
                    || t.source().to_ascii_lowercase().contains("canary")
            })
    };
    deploying.continues_elsewhere(review)
        || deploying.job.steps.iter().chain(deploying.steps_after()).any(|s| divides(&s))
}
