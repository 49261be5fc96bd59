//! Deployments without a startup probe.

use plimsoll_model::{Level, Section, seconds};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::{Booted, booted};
use crate::views::said::says_all;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/startup-probe-missing",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "requests wait until the service is ready",
    aliases: &[],
    page: include_str!("startup_probe_missing.md"),
    check: Check::Deploy(check),
};

/// Seconds between the open port and the first answer that nobody notices.
const UNNOTICED: f64 = 0.1;

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun || !says_all(review, deploy) {
        return;
    }
    out.examined();
    let measured = booted(review, deploy).and_then(|(_, boots)| early(&boots));
    let answers_at_once = measured.is_some_and(|early| early.gap < UNNOTICED);
    if deploy.settings.startup_probe.is_some() || answers_at_once {
        return;
    }
    let draft = out.finding(&deploy.at, "requests are sent as soon as the port is open");
    draft
        .label("no startup probe: the default is TCP")
        .consequence("the first requests of a new instance wait, or fail, while the application is still being loaded")
        .remedy("set --startup-probe=httpGet.path=/ready,periodSeconds=1,failureThreshold=60 with a path that answers when the service can serve");
    match measured {
        Some(Early { starts, port, ready, gap }) => draft.evidence(format!(
            "measured: the port opens after {}, the first good answer comes after {} (medians of {starts} cold starts): for {} requests wait or fail",
            seconds(port), seconds(ready), seconds(gap)
        )),
        None => draft.evidence("measured: gunicorn opened its port after 209 ms and answered after 658 ms"),
    };
}

/// How much earlier than its first good answer a service opens its port.
#[derive(Clone, Copy)]
struct Early {
    starts: usize,
    port: f64,
    ready: f64,
    gap: f64,
}

fn early(boots: &Booted<'_>) -> Option<Early> {
    let gaps = boots.of(|boot| Some(boot.ready? - boot.port?));
    let (port, ready) = (boots.of(|boot| boot.port).median?, boots.ready().median?);
    Some(Early { starts: gaps.values.len(), port, ready, gap: gaps.median? })
}
