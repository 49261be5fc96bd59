//! A health check that nobody runs.

use plimsoll_model::{Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::server;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/healthcheck-ignored",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "Health is checked where the platform looks",
    aliases: &[],
    page: include_str!("healthcheck_ignored.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(deploy) = server::deploys(review, service).next() else { return };
    let Some(image) = server::image(review, service) else { return };
    out.examined();
    let Some((step, _)) = image.healthcheck else { return };
    let platform = deploy.platform.name();
    out.finding(&step.at, format!("{platform} does not run HEALTHCHECK"))
        .label("has no effect there")
        .related(&deploy.at, format!("deployed to {platform} here"))
        .consequence("what it checks is not checked in production")
        .remedy("set a startup and a liveness probe in the deployment");
}
