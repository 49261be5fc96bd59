//! EXPOSE with its protocol in capital letters.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/expose-protocol-case",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "the protocols of EXPOSE are in lower case",
    aliases: &["ExposeProtoCasing"],
    page: include_str!("expose_protocol_case.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::ExposeProtoCasing, out) else { return };
    for (node, warning) in checked.each(&[Keyword::Expose]) {
        let word = node.args.iter().find(|word| word.text == warning.subject);
        let at = checked.place(word.map_or(node.span, |word| word.span));
        let draft = out.finding(&at, format!("{} is not in lower case", warning.subject));
        draft
            .label("the image holds it in lower case")
            .consequence(
                "a comparison with the image's ports finds a difference where there is none",
            )
            .remedy(format!("write {}", warning.subject.to_lowercase()));
        let edits = word.and_then(|word| checked.rewrite(word, &word.text.to_lowercase()));
        if let Some(edits) = edits {
            draft.fix("write the protocol in lower case", Applicability::Safe, edits);
        }
    }
}
