//! Rollouts that end every pod before a new one is ready.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::yaml::Node;

use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::workload::{Cluster, Object};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/outage-per-rollout",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "a rollout keeps pods that answer",
    aliases: &[],
    page: include_str!("outage_per_rollout.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    let cluster = Cluster::new(review);
    for deployment in cluster.deployments() {
        let Some(service) = cluster.service_of(deployment) else { continue };
        let Some(strategy) = deployment.node.get_path(&["spec", "strategy"]) else {
            out.examined();
            continue;
        };
        // One writer of a volume at a time is a reason to recreate.
        if deployment.pod().is_some_and(claims_volume) {
            continue;
        }
        match ends_all(&cluster, deployment, strategy) {
            Some(at) => report(deployment, service, at, out),
            None => out.examined(),
        }
    }
}

fn claims_volume(pod: Node<'_>) -> bool {
    let mut volumes = pod.get("volumes").into_iter().flat_map(|v| v.items());
    volumes.any(|v| v.get("persistentVolumeClaim").is_some() || v.get("hostPath").is_some())
}

/// The setting that lets a rollout end every pod at once.
fn ends_all<'a>(
    cluster: &Cluster<'_>,
    deployment: Object<'_>,
    strategy: Node<'a>,
) -> Option<Node<'a>> {
    if let Some(kind) = strategy.get("type").filter(|t| t.as_str() == Some("Recreate")) {
        return Some(kind);
    }
    let missing = strategy.get_path(&["rollingUpdate", "maxUnavailable"])?;
    let all = match missing.as_str()?.strip_suffix('%') {
        Some(share) => share.parse::<u32>().ok()? >= 100,
        None if cluster.is_scaled(deployment) => false,
        None => missing.as_i64()? >= replicas(deployment)?,
    };
    all.then_some(missing)
}

/// The pods that are kept, one where nothing is said; `None` where there are none or it is unknown.
fn replicas(deployment: Object<'_>) -> Option<i64> {
    match deployment.node.get_path(&["spec", "replicas"]) {
        Some(number) => number.as_i64().filter(|n| *n > 0),
        None => Some(1),
    }
}

fn report(deployment: Object<'_>, service: Object<'_>, at: Node<'_>, out: &mut Out) {
    let recreates = at.as_str() == Some("Recreate");
    let message =
        format!("a rollout of `{}` ends every pod before a new one is ready", deployment.name());
    let place = crate::repo::Place::new(&deployment.place(deployment.node).path, at.span());
    let draft = out.finding(&place, message);
    draft
        .level(if recreates { Level::Advice } else { Level::ShouldFix })
        .label(if recreates { "old pods go first" } else { "as many as there are may be missing" })
        .consequence("from the end of the old pods to the first ready new one, no request is answered")
        .remedy("use a RollingUpdate with `maxUnavailable: 0` and `maxSurge: 1`; where two versions must not run side by side, say so in a waiver");
    if let Some(name) = service.node.get_path(&["metadata", "name"]) {
        draft.related(&service.place(name), "this Service has nowhere to send requests meanwhile");
    }
    let surge = deployment.node.get_path(&["spec", "strategy", "rollingUpdate", "maxSurge"]);
    let surges = surge.is_none_or(|s| !matches!(s.as_str(), Some("0" | "0%")));
    if recreates {
        draft.fix("roll over", Applicability::Unsafe, replace(&place, "RollingUpdate"));
    } else if surges {
        draft.fix(
            "keep every pod until the new one is ready",
            Applicability::Unsafe,
            replace(&place, "0"),
        );
    }
}
