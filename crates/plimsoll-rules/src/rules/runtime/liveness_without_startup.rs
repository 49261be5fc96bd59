//! Liveness probes that kill slow starts.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/liveness-without-startup",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "a slow start is not taken for a hang",
    aliases: &[],
    page: include_str!("liveness_without_startup.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    let s = &deploy.settings;
    let Some(liveness) = s.liveness_probe.as_ref().filter(|_| deploy.platform == Platform::Kubernetes) else { return };
    out.examined();
    let delay = liveness.initial_delay.unwrap_or(0);
    let window = delay.saturating_add(liveness.period.unwrap_or(10).saturating_mul(liveness.failures.unwrap_or(3)));
    if s.startup_probe.is_none() && window < 60 {
        out.finding(&liveness.at, format!("an instance that is not up after {window} seconds is killed"))
            .label("liveness probe without a startup probe")
            .evidence("start-up time: not measured; a later version measures it: plimsoll boot")
            .consequence("on a slow day every instance is restarted before it is ready, and the service never comes back by itself")
            .remedy("add a startupProbe with a wide window; the liveness probe then begins when it has succeeded");
    }
}
