//! Health checks that the platform ignores.

use plimsoll_model::{Level, Section};

use crate::discover::{Platform, Service};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::effective;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/healthcheck-ignored",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "health is checked where the service runs",
    aliases: &[],
    page: include_str!("healthcheck_ignored.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return };
    let Some(stage) = file.target(service.target.as_deref()) else { return };
    let Some((step, _)) = effective(file, stage).healthcheck else { return };
    let deploys = service.deploys.iter().filter_map(|i| review.found.deploys.get(*i));
    let Some(deploy) = deploys.into_iter().find(|d| d.platform != Platform::Compose) else {
        return;
    };
    out.examined();
    let platform = deploy.platform.name();
    out.finding(&step.at, format!("{platform} ignores this HEALTHCHECK"))
        .label("only Docker itself runs it")
        .related(&deploy.at, format!("deployed to {platform}"))
        .consequence("a hanging instance keeps getting requests, although the image seems to have a health check")
        .remedy("set a startup and a liveness probe where the service is deployed, and drop curl from the image if only this used it");
}
