//! `FROM --platform=$TARGETPLATFORM`.

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{Keyword, Node, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::checked::{Checked, checked};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/redundant-platform",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "no FROM asks for the platform that it gets anyway",
    aliases: &["RedundantTargetPlatform"],
    page: include_str!("redundant_platform.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::RedundantTargetPlatform;
    let Some(checked) = checked(review, file, check, out) else { return };
    for (node, _) in checked.each(&[Keyword::From]) {
        let Some(flag) = node.flags.iter().find(|flag| flag.name == "platform") else { continue };
        let draft = out.finding(&checked.place(flag.span), "the target platform is the default");
        draft
            .label("says what holds without it")
            .consequence("a reader takes the stage for one that is built for another platform")
            .remedy("leave --platform out");
        if let Some(edits) = without_flag(&checked, node, flag.span) {
            draft.fix("leave --platform out", Applicability::Safe, edits);
        }
    }
}

/// Takes out the flag and the blanks behind it, on a line of its own it is left.
fn without_flag(checked: &Checked<'_>, node: &Node, flag: Span) -> Option<Vec<Edit>> {
    let next = node.args.first()?.span.start;
    let gap = Span { start: flag.start, end: next };
    let blank = Span { start: flag.end, end: next };
    let plain = blank.text(checked.text).chars().all(|c| c == ' ' || c == '\t');
    plain.then(|| replace(&checked.place(gap), ""))
}
