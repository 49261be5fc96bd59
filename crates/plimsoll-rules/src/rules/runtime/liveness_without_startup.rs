//! Liveness probes that kill slow starts.

use plimsoll_model::{Level, Section, seconds};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::{ROOM, booted};
use crate::views::probing::window;
use crate::views::workload::of_each;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/liveness-without-startup",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a slow start is not taken for a hang",
    aliases: &[],
    page: include_str!("liveness_without_startup.md"),
    check: Check::Repo(all),
};

/// Seconds below which a liveness probe leaves no room for a start that nobody measured.
const LEAST: u32 = 30;

fn all(review: &Review<'_>, out: &mut Out) {
    of_each(
        review,
        out,
        check,
        |draft| draft.message.clone(),
        "and so is this one of the same name",
    );
}

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let s = &deploy.settings;
    let Some(liveness) = s
        .liveness_probe
        .as_ref()
        .filter(|_| deploy.platform == Platform::Kubernetes && !deploy.partial)
    else {
        return;
    };
    out.examined();
    let window = window(liveness);
    let boots = booted(review, deploy).map(|(_, boots)| boots);
    let slowest = boots.and_then(|boots| boots.slowest(|boot| boot.ready));
    let wide = slowest.map_or(window >= LEAST, |slowest| f64::from(window) >= slowest * ROOM);
    if s.startup_probe.is_some() || wide {
        return;
    }
    let draft = out.finding(
        &liveness.at,
        format!("an instance that is not up after {window} seconds is killed"),
    );
    draft
        .label("liveness probe without a startup probe")
        .consequence("on a slow day every instance is restarted before it is ready, and the service never comes back by itself")
        .remedy("add a startupProbe with a wide window; the liveness probe then begins when it has succeeded");
    match (boots, slowest) {
        (Some(boots), Some(slowest)) => {
            boots.quote(draft);
            draft.evidence(format!("measured: the longest start took {}", seconds(slowest)));
            let fails = f64::from(window) < slowest;
            draft.level(if fails { Level::Blocking } else { Level::ShouldFix });
        }
        _ => {
            draft.evidence("start-up time: not measured; plimsoll boot measures it");
        }
    }
}
