//! All packages of the base, upgraded in a layer of their own.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{Manager, shipped_runs, values};

pub(crate) static RULE: Rule = Rule {
    name: "image/system-upgraded",
    section: Section::Image,
    level: Level::Advice,
    assures: "the base is as its owner has built it",
    aliases: &["DL3005", "DL3017", "DL3031", "DL3035", "DL3039", "DS-0024"],
    page: include_str!("system_upgraded.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (_, command) in shipped_runs(review, file) {
        for call in command.calls() {
            let Some(verb) = upgrades(&call) else { continue };
            let message = format!("{} {verb} upgrades the whole base", call.program);
            out.finding(&command.place(call.span()), message)
                .label("every package that has a newer version")
                .consequence(
                    "the image has those packages twice, and the same commit gives another image \
                     each time the layer is built",
                )
                .remedy(
                    "build on a newer base instead: pin its digest and let a bot raise it; name single \
                     packages that cannot wait",
                );
        }
    }
}

/// The verb of a call that upgrades all there is.
fn upgrades<'a>(call: &Invocation<'a>) -> Option<&'a str> {
    let (takes, verbs): (Takes, &[&str]) = match call.program {
        "apt-get" | "apt" | "aptitude" => {
            (values(Manager::Apt), &["upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade"])
        }
        "apk" => (values(Manager::Apk), &["upgrade"]),
        "dnf" | "yum" | "microdnf" | "tdnf" => {
            (values(Manager::Dnf), &["update", "upgrade", "distro-sync"])
        }
        "zypper" => (Takes::These(&[]), &["update", "up", "patch", "dist-upgrade", "dup"]),
        _ => return None,
    };
    let some = ["--security", "--only-upgrade", "--advisory", "--advisories", "-s", "--dry-run"];
    let args = call.parse(takes);
    let verb = args.positional.first()?.text().filter(|t| verbs.contains(t))?;
    (args.positional.len() == 1 && !args.has(&some)).then_some(verb)
}
