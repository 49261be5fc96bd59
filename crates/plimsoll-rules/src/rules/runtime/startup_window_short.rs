//! Startup probes that give up too early.

use plimsoll_model::{Level, Section};

use crate::discover::Deploy;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

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

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let Some(probe) = &deploy.settings.startup_probe else { return };
    out.examined();
    let (Some(period), Some(failures)) = (probe.period, probe.failures) else { return };
    let window = probe.initial_delay.unwrap_or(0).saturating_add(period.saturating_mul(failures));
    if window < LEAST {
        out.finding(&probe.at, format!("the service has {window} seconds to start"))
            .label(format!("{failures} attempts, {period} s apart"))
            .evidence("cold start: not measured; a later version measures it: plimsoll boot")
            .consequence("an instance that starts more slowly, on a busy host or after a large import, is killed before it is ready, again and again")
            .remedy("raise failureThreshold until the window is several times the slowest start you measure; a short period costs nothing");
    }
}
