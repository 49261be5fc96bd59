//! A CMD, ENTRYPOINT or HEALTHCHECK that a later one replaces.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/overridden-instruction",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "each stage has one CMD, ENTRYPOINT and HEALTHCHECK at most",
    aliases: &[
        "MultipleInstructionsDisallowed",
        "DL4003",
        "DL4004",
        "DL3012",
        "DS-0007",
        "DS-0016",
        "DS-0023",
    ],
    page: include_str!("overridden_instruction.md"),
    check: Check::Dockerfile(check),
};

const ONCE: [Keyword; 3] = [Keyword::Cmd, Keyword::Entrypoint, Keyword::Healthcheck];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::MultipleInstructionsDisallowed;
    let Some(checked) = checked(review, file, check, out) else { return };
    for (node, warning) in checked.each(&ONCE) {
        let name = node.keyword.as_str();
        let below = checked.tree.nodes.iter().skip(warning.node + 1);
        let same = |n: &&plimsoll_syntax::dockerfile::Node| n.keyword == node.keyword;
        let later = below.take_while(|n| n.keyword != Keyword::From).find(same);
        let draft = out.finding(
            &checked.place(node.span),
            format!("a later {name} of the stage replaces this one"),
        );
        draft
            .label("has no effect")
            .consequence("whoever changes this line changes nothing in the image")
            .remedy("take it out; where both programs must run, start one from the other");
        if let Some(later) = later {
            draft.related(&checked.place(later.span), "this one counts");
        }
        if let Some(edits) = checked.without(node) {
            draft.fix(format!("take this {name} out"), Applicability::Safe, edits);
        }
    }
}
