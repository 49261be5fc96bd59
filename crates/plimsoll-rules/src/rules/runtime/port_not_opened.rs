//! A container whose port stays closed.

use plimsoll_model::{CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/port-not-opened",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "the service opens the port that requests go to",
    aliases: &[],
    page: include_str!("port_not_opened.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    // A cause that was measured is told instead.
    if super::bind_localhost::measured(review, service) == Some(true) {
        return;
    }
    let message = format!("{} does not open its port", service.name);
    let finding = tried::finding(review, service, CheckName::OpensPort, &message, out);
    let Some(draft) = finding else { return };
    draft.consequence("the platform's startup probe fails and no revision becomes ready").remedy(
        "listen on 0.0.0.0 and on the port that the deployment names, on Cloud Run the one in PORT",
    );
}
