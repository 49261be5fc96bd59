//! Rollbacks after which no deployment gets traffic.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::{Deploy, DeployTool};
use crate::repo::{Place, Workflow, WorkflowStep};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{speaks_of_rollback, texts};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/traffic-stuck-after-rollback",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "traffic goes back to the latest revision after a rollback",
    aliases: &[],
    page: include_str!("traffic_stuck_after_rollback.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let steps = workflow.jobs.iter().flat_map(|j| &j.steps);
    let pinned = steps.filter_map(|s| Some((s, pin(review, s)?))).collect::<Vec<_>>();
    let Some((step, at)) = pinned.first() else { return };
    let deploys = review.found.deploys.iter().filter(|d| follows(d)).collect::<Vec<_>>();
    // A deployment that names its own share of the traffic undoes the pin.
    let rollback_only =
        pinned.iter().all(|(s, _)| is_rollback(workflow, s)) && only_rollbacks(review);
    let (Some(deploy), true, false) = (deploys.first(), rollback_only, released(review)) else {
        out.examined();
        return;
    };
    let finding = out
        .finding(at, "after this rollback no later deployment gets traffic")
        .label("pins the traffic to a revision")
        .related(&deploy.at, "deploys, and shifts nothing")
        .evidence("Cloud Run keeps a split for the revisions that are deployed after it")
        .consequence("the fix is deployed, the run is green, and users stay on the old revision")
        .remedy("run `gcloud run services update-traffic --to-latest` after a deployment that was verified");
    if let Some(name) = &step.name {
        finding.related(&name.at, "the rollback");
    }
}

fn follows(deploy: &Deploy) -> bool {
    let tool = matches!(deploy.tool, DeployTool::GcloudRun | DeployTool::DeployCloudRunAction);
    tool && deploy.job.is_some() && deploy.settings.no_traffic.is_none()
}

/// Where a step sends the traffic to a revision by its name.
fn pin(review: &Review<'_>, step: &WorkflowStep) -> Option<Place> {
    texts(review, step).iter().find_map(|t| {
        let call = t.calls().find(pins)?;
        Some(t.place(call.span()))
    })
}

fn pins(call: &Invocation<'_>) -> bool {
    let revisions = call.args.iter().any(|w| w.head().starts_with("--to-revisions"));
    call.program == "gcloud" && call.has("update-traffic") && revisions
}

fn is_rollback(workflow: &Workflow, step: &WorkflowStep) -> bool {
    let failure = step.condition.as_ref().is_some_and(|c| c.value.contains("failure()"));
    let named = step.name.as_ref().is_some_and(|n| speaks_of_rollback(&n.value));
    failure || named || speaks_of_rollback(&workflow.path) || speaks_of_rollback(&workflow.name)
}

/// Whether no other step of the repository shifts traffic to a revision.
fn only_rollbacks(review: &Review<'_>) -> bool {
    let all = review
        .repo
        .workflows
        .iter()
        .flat_map(|w| w.jobs.iter().flat_map(move |j| j.steps.iter().map(move |s| (w, s))));
    all.into_iter().all(|(w, s)| {
        let inputs = ["revision_traffic", "tag_traffic", "update_traffic_flags", "metadata"];
        is_rollback(w, s)
            || (pin(review, s).is_none() && inputs.iter().all(|i| s.input(i).is_none()))
    })
}

/// Whether anything gives the traffic back to the latest revision.
fn released(review: &Review<'_>) -> bool {
    let words = ["--to-latest", "LATEST=", "latestRevision: true", "--to-tags"];
    review.sources.files.values().any(|f| words.iter().any(|w| f.text.contains(w)))
}
