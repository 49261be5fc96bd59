//! Deployments without a startup probe.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
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

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun || !says_all(review, deploy) {
        return;
    }
    out.examined();
    if deploy.settings.startup_probe.is_none() {
        out.finding(&deploy.at, "requests are sent as soon as the port is open")
            .label("no startup probe: the default is TCP")
            .evidence("measured: gunicorn opened its port after 209 ms and answered after 658 ms")
            .consequence("the first requests of a new instance wait, or fail, while the application is still being loaded")
            .remedy("set --startup-probe=httpGet.path=/ready,periodSeconds=1,failureThreshold=60 with a path that answers when the service can serve");
    }
}
