//! A stage called `scratch` or `context`.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/reserved-stage-name",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "no stage has a name that the builder keeps for itself",
    aliases: &["ReservedStageName", "DL3063"],
    page: include_str!("reserved_stage_name.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::ReservedStageName, out) else { return };
    for (node, warning) in checked.each(&[Keyword::From]) {
        let Some(name) = node.args.get(2) else { continue };
        let what = if warning.subject == "scratch" {
            "an empty image"
        } else {
            "the folder that is sent to the builder"
        };
        out.finding(
            &checked.place(name.span),
            format!("a stage is called {}, which means {what}", warning.subject),
        )
        .label("a name that the builder keeps for itself")
        .consequence("what refers to the name may get the other meaning: another base, other files")
        .remedy("give the stage another name");
    }
}
