//! A container that ends at once.

use plimsoll_model::{BootOutcome, CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{booted, tried};

pub(crate) static RULE: Rule = Rule {
    name: "runtime/does-not-start",
    section: Section::Runtime,
    level: Level::Blocking,
    assures: "a container of the image starts and stays",
    aliases: &[],
    page: include_str!("does_not_start.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let message = format!("{} does not start", service.name);
    let finding = tried::finding(review, service, CheckName::Starts, &message, out);
    let Some(draft) = finding else { return };
    if booted::boots(review, service).any(|boots| boots.any(|end| *end == BootOutcome::OutOfMemory))
    {
        draft.evidence("measured: a start is killed because it wants more memory than it may have");
    }
    draft
        .consequence("no revision becomes ready; what is deployed now stays, or nothing answers")
        .remedy("start the image with the same settings and read what it prints; give it the memory it needs");
}
