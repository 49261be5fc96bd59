//! A server that only the container itself can reach.

use plimsoll_model::{Level, Section};

use crate::discover::{Deploy, Platform, Service};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::said::{hides_variables, replaces_command, sets};
use crate::views::start::{self, Program, Server, Setting};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/bind-localhost",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "The server listens where the platform can reach it",
    aliases: &[],
    page: include_str!("bind_localhost.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = start::image(review, service) else { return };
    let Some(server) = start::server(review, &image) else { return };
    let mut deploys =
        start::deploys(review, service).filter(|d| reaches(review, d) && !hides(review, d, &server));
    let Some(deploy) = deploys.next() else { return };
    out.examined();
    let Some((at, host)) = local(&server) else { return };
    let name = &server.name;
    let platform = deploy.platform.name();
    out.finding(at, format!("{name} listens on {host}, which {platform} cannot reach"))
        .label("reachable from inside the container only")
        .related(&deploy.at, format!("deployed to {platform} here"))
        .consequence("no revision becomes ready")
        .remedy(match server.program {
            Program::Gunicorn | Program::Hypercorn => "bind to 0.0.0.0 and the port, with --bind",
            Program::Django => "let runserver listen on 0.0.0.0, or start a production server",
            _ => "add --host 0.0.0.0",
        });
}

/// Whether the platform itself sends the container its requests: in a pod with a second container,
/// that one may pass them on.
fn reaches(review: &Review<'_>, deploy: &Deploy) -> bool {
    let beside = review.found.deploys.iter().any(|other| {
        let same = |d: &Deploy| d.service.as_ref().map(|s| s.at.clone());
        other.at != deploy.at && same(deploy).is_some() && same(other) == same(deploy)
    });
    match deploy.platform {
        Platform::Kubernetes => deploy.settings.port.is_some() && !beside,
        _ => !replaces_command(review, deploy),
    }
}

fn hides(review: &Review<'_>, deploy: &Deploy, server: &Server) -> bool {
    let variables = ["UVICORN_HOST", "FLASK_RUN_HOST", "GUNICORN_CMD_ARGS"];
    let default = server.host == Setting::Default;
    replaces_command(review, deploy)
        || (default && hides_variables(review, deploy))
        || (default && variables.iter().any(|v| sets(deploy, v)))
}

fn local(server: &Server) -> Option<(&Place, String)> {
    match &server.host {
        Setting::Known(host) => {
            let here = host.value == "localhost"
                || host.value == "::1"
                || (host.value.starts_with("127.")
                    && host.value.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
            here.then(|| (&host.at, host.value.clone()))
        }
        Setting::Default => {
            let default = matches!(
                (server.program, server.verb.as_str()),
                (Program::Uvicorn | Program::Hypercorn | Program::Flask, _)
                    | (Program::FastApi, "dev")
            );
            default.then(|| (&server.at, "127.0.0.1 by default".to_owned()))
        }
        Setting::Unknown => None,
    }
}
