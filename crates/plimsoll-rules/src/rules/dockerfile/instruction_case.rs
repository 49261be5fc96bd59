//! Instructions in another case than most of the file.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::dockerfile::lint;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::checked::{all, checked, counted};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/instruction-case",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "all instructions are written in the same case",
    aliases: &["ConsistentInstructionCasing"],
    page: include_str!("instruction_case.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::ConsistentInstructionCasing;
    let Some(checked) = checked(review, file, check, out) else { return };
    let found = checked.each(&[]);
    let Some((first, warning)) = found.first() else { return };
    let upper = warning.detail.ends_with("(uppercase)");
    let case = if upper { "upper" } else { "lower" };
    let written = |name: &str| if upper { name.to_uppercase() } else { name.to_lowercase() };
    let rest = match found.len() {
        1 => String::new(),
        count => format!(", and so are {} more", counted(count - 1, "instruction")),
    };
    let draft = out.finding(
        &checked.place(first.name.span),
        format!("{} is not in {case} case like most of the file{rest}", first.name.text),
    );
    draft
        .label("in another case")
        .consequence("a search for an instruction by its name misses this one")
        .remedy(format!("write all instructions in {case} case"));
    let edits =
        found.iter().map(|(node, _)| checked.rewrite(&node.name, &written(&node.name.text)));
    if let Some(edits) = all(edits) {
        draft.fix(format!("write them in {case} case"), Applicability::Safe, edits);
    }
}
