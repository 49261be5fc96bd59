//! Pods that end while the cluster still sends them requests.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::yaml::Node;

use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::edits::{first_key, indentation};
use crate::views::workload::{Cluster, Object};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/no-drain-before-stop",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a pod that ends serves until no more requests are sent to it",
    aliases: &[],
    page: include_str!("no_drain_before_stop.md"),
    check: Check::Repo(check),
};

/// Seconds between SIGTERM and the kill where nothing is set.
const GRACE: i64 = 30;

fn check(review: &Review<'_>, out: &mut Out) {
    let cluster = Cluster::new(review);
    for deployment in cluster.deployments() {
        let (Some(service), Some(pod)) = (cluster.service_of(deployment), deployment.pod()) else {
            continue;
        };
        let recreates = deployment.node.get_path(&["spec", "strategy", "type"]);
        if recreates.and_then(|n| n.as_str()) == Some("Recreate") {
            continue;
        }
        let containers: Vec<Node<'_>> =
            pod.get("containers").into_iter().flat_map(|c| c.items()).collect();
        // With a proxy beside it, either may hold the requests back.
        let [container] = containers.as_slice() else { continue };
        one(review, deployment, service, pod, *container, out);
    }
    // Manifests are copied, and bundles are made of them: the message names the workload.
    out.gather(
        |draft| draft.message.clone(),
        |draft| (draft.at.clone(), "and this one of the same name".to_owned()),
    );
}

fn one<'a>(
    review: &Review<'a>,
    deployment: Object<'a>,
    service: Object<'a>,
    pod: Node<'a>,
    container: Node<'a>,
    out: &mut Out,
) {
    let name = deployment.name();
    let set = pod.get("terminationGracePeriodSeconds");
    let grace = set.map_or(Some(GRACE), |n| n.as_i64());
    let stop = container.get_path(&["lifecycle", "preStop"]);
    let pause = stop.and_then(sleep);
    let at = deployment.place(set.unwrap_or(container));
    let draft = match (grace, stop, pause) {
        (Some(0), _, _) => {
            let draft = out.finding(&at, format!("the pods of `{name}` are killed at once"));
            draft.label("no time to end").remedy(
                "leave time for the requests that run, and a preStop that waits for the endpoints",
            );
            draft.level(Level::ShouldFix)
        }
        (Some(grace), _, Some(pause)) if pause >= grace => {
            let message =
                format!("preStop takes {pause} of the {grace} seconds that `{name}` has to end");
            let draft = out.finding(&at, message);
            draft.label("counts preStop too").remedy(
                "raise terminationGracePeriodSeconds above preStop and the longest request",
            );
            draft.level(Level::ShouldFix)
        }
        (_, None, _) => {
            let at = deployment.place(container.get("name").unwrap_or(container));
            let draft = out.finding(
                &at,
                format!("`{name}` is told to end while requests are still sent to it"),
            );
            draft.label("no preStop").remedy(
                "wait a few seconds in `lifecycle.preStop`, so that the endpoints are gone first",
            );
            fix(review, deployment, container, draft);
            draft
        }
        _ => return out.examined(),
    };
    draft.consequence("each rollout and each scaling down breaks some requests");
    if let Some(name) = service.node.get_path(&["metadata", "name"]) {
        draft.related(&service.place(name), "sends requests until every node knows of the end");
    }
}

/// The seconds that a preStop sleeps, where it says so plainly.
fn sleep(stop: Node<'_>) -> Option<i64> {
    if let Some(seconds) = stop.get_path(&["sleep", "seconds"]) {
        return seconds.as_i64();
    }
    let words: Vec<&str> =
        stop.get_path(&["exec", "command"])?.items().filter_map(|n| n.as_str()).collect();
    let text = match words.as_slice() {
        ["sleep" | "/bin/sleep", seconds] => seconds,
        ["sh" | "/bin/sh" | "bash" | "/bin/bash", "-c", script] => {
            script.trim().strip_prefix("sleep ")?
        }
        _ => return None,
    };
    text.trim().parse().ok()
}

fn fix(review: &Review<'_>, deployment: Object<'_>, container: Node<'_>, draft: &mut Draft) {
    if container.get("lifecycle").is_some() {
        return;
    }
    let at = deployment.place(container);
    let Some(indent) = indentation(review.sources, &at) else { return };
    let lines =
        format!("lifecycle:\n{indent}  preStop:\n{indent}    sleep:\n{indent}      seconds: 5");
    if let Some(edits) = first_key(review.sources, &at, &lines) {
        // Clusters before 1.30 do not know it.
        draft.fix("wait five seconds before the end", Applicability::Unsafe, edits);
    }
}
