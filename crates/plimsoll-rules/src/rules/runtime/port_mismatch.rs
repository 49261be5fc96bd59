//! Ports that disagree.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::repo::{Fact, Place};
use crate::review::Review;
use crate::views::cloud_run::cloud_run;
use crate::views::{effective, server};
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/port-mismatch",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "the server listens on the port that gets the requests",
    aliases: &[],
    page: include_str!("port_mismatch.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let image = effective(file, stage);
    let Some(server) = server::server(&image).filter(|s| !s.port_is_variable) else { return };
    let Some((listens, at)) = &server.port else { return };
    exposed(&image.expose, *listens, at, out);
    for deploy in service.deploys.iter().filter_map(|i| review.found.deploys.get(*i)) {
        if deploy.platform != Platform::CloudRun || deploy.settings.command.is_some() || deploy.from_source.is_some() {
            continue;
        }
        let set = deploy.settings.port.as_ref();
        let (wanted, place) = match set.map(|p| p.value.parse::<u16>()) {
            Some(Ok(port)) => (port, set.map_or(&deploy.at, |p| &p.at)),
            Some(Err(_)) => continue,
            None => (cloud_run().default_port, &deploy.at),
        };
        out.examined();
        if wanted == *listens {
            continue;
        }
        let from = if set.is_some() { "is told" } else { "uses by default" };
        out.finding(at, format!("{} listens on {listens}, Cloud Run sends to {wanted}", server.program))
            .label(format!("port {listens}"))
            .related(place, format!("Cloud Run {from} port {wanted}"))
            .consequence("the startup probe never succeeds: the revision is never ready")
            .remedy("listen on $PORT: --port ${PORT:-8080} in shell form with exec");
        return;
    }
}

/// EXPOSE opens nothing, but it says to people and tools where the service listens.
fn exposed(ports: &[&Fact<String>], listens: u16, at: &Place, out: &mut Out) {
    let words = || ports.iter().flat_map(|p| p.value.split_whitespace());
    let number = |word: &str| word.split('/').next().and_then(|n| n.parse::<u16>().ok());
    let Some(first) = ports.first() else { return };
    out.examined();
    // A range or a variable may hold the port.
    if words().any(|w| number(w).is_none_or(|n| n == listens)) {
        return;
    }
    out.finding(&first.at, format!("EXPOSE says {}, the server listens on {listens}", first.value))
        .level(Level::Advice)
        .label("another port")
        .related(at, format!("listens on {listens}"))
        .consequence("people, compose files and platforms that read EXPOSE send requests to a port where nobody listens")
        .remedy(format!("EXPOSE {listens}"));
}
