//! Kubernetes rollouts that nobody waits for.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::discover::paths::{below, join};
use crate::discover::{DeployTool, Discovery};
use crate::repo::{Job, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{may_verify, starts_cluster, texts};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/apply-without-rollout-status",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a job waits for the rollout it starts",
    aliases: &[],
    page: include_str!("apply_without_rollout_status.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in workflow.jobs.iter().filter(|j| !j.runs_on.is_empty() && !starts_cluster(j)) {
        let Some((step, at)) = start(review, job) else { continue };
        let later = job.steps.iter().skip(step).any(|s| may_verify(review, s));
        let needed = workflow.jobs.iter().any(|j| j.needs.iter().any(|n| n.value == job.id.value));
        if later || needed {
            out.examined();
            continue;
        }
        out.finding(&at, format!("`{}` starts a rollout and does not wait for it", job.id.value))
            .label("returns at once")
            .consequence("the run is green while the new pods fail to start")
            .remedy("add `kubectl rollout status` with `--timeout` after it");
    }
}

/// The first step that starts a rollout, and where.
fn start(review: &Review<'_>, job: &Job) -> Option<(usize, Place)> {
    job.steps.iter().enumerate().find_map(|(i, step)| {
        texts(review, step).iter().find_map(|text| {
            let call = text.calls().find(|c| starts_rollout(review.found, c))?;
            Some((i, text.place(call.span())))
        })
    })
}

fn starts_rollout(found: &Discovery, call: &Invocation<'_>) -> bool {
    if call.program != "kubectl" || call.args.iter().any(|w| w.head().starts_with("--dry-run")) {
        return false;
    }
    let args = call.parse(Takes::These(&[
        "-f",
        "--filename",
        "-n",
        "--namespace",
        "--context",
        "-k",
        "--kustomize",
    ]));
    let words: Vec<&str> = args.positional.iter().filter_map(|w| w.text()).collect();
    let workload = |path: &str| {
        let path = join("", path).unwrap_or_default();
        let mut manifests =
            found.deploys.iter().filter(|d| d.tool == DeployTool::KubernetesManifest);
        !path.is_empty() && manifests.any(|d| below(&path, &d.at.path).is_some())
    };
    match words.as_slice() {
        ["set", "image", ..] => true,
        ["apply", ..] => args
            .values(&["-f", "--filename", "-k", "--kustomize"])
            .filter_map(|w| w.text())
            .any(workload),
        _ => false,
    }
}
