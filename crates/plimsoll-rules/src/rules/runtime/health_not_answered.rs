//! A health path without a good answer.

use plimsoll_model::{CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/health-not-answered",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "the health path is answered",
    aliases: &[],
    page: include_str!("health_not_answered.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let message = format!("{} does not answer its health path", service.name);
    let finding = tried::finding(review, service, CheckName::AnswersHealth, &message, out);
    let Some(draft) = finding else { return };
    draft
        .consequence("probes fail: the revision gets no requests, or is restarted again and again")
        .remedy("let the path that the probe names answer with 200 once the service is ready");
}
