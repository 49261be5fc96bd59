//! A comment that BuildKit takes for a description, without the name it describes.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/misread-description",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "comments above stages and arguments begin with their names",
    aliases: &["InvalidDefinitionDescription"],
    page: include_str!("misread_description.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::InvalidDefinitionDescription;
    let Some(checked) = checked(review, file, check, out) else { return };
    for (node, warning) in checked.each(&[Keyword::From, Keyword::Arg]) {
        let name = node.keyword.as_str();
        out.finding(
            &checked.place(node.span),
            format!("the comment above this {name} is no description of it"),
        )
        .label(format!("`# {} …` would be one", warning.subject))
        .consequence("docker build --call=outline and =targets leave it without a description")
        .remedy("begin the comment with the name, or put an empty comment line below it");
    }
}
