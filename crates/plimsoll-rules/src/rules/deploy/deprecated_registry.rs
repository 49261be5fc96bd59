//! Registries that are being shut down.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/deprecated-registry",
    section: Section::Deploy,
    level: Level::Advice,
    assures: "images lie in a registry that is kept",
    aliases: &[],
    page: include_str!("deprecated_registry.md"),
    check: Check::Build(check),
};

fn check(_: &Review<'_>, build: &Build, out: &mut Out) {
    for tag in &build.tags {
        let host = tag.value.split('/').next().unwrap_or("");
        out.examined();
        if host == "gcr.io" || host.ends_with(".gcr.io") {
            out.finding(&tag.at, format!("{host} is the old Container Registry"))
                .label("served by Artifact Registry since 2025")
                .consequence("clean-up rules, access per repository and regions of Artifact Registry do not apply to this name")
                .remedy("push to REGION-docker.pkg.dev/PROJECT/REPOSITORY");
            return;
        }
    }
}
