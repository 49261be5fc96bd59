//! Stage names with capital letters.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::{Keyword, lint};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::{all, checked};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/stage-name-case",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "stage names are in lower case",
    aliases: &["StageNameCasing"],
    page: include_str!("stage_name_case.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::StageNameCasing, out) else { return };
    let found = checked.each(&[Keyword::From]);
    let names: Vec<_> = found.iter().filter_map(|(node, _)| node.args.get(2)).collect();
    let Some(first) = names.first() else { return };
    let lower = first.text.to_lowercase();
    let others = match names.len() {
        1 => String::new(),
        count => format!(", and {} more stage names", count - 1),
    };
    let draft = out.finding(
        &checked.place(first.span),
        format!("stage {} is not in lower case{others}", first.text),
    );
    draft
        .label(format!("`FROM {lower}` means this stage, `FROM {}` an image", first.text))
        .consequence("a FROM that repeats the name as it is written here finds no stage")
        .remedy("write stage names in lower case");
    if let Some(edits) = all(names.iter().map(|n| checked.rewrite(n, &n.text.to_lowercase()))) {
        draft.fix("write the names in lower case", Applicability::Safe, edits);
    }
}
