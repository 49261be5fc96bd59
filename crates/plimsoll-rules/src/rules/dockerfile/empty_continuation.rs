//! Empty lines inside an instruction.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::lint;

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, replace};
use crate::views::checked::{checked, counted};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/empty-continuation",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "no instruction goes on past an empty line",
    aliases: &["NoEmptyContinuation"],
    page: include_str!("empty_continuation.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(checked) = checked(review, file, lint::Check::NoEmptyContinuation, out) else {
        return;
    };
    let empty: Vec<Span> = checked.tree.warnings.iter().map(|warning| warning.span).collect();
    let nodes = checked.tree.warnings.iter().filter_map(|w| checked.tree.nodes.get(w.node));
    let Some((first, node)) = empty.first().zip(nodes.clone().next()) else { return };
    let count = empty.len();
    let what = match count {
        1 => format!("{} goes on past an empty line", node.keyword.as_str()),
        count => format!("{} go on past empty lines", counted(count, "instruction")),
    };
    let edits = nodes
        .flat_map(|node| empty_lines(checked.text, node.span, checked.tree.escape))
        .flat_map(|span| replace(&checked.place(span), ""))
        .collect();
    out.finding(&checked.place(*first), what)
        .label("empty, though the line above continues")
        .consequence("a later version of the builder refuses it; the build fails then")
        .remedy("take the empty line out, or put a comment there")
        .fix("take the empty lines out", Applicability::Safe, edits);
}

/// The lines of an instruction in which nothing stands. A heredoc keeps its own: they are text.
fn empty_lines(text: &str, node: Span, escape: char) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = node.start as usize;
    let mut continues = false;
    for line in node.text(text).split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.is_empty() && continues {
            found.push(Span::new(at, at + line.len()));
        } else if !trimmed.starts_with('#') {
            let before = trimmed.strip_suffix(escape);
            continues = before.is_some_and(|before| !before.ends_with(escape));
        }
        if !continues {
            break;
        }
        at += line.len();
    }
    found
}
