//! A variable in FROM that no ARG declares.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/undeclared-arg-in-from",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "ARG declares each variable of FROM",
    aliases: &["UndefinedArgInFrom"],
    page: include_str!("undeclared_arg_in_from.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::UndefinedArgInFrom, out) else { return };
    for (node, warning) in checked.each(&[Keyword::From]) {
        let name = &warning.subject;
        let Some(image) = node.args.first() else { continue };
        let at = if image.text.contains(name.as_str()) { image.span } else { node.span };
        let draft = out
            .finding(&checked.place(at), format!("no ARG before the first FROM declares {name}"));
        draft
            .label(format!("${name} is empty here, whatever the build passes"))
            .consequence(
                "the stage is built on another image than the one that is meant, or on none",
            )
            .remedy(format!("declare ARG {name} with a default above the first FROM"));
        if let Some((_, near)) = warning.detail.rsplit_once("did you mean ") {
            draft.evidence(format!("{} is declared", near.trim_end_matches("?)")));
        }
    }
}
