//! An image that its builder does not make.

use plimsoll_model::{CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "image/does-not-build",
    section: Section::Image,
    level: Level::Blocking,
    assures: "the image builds",
    aliases: &[],
    page: include_str!("does_not_build.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let message = format!("the image of {} does not build", service.name);
    let finding = tried::finding(review, service, CheckName::Builds, &message, out);
    let Some(draft) = finding else { return };
    draft.consequence("nothing of this commit can be deployed").remedy(
        "run plimsoll build, which shows the step with its last lines, and mend what it names",
    );
}
