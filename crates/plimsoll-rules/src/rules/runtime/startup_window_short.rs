//! Startup probes that give up too early.

use plimsoll_model::{Applicability, Level, Section, seconds};

use crate::discover::{Deploy, Probe};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::booted::{Booted, ROOM, booted};
use crate::views::probing::{attempts, wider, window};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/startup-window-short",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "start-up has the time it needs",
    aliases: &[],
    page: include_str!("startup_window_short.md"),
    check: Check::Deploy(check),
};

/// Seconds below which a start-up probe leaves no room for a slow day.
const LEAST: u32 = 10;
/// What a window is widened to: so many times the slowest start.
const WIDE: f64 = 3.0;

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(probe) = &deploy.settings.startup_probe else { return };
    out.examined();
    let boots = booted(review, deploy).map(|(_, boots)| boots);
    let slowest = |boots: &Booted<'_>| boots.slowest(|boot| boot.probe.or(boot.ready));
    match boots.and_then(|boots| Some((boots, slowest(&boots)?))) {
        Some((boots, slowest)) => measured(review, probe, boots, slowest, out),
        None if probe.period.is_some() && probe.failures.is_some() => guessed(probe, out),
        None => {}
    }
}

fn guessed(probe: &Probe, out: &mut Out) {
    let window = window(probe);
    if window < LEAST {
        out.finding(&probe.at, format!("the service has {window} seconds to start"))
            .label(label(probe))
            .evidence("cold start: not measured; plimsoll boot measures it")
            .consequence("an instance that starts more slowly, on a busy host or after a large import, is killed before it is ready, again and again")
            .remedy("raise failureThreshold until the window is several times the slowest start you measure; a short period costs nothing");
    }
}

fn measured(review: &Review<'_>, probe: &Probe, boots: Booted<'_>, slowest: f64, out: &mut Out) {
    let window = window(probe);
    let given = f64::from(window);
    if given >= slowest * ROOM {
        return;
    }
    let wide = (slowest * WIDE).ceil();
    let draft = out.finding(&probe.at, format!("the service has {window} seconds to start"));
    draft.label(label(probe));
    boots.quote(draft);
    draft.evidence(format!("measured: the probe passes after {} at the latest", seconds(slowest)));
    if given < slowest {
        draft.level(Level::Blocking).consequence(
            "an instance that starts like the slowest one here is killed before it is ready, again and again",
        );
    } else {
        draft.consequence("on a host that is half as fast, an instance is killed before it is ready, again and again");
    }
    draft.remedy(format!("raise failureThreshold until the window is {wide:.0} seconds, {WIDE:.0} times the slowest start; a short period costs nothing"));
    if let Some((count, edits)) = wider(review.sources, probe, wide) {
        draft.fix(format!("failureThreshold {count}"), Applicability::Safe, edits);
    }
}

fn label(probe: &Probe) -> String {
    let (failures, period) = attempts(probe);
    format!("{failures} attempts, {period} s apart")
}
