//! Limits of CPU that starts wait for.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::booted;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/cpu-limit-slows-start",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a start has the CPU that it can use",
    aliases: &[],
    page: include_str!("cpu_limit_slows_start.md"),
    check: Check::Deploy(check),
};

/// The share of the CPU time it wants that a start may wait for.
const SHARE: f64 = 0.3;
/// Seconds of a start that nobody minds.
const SOON: f64 = 1.0;

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(limit) = &deploy.settings.cpu else { return };
    // On Cloud Run CPU boost is for that, and has rules of its own.
    if deploy.platform != Platform::Kubernetes {
        return;
    }
    let Some((_, boots)) = booted(review, deploy) else { return };
    let (Some(waits), Some(ready)) = (boots.throttled(), boots.ready().median) else { return };
    out.examined();
    if waits < SHARE || ready < SOON {
        return;
    }
    let draft = out.finding(&limit.at, format!("a limit of {} CPU makes starts slow", limit.value));
    draft
        .label("a start could use more")
        .consequence("a new instance is late when load rises, though its node has CPUs to spare")
        .remedy("raise resources.limits.cpu, or leave the limit out and keep the request; then measure again");
    boots.quote(draft);
}
