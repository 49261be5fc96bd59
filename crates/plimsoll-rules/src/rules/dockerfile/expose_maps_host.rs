//! EXPOSE with an address or a port of the host.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/expose-maps-host",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "EXPOSE names ports of the container only",
    aliases: &["ExposeInvalidFormat"],
    page: include_str!("expose_maps_host.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::ExposeInvalidFormat, out) else {
        return;
    };
    for (node, warning) in checked.each(&[Keyword::Expose]) {
        let word = node.args.iter().find(|word| word.text == warning.subject);
        let at = checked.place(word.map_or(node.span, |word| word.span));
        let port = warning.subject.rsplit(':').next().unwrap_or("");
        let draft = out.finding(&at, format!("EXPOSE cannot map {}", warning.subject));
        draft
            .label(format!("only {port} counts"))
            .consequence("nothing is mapped, and a later version of the builder refuses it")
            .remedy(format!("write {port}; map ports where the container is started"));
        if let Some(edits) = word.and_then(|word| checked.rewrite(word, port)) {
            draft.fix(format!("leave {port}"), Applicability::Safe, edits);
        }
    }
}
