//! The instructions that need no module of their own.

use super::flagset::{FlagSet, Kind};
use super::{Arg, Errors, From, Instruction, Piece, read};
use crate::dockerfile::{Dockerfile, Keyword, Node, Word, dump};

/// An instruction without flags.
pub(super) fn plain<'a>(
    node: &'a Node,
    errors: &mut Errors<'_>,
    read: impl FnOnce(&'a Node) -> Option<Instruction<'a>>,
) -> Instruction<'a> {
    FlagSet::read(node, &[], errors);
    read(node).unwrap_or(Instruction::Unknown)
}

pub(super) fn one<'a>(
    node: &'a Node,
    errors: &mut Errors<'_>,
    read: fn(&'a Word) -> Instruction<'a>,
) -> Instruction<'a> {
    if node.args.len() != 1 {
        errors.push(format!("{} requires exactly one argument", node.keyword.as_str()));
    }
    plain(node, errors, |node| node.args.first().map(read))
}

pub(super) fn at_least_one(node: &Node, errors: &mut Errors<'_>) {
    if node.args.is_empty() && node.pairs.is_empty() && node.child.is_none() {
        errors.push(format!("{} requires at least one argument", node.keyword.as_str()));
    }
}

pub(super) fn many<'a>(
    node: &'a Node,
    errors: &mut Errors<'_>,
    read: fn(&'a [Word]) -> Instruction<'a>,
) -> Instruction<'a> {
    at_least_one(node, errors);
    plain(node, errors, |node| Some(read(&node.args)))
}

pub(super) fn volume<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    for word in node.args.iter().filter(|word| word.text.trim().is_empty()) {
        errors.push_at("VOLUME specified can not be an empty string", word.span);
    }
    many(node, errors, Instruction::Volume)
}

pub(super) fn shell<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    if !node.json && !node.args.is_empty() {
        errors.push("SHELL requires the arguments to be in JSON form");
    }
    many(node, errors, Instruction::Shell)
}

pub(super) fn pairs<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    at_least_one(node, errors);
    let name = node.keyword.as_str();
    for pair in node.pairs.iter().filter(|pair| pair.key.text.is_empty()) {
        errors.push_at(format!("{name} names can not be blank"), pair.key.span.to(pair.value.span));
    }
    plain(node, errors, |node| {
        let label = node.keyword == Keyword::Label;
        let pairs = node.pairs.as_slice();
        Some(if label { Instruction::Label(pairs) } else { Instruction::Env(pairs) })
    })
}

pub(super) fn args<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    at_least_one(node, errors);
    let args: Vec<Arg<'a>> = node.args.iter().map(arg).collect();
    for arg in args.iter().filter(|arg| arg.name.text.is_empty()) {
        errors.push_at("ARG names can not be blank", arg.name.span);
    }
    plain(node, errors, |_| Some(Instruction::Arg(args)))
}

fn arg(word: &Word) -> Arg<'_> {
    let word = Piece::whole(word);
    match word.text.find('=') {
        Some(at) => {
            let default = Some(word.part(at + 1, word.text.len()));
            Arg { name: word.part(0, at), default }
        }
        None => Arg { name: word, default: None },
    }
}

pub(super) fn from<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    let name = match node.args.as_slice() {
        [_] => None,
        [_, keyword, name] if keyword.text.eq_ignore_ascii_case("as") => Some(name),
        _ => {
            errors.push("FROM requires either one or three arguments");
            None
        }
    };
    if let Some(name) = name.filter(|name| !is_stage_name(&name.text)) {
        let quoted = dump::quote(&name.text);
        let why = "name can't start with a number or contain symbols";
        errors.push_at(format!("invalid name for build stage: {quoted}, {why}"), name.span);
    }
    let flags = FlagSet::read(node, &[("platform", Kind::One)], errors);
    let Some(image) = node.args.first() else { return Instruction::Unknown };
    Instruction::From(From { image, platform: flags.one("platform"), name })
}

fn is_stage_name(name: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let lower = name.to_lowercase();
    lower.starts_with(|c: char| c.is_ascii_lowercase()) && lower.chars().all(valid)
}

pub(super) fn onbuild<'a>(
    file: &Dockerfile,
    node: &'a Node,
    errors: &mut Errors<'_>,
) -> Instruction<'a> {
    at_least_one(node, errors);
    FlagSet::read(node, &[], errors);
    let Some(child) = node.child.as_deref() else { return Instruction::Unknown };
    let name = child.keyword.as_str();
    match child.keyword {
        Keyword::Onbuild => errors.push("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        Keyword::Maintainer | Keyword::From => {
            errors.push(format!("{name} isn't allowed as an ONBUILD trigger"));
        }
        _ => {
            let mut ignored = Errors { node: child, found: Vec::new() };
            return Instruction::Onbuild(Box::new(read(file, child, &mut ignored)));
        }
    }
    Instruction::Unknown
}
