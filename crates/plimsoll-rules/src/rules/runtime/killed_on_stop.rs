//! A container that does not end when it is asked to.

use plimsoll_model::{CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/killed-on-stop",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "the service ends within ten seconds of SIGTERM",
    aliases: &[],
    page: include_str!("killed_on_stop.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let message = format!("{} does not end on SIGTERM, and is killed", service.name);
    let finding = tried::finding(review, service, CheckName::StopsOnSigterm, &message, out);
    let Some(draft) = finding else { return };
    draft
        .consequence("each deployment and each scaling down breaks the requests that run at that moment")
        .remedy("handle SIGTERM: take no new requests, finish those that run, end; start the program with exec, so that it gets the signal");
}
