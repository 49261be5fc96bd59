//! Two stages of one name.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::checked;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/duplicate-stage-name",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "each stage has a name of its own",
    aliases: &["DuplicateStageName", "DL3024", "DS-0012", "CKV_DOCKER_11"],
    page: include_str!("duplicate_stage_name.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::DuplicateStageName, out) else { return };
    for (node, warning) in checked.each(&[Keyword::From]) {
        let Some(name) = node.args.get(2) else { continue };
        let named = |s: &&crate::repo::Stage| s.name.as_deref() == Some(warning.subject.as_str());
        let draft = out.finding(
            &checked.place(name.span),
            format!("a second stage is called {}", warning.subject),
        );
        draft
            .label("the name means this stage from here on")
            .consequence(
                "COPY --from and a build's target take the last stage of the name, whichever was meant",
            )
            .remedy("give one of the two another name");
        if let Some(first) = file.stages.iter().find(named) {
            draft.related(&first.at, "the first stage of that name");
        }
    }
}
