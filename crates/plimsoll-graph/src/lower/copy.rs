//! COPY and ADD: what they take, and what of it the key has.

use std::collections::BTreeMap;

use plimsoll_syntax::dockerfile::{FromRef, Heredoc, Instruction, Piece, Source, Transfer, expand};

use super::{At, Lower, Numbers, State, chomped, instruction, owner};
use crate::graph::{Input, Selection, Verb};
use crate::path;

/// What COPY and ADD say besides what they have in common.
struct Kind<'a> {
    verb: Verb,
    from: Option<Piece<'a>>,
    parents: bool,
    extra: Vec<String>,
}

impl<'a> Lower<'_, 'a> {
    pub(super) fn transfer(&mut self, at: &At<'_, 'a>, state: &mut State, numbers: &mut Numbers) {
        let (kind, transfer) = match &at.instr.kind {
            Instruction::Copy(copy) => {
                let (from, parents) = (copy.from, copy.parents);
                (Kind { verb: Verb::Copy, from, parents, extra: Vec::new() }, &copy.transfer)
            }
            Instruction::Add(add) => {
                let checksum = add.checksum.map(|piece| self.value(at, piece.span));
                let extra = vec![
                    checksum.unwrap_or_default(),
                    add.keep_git_dir.to_string(),
                    format!("{:?}", add.unpack),
                ];
                (Kind { verb: Verb::Add, from: None, parents: false, extra }, &add.transfer)
            }
            _ => return,
        };
        let facet = self.transfer_facet(at, transfer, &kind, state);
        let inputs = self.transfer_inputs(at, transfer, &kind);
        let label = self.label(numbers, at.instr.span);
        let step = self.push(label, kind.verb, state, vec![facet], inputs);
        if let Some(step) = self.graph.steps.get_mut(step) {
            // With a mode the builder does not lay the files over others, but copies them.
            step.linked = transfer.link && transfer.chmod.is_none();
        }
        state.last = Some(step);
    }

    /// Of a source only its last part is in the key, besides its content.
    fn transfer_facet(
        &self,
        at: &At<'_, '_>,
        transfer: &Transfer<'_>,
        kind: &Kind<'_>,
        state: &State,
    ) -> crate::graph::Facet {
        let mut parts = vec![format!("{:?}", kind.verb)];
        parts.push(path::within(&state.directory, &self.value(at, transfer.dest.span)));
        let text = |piece: Piece<'_>| self.value(at, piece.span);
        parts.push(transfer.chown.map(|piece| owner(&text(piece))).unwrap_or_default());
        parts.push(transfer.chmod.map(|piece| mode(&text(piece))).unwrap_or_default());
        parts.push(kind.parents.to_string());
        parts.extend(transfer.excludes.iter().map(|piece| self.value(at, piece.span)));
        parts.extend(kind.extra.iter().cloned());
        for source in &transfer.sources {
            match source {
                Source::Path(word) => {
                    let value = self.value(at, word.span);
                    match value {
                        value if is_remote(&value) => parts.push(value),
                        value if kind.parents => parts.extend(pivoted(&value)),
                        value => parts.push(path::base(&value)),
                    }
                }
                Source::Heredoc(_, heredoc) => {
                    parts.push(heredoc.name.clone());
                    parts.push(self.heredoc(at, heredoc));
                }
            }
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        instruction(&parts)
    }

    fn transfer_inputs(
        &self,
        at: &At<'_, '_>,
        transfer: &Transfer<'_>,
        kind: &Kind<'_>,
    ) -> Vec<Input> {
        let paths = transfer.sources.iter().filter_map(|source| match source {
            Source::Path(word) => Some(self.value(at, word.span)),
            Source::Heredoc(..) => None,
        });
        let (remote, sources): (Vec<_>, Vec<_>) =
            paths.partition(|path| kind.verb == Verb::Add && is_remote(path));
        let mut inputs: Vec<Input> = remote.into_iter().map(Input::Remote).collect();
        if !sources.is_empty() {
            let excludes = transfer.excludes.iter().map(|piece| self.value(at, piece.span));
            let (excludes, parents) = (excludes.collect(), kind.parents);
            let selection = Selection { sources, patterns: true, excludes, parents };
            let from = kind.from.map(|piece| piece.text);
            let meant = from.map_or(FromRef::Image, |name| self.program.copy_from(name));
            inputs.push(self.origin(from, meant, selection));
        }
        inputs
    }

    fn heredoc(&self, at: &At<'_, '_>, heredoc: &Heredoc) -> String {
        let text = chomped(heredoc);
        if !heredoc.expand {
            return text.into_owned();
        }
        let visible = self.evaluation.visible(at.stage, at.index);
        let env: BTreeMap<String, String> = visible
            .into_iter()
            .filter_map(|(name, b)| Some((name.to_owned(), b.value.as_ref()?.text().to_owned())))
            .collect();
        let expanded = expand::process_heredoc(&text, &env);
        expanded.map_or_else(|_| text.into_owned(), |expansion| expansion.text)
    }
}

/// What the key has of a source with `--parents`: the name of the folder it starts from, the
/// pattern, and the path that must be there.
fn pivoted(source: &str) -> [String; 3] {
    let (start, pattern) = source.split_once("/./").unwrap_or(("/", source));
    let required = [start, pattern].join("/");
    [path::base(start), path::clean(pattern), path::clean(&required)]
}

/// A mode as the builder compares it: numbers are octal.
fn mode(text: &str) -> String {
    u32::from_str_radix(text, 8).map_or_else(|_| text.to_owned(), |bits| format!("{bits:o}"))
}

/// Whether ADD fetches a source instead of copying it.
fn is_remote(source: &str) -> bool {
    let scheme = ["http://", "https://", "git://", "ssh://"];
    scheme.iter().any(|scheme| source.starts_with(scheme)) || source.starts_with("git@")
}
