//! `FROM … as` in two cases.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, Node, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::{all, checked, counted};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/from-as-case",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "FROM and AS are written in the same case",
    aliases: &["FromAsCasing"],
    page: include_str!("from_as_case.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::FromAsCasing, out) else { return };
    let found = checked.each(&[Keyword::From]);
    let Some(word) = found.first().and_then(|(node, _)| node.args.get(1)) else { return };
    let lines = counted(found.len(), "FROM instruction");
    let draft = out.finding(
        &checked.place(word.span),
        format!("{} of {lines} is not in the case of FROM", word.text),
    );
    draft
        .label("the two words belong together")
        .consequence("each build warns of it, and a warning that matters is lost among them")
        .remedy("write AS as FROM is written");
    let edits = found.iter().map(|(node, _)| {
        let word = node.args.get(1)?;
        checked.rewrite(word, right(node))
    });
    if let Some(edits) = all(edits) {
        draft.fix("write AS in the case of FROM", Applicability::Safe, edits);
    }
}

/// How the word is written beside this FROM.
fn right(node: &Node) -> &'static str {
    if node.name.text.starts_with('f') { "as" } else { "AS" }
}
