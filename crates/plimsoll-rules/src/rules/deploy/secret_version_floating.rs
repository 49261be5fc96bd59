//! Secrets without a version.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/secret-version-floating",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "a revision keeps the secrets it was deployed with",
    aliases: &[],
    page: include_str!("secret_version_floating.md"),
    check: Check::Deploy(check),
};

fn check(_: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    if deploy.platform != Platform::CloudRun {
        return;
    }
    for (name, secret) in &deploy.settings.secrets {
        out.examined();
        // A mounted secret is read when it is used, and latest is what that is for.
        if name.value.starts_with('/') || !secret.value.ends_with(":latest") {
            continue;
        }
        out.finding(&secret.at, format!("{} takes the latest version of its secret when an instance starts", name.value))
            .label(":latest")
            .consequence("instances of one revision can hold different secrets, and a rollback does not bring the old one back")
            .remedy("name the version, and deploy to change it: NAME=secret:3");
        return;
    }
}
