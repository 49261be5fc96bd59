//! Packages that are declared, and cannot be loaded in the image.

use plimsoll_model::{CheckName, Level, Section};

use crate::discover::Service;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::tried;

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/import-fails",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "what the service declares can be loaded in its image",
    aliases: &[],
    page: include_str!("import_fails.md"),
    check: Check::Service(check),
};

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let message = format!("the image of {} does not load what it needs", service.name);
    let finding = tried::finding(review, service, CheckName::Imports, &message, out);
    let Some(draft) = finding else { return };
    draft
        .consequence("the service fails at its start, or at the first request that needs it")
        .remedy(
            "install it in the stage that is shipped, or copy it there with the interpreter's path",
        );
}
