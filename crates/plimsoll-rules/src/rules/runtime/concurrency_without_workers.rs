//! Instances that get more requests than they can serve.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::cloud_run::cloud_run;
use crate::views::{effective, server};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/concurrency-without-workers",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "an instance can serve the requests it gets",
    aliases: &[],
    page: include_str!("concurrency_without_workers.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let image = effective(file, stage);
    if image.env.keys().any(|k| matches!(*k, "GUNICORN_CMD_ARGS" | "WEB_CONCURRENCY")) {
        return;
    }
    let Some((server, slots)) = server::server(&image).and_then(|s| s.sync_slots.map(|n| (s, n)))
    else {
        return;
    };
    // gunicorn reads this file without being told to.
    if review.sources.tree.keys().any(|p| p.ends_with("gunicorn.conf.py")) {
        return;
    }
    for deploy in service.deploys.iter().filter_map(|i| review.found.deploys.get(*i)) {
        if deploy.platform != Platform::CloudRun || deploy.settings.command.is_some() {
            continue;
        }
        let set = deploy.settings.concurrency.as_ref();
        let Some(requests) =
            set.map_or(Some(cloud_run().default_concurrency), |c| c.value.parse().ok())
        else {
            continue;
        };
        out.examined();
        if requests <= slots.saturating_mul(4) {
            continue;
        }
        let place = set.map_or(&deploy.at, |c| &c.at);
        out.finding(&server.at, format!("each instance gets up to {requests} requests and serves {slots} at a time"))
            .label(format!("{slots} synchronous {}", if slots == 1 { "slot" } else { "slots" }))
            .related(place, if set.is_some() { "the concurrency is set here" } else { "80, the default" })
            .consequence("requests queue inside the instance, and Cloud Run adds no other one because this one seems to have room")
            .remedy("set --concurrency to what workers × threads can serve, or give gunicorn --threads or an asynchronous worker class");
    }
}
