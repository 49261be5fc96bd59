//! Health paths that the front end may answer itself.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/healthz-on-cloud-run",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "probes use a path that reaches the service",
    aliases: &[],
    page: include_str!("healthz_on_cloud_run.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun {
        return;
    }
    let s = &deploy.settings;
    for path in [&s.startup_probe, &s.liveness_probe, &s.readiness_probe]
        .into_iter()
        .flatten()
        .filter_map(|p| p.path.as_ref())
    {
        out.examined();
        if path.value == "/healthz" {
            out.finding(&path.at, "Cloud Run may answer /healthz itself")
                .label("a path that its front end keeps for itself")
                .consequence("a check from outside gets an error page of the platform although the service is well, and nobody finds it in the service's log")
                .remedy("use another path, such as /health or /ready");
        }
    }
}
