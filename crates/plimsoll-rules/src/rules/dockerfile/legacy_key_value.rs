//! `ENV name value` without `=`.

use std::collections::BTreeMap;

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::dockerfile::{Keyword, Node, Pair, expand, lint, parse};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert, replace};
use crate::views::checked::{Checked, all, checked};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/legacy-key-value",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "ENV and LABEL are written with =",
    aliases: &["LegacyKeyValueFormat"],
    page: include_str!("legacy_key_value.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let check = lint::Check::LegacyKeyValueFormat;
    let Some(checked) = checked(review, file, check, out) else { return };
    let found = checked.each(&[Keyword::Env, Keyword::Label]);
    let Some((first, _)) = found.first() else { return };
    let Some(pair) = first.pairs.first() else { return };
    let at = checked.place(pair.key.span);
    let name = first.keyword.as_str();
    let message = match found.len() {
        1 => format!("{name} {} is written without =", pair.key.text),
        count => format!("{count} variables and labels are written without ="),
    };
    let draft = out.finding(&at, message);
    draft
        .label("the old form: all the rest of the line is the value")
        .consequence("a second variable on the line becomes part of the first one's value")
        .remedy(format!("write {name} {}=…", pair.key.text));
    if let Some(edits) = all(found.iter().map(|(node, _)| with_equals(&checked, node))) {
        draft.fix("write them with =", Applicability::Safe, edits);
    }
}

/// The edits that write an instruction with `=`, where the value stays the same.
fn with_equals(checked: &Checked<'_>, node: &Node) -> Option<Vec<Edit>> {
    let [pair] = node.pairs.as_slice() else { return None };
    let gap = Span { start: pair.key.span.end, end: pair.value.span.start };
    // A comment between the two would become part of the line.
    if gap.text(checked.text).contains('#') {
        return None;
    }
    let quote = ["", "\""].into_iter().find(|quote| keeps_value(checked, node, pair, quote))?;
    let mut edits = replace(&checked.place(gap), format!("={quote}"));
    if !quote.is_empty() {
        edits.extend(insert(&checked.file.path, pair.value.span.end, quote));
    }
    Some(edits)
}

/// Whether the new form, read again, sets the same name to the same value.
fn keeps_value(checked: &Checked<'_>, node: &Node, pair: &Pair, quote: &str) -> bool {
    let escape = checked.tree.escape;
    let start = Span { start: node.span.start, end: pair.key.span.end }.text(checked.text);
    let value = pair.value.span.text(checked.text);
    let rest = Span { start: pair.value.span.end, end: node.span.end }.text(checked.text);
    let head = if escape == '`' { "# escape=`\n" } else { "" };
    let new = parse(&format!("{head}FROM a\n{start}={quote}{value}{quote}{rest}\n"));
    let [_, read] = new.nodes.as_slice() else { return false };
    let [again] = read.pairs.as_slice() else { return false };
    new.errors.is_empty()
        && again.equals
        && again.key.text == pair.key.text
        && means_the_same(&again.value.text, &pair.value.text, escape)
}

/// Whether two words become the same text, with their variables set and without.
fn means_the_same(one: &str, other: &str, escape: char) -> bool {
    let unset = BTreeMap::new();
    let (Ok(first), Ok(second)) =
        (expand::process_word(one, escape, &unset), expand::process_word(other, escape, &unset))
    else {
        return false;
    };
    let names = first.unmatched.iter().chain(&second.unmatched);
    let set: BTreeMap<String, String> =
        names.map(|name| (name.clone(), format!("<{name} \" '>"))).collect();
    let text = |word| expand::process_word(word, escape, &set).map(|found| found.text).ok();
    first.text == second.text && text(one) == text(other)
}
