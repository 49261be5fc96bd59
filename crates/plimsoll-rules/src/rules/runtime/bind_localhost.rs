//! A server that only the container itself can reach.

use plimsoll_model::{BootOutcome, CheckName, Level, Section};

use crate::discover::{Deploy, Platform, Service};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::said::{hides_variables, replaces_command, sets};
use crate::views::start::{self, Program, Server, Setting};
use crate::views::{booted, tried};

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
    match measured(review, service) {
        Some(true) => seen(review, service, out),
        // Other machines reached it.
        Some(false) => out.examined(),
        None => read(review, service, out),
    }
}

/// Whether a start was seen to listen on localhost only; `None` where no start tells.
pub(crate) fn measured(review: &Review<'_>, service: &Service) -> Option<bool> {
    start::deploys(review, service).find(|deploy| reaches(review, deploy))?;
    let boots: Vec<_> = booted::boots(review, service).collect();
    if boots.iter().any(|boots| boots.any(|end| *end == BootOutcome::LocalhostOnly)) {
        return Some(true);
    }
    boots.iter().any(|boots| boots.any(|end| *end == BootOutcome::Ready)).then_some(false)
}

fn seen(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(deploy) = start::deploys(review, service).find(|d| reaches(review, d)) else { return };
    let image = start::image(review, service);
    let server = image.and_then(|image| start::server(review, &image));
    let set = server.as_ref().and_then(|server| local(server).map(|(at, _)| at.clone()));
    let Some(at) = set.or_else(|| tried::place(review, service, CheckName::Starts)) else { return };
    let name = server.as_ref().map_or(&service.name, |server| &server.name);
    let platform = deploy.platform.name();
    let draft =
        out.finding(&at, format!("{name} listens on localhost, which {platform} cannot reach"));
    draft
        .label("reachable from inside the container only")
        .related(&deploy.at, format!("deployed to {platform} here"))
        .consequence("no revision becomes ready")
        .remedy(remedy(server.as_ref()));
    for boots in booted::boots(review, service) {
        let report = boots.report;
        let all = report.first.iter().chain(&report.boots);
        for boot in all.filter(|boot| boot.outcome == BootOutcome::LocalhostOnly).take(1) {
            let detail = boot.detail.as_ref().map_or(String::new(), |told| format!(": {told}"));
            draft.evidence(format!("measured: a start opened its port on localhost only{detail}"));
        }
    }
}

fn remedy(server: Option<&Server>) -> &'static str {
    match server.map(|server| server.program) {
        Some(Program::Gunicorn | Program::Hypercorn) => "bind to 0.0.0.0 and the port, with --bind",
        Some(Program::Django) => "let runserver listen on 0.0.0.0, or start a production server",
        Some(Program::Uvicorn | Program::Flask | Program::FastApi) => "add --host 0.0.0.0",
        _ => "let the server listen on 0.0.0.0",
    }
}

/// What the command says, where no start was measured.
fn read(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = start::image(review, service) else { return };
    let Some(server) = start::server(review, &image) else { return };
    let mut deploys = start::deploys(review, service)
        .filter(|d| reaches(review, d) && !hides(review, d, &server));
    let Some(deploy) = deploys.next() else { return };
    out.examined();
    let Some((at, host)) = local(&server) else { return };
    let name = &server.name;
    let platform = deploy.platform.name();
    out.finding(at, format!("{name} listens on {host}, which {platform} cannot reach"))
        .label("reachable from inside the container only")
        .related(&deploy.at, format!("deployed to {platform} here"))
        .consequence("no revision becomes ready")
        .remedy(remedy(Some(&server)));
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
