//! EXPOSE that names another port.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{effective, server, targets};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/expose-disagrees",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "EXPOSE names the port of the server",
    aliases: &[],
    page: include_str!("expose_disagrees.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in targets(review, file) {
        look(file, stage, out);
    }
}

fn look(file: &DockerfileView, stage: usize, out: &mut Out) {
    let image = effective(file, stage);
    let Some(server) = server::server(&image).filter(|s| !s.port_is_variable) else { return };
    let (Some((listens, at)), Some(first)) = (&server.port, image.expose.first()) else { return };
    out.examined();
    let number = |word: &str| word.split('/').next().and_then(|n| n.parse::<u16>().ok());
    let mut words = image.expose.iter().flat_map(|p| p.value.split_whitespace());
    // A range or a variable may hold the port.
    if words.any(|w| number(w).is_none_or(|n| n == *listens)) {
        return;
    }
    out.finding(&first.at, format!("EXPOSE says {}, the server listens on {listens}", first.value))
        .label("another port")
        .related(at, format!("{} listens on {listens}", server.program))
        .consequence("people, compose files and platforms that read EXPOSE send requests to a port where nobody listens")
        .remedy(format!("EXPOSE {listens}"));
}
