//! Secrets passed as build arguments.

use plimsoll_model::{Level, Section};

use crate::discover::Build;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-as-build-arg",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no secret is passed as a build argument",
    aliases: &[],
    page: include_str!("secret_as_build_arg.md"),
    check: Check::Build(check),
};

fn check(_: &Review<'_>, build: &Build, out: &mut Out) {
    for (name, value) in &build.args {
        out.examined();
        let Some(value) = value.as_deref().filter(|v| v.contains("secrets.") && v.contains("${{")) else { continue };
        if value.contains("secrets.GITHUB_TOKEN") {
            continue;
        }
        out.finding(&name.at, format!("the secret {value} is passed as the build argument {}", name.value))
            .label("kept in the image's history")
            .consequence("docker history, the provenance attestation and the cache show the value to everyone who can pull the image")
            .remedy("pass it with secrets: and use RUN --mount=type=secret,id=… in the Dockerfile");
    }
}
