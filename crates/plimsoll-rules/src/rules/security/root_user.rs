//! Images that run as root.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::effective;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/root-user",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "the service does not run as root",
    aliases: &["DL3002", "DS-0002", "CKV_DOCKER_3"],
    page: include_str!("root_user.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last().filter(|_| file.errors.is_empty()) else { return };
    let all = effective(file, last.index);
    let Some((base, known, at)) = all.base else { return };
    if all.user.is_none() && (!known || has_own_user(base)) {
        return;
    }
    out.examined();
    let (at, message) = match all.user {
        Some(user) if is_root(&user.value) => (&user.at, "the service runs as root: this is the last USER"),
        Some(_) => return,
        None => (at, "the service runs as root: there is no USER"),
    };
    out.finding(at, message)
        .label("root unless something says otherwise")
        .consequence("a hole in the application is a hole as root in the container, one step from the host and from every file in the image")
        .remedy("create a user and switch to it last: RUN useradd --uid 10001 app, then USER 10001");
}

fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or(user);
    matches!(name, "root" | "0")
}

/// Bases that set a user of their own.
fn has_own_user(base: &str) -> bool {
    ["nonroot", "chainguard", "cgr.dev/", "unprivileged", "bitnami/", "ubi8/", "ubi9/", "jenkins/", "grafana/", "prom/", "quay.io/keycloak", "elastic"].iter().any(|n| base.contains(n))
}
