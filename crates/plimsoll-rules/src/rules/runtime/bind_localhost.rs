//! Servers that only listen to themselves.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::review::Review;
use crate::views::{effective, server};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/bind-localhost",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "the server listens on all addresses",
    aliases: &[],
    page: include_str!("bind_localhost.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let image = effective(file, stage);
    let Some(server) = server::server(&image) else { return };
    let deploys = service.deploys.iter().filter_map(|i| review.found.deploys.get(*i));
    let Some(deploy) = deploys.into_iter().find(|d| d.platform != Platform::Compose && d.settings.command.is_none()) else { return };
    out.examined();
    let set_by_env = image.env.keys().any(|k| matches!(*k, "UVICORN_HOST" | "HOST" | "GUNICORN_CMD_ARGS" | "FLASK_RUN_HOST"));
    let (at, what) = match &server.host {
        Some((host, at)) if matches!(host.as_str(), "127.0.0.1" | "localhost" | "::1") => (at.clone(), format!("binds to {host}")),
        None if matches!(server.program.as_str(), "uvicorn" | "flask") && !set_by_env => (server.at.clone(), "binds to 127.0.0.1, its default".to_owned()),
        _ => return,
    };
    out.finding(&at, format!("{} {what}: no request from outside the container reaches it", server.program))
        .label("listens to itself only")
        .related(&deploy.at, format!("deployed to {}", deploy.platform.name()))
        .consequence("the platform's probe never succeeds and the revision never becomes ready")
        .remedy("add --host 0.0.0.0");
}
