//! A repository without anything to sign off.

use plimsoll_model::{Level, Section};

use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "config/no-service",
    section: Section::Config,
    level: Level::Blocking,
    assures: "there is a service to sign off",
    aliases: &[],
    page: include_str!("no_service.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    out.examined();
    if review.found.services.is_empty() {
        out.finding(&Place::file("."), "no Dockerfile was found: there is nothing to sign off")
            .consequence("nothing is checked, so nothing is approved")
            .remedy("name the folder of the repository, or name the Dockerfile in plimsoll.toml under [service.NAME]");
    }
}
