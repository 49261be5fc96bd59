//! The words of an instruction that the builder expands.

use super::super::Word;
use super::super::instruction::{Instruction, Mount, Piece, Source, Transfer};

pub(super) fn whole(word: &Word) -> Piece<'_> {
    Piece { text: &word.text, span: word.span }
}

/// What COPY and ADD have in common.
pub(super) fn transfer<'i, 'a>(kind: &'i Instruction<'a>) -> Option<&'i Transfer<'a>> {
    match kind {
        Instruction::Copy(copy) => Some(&copy.transfer),
        Instruction::Add(add) => Some(&add.transfer),
        _ => None,
    }
}

/// The words of an instruction that the builder expands.
pub(super) fn pieces<'a>(kind: &Instruction<'a>) -> Vec<Piece<'a>> {
    match kind {
        Instruction::Label(pairs) => {
            pairs.iter().flat_map(|pair| [whole(&pair.key), whole(&pair.value)]).collect()
        }
        Instruction::Expose(words) | Instruction::Volume(words) => {
            words.iter().map(whole).collect()
        }
        Instruction::User(word) | Instruction::Workdir(word) | Instruction::Stopsignal(word) => {
            vec![whole(word)]
        }
        Instruction::Run(run) => run
            .mounts
            .iter()
            .flat_map(Mount::words)
            .filter(|piece| piece.text.contains('$'))
            .collect(),
        Instruction::Copy(_) | Instruction::Add(_) => {
            let checksum = match kind {
                Instruction::Add(add) => add.checksum,
                _ => None,
            };
            let Some(transfer) = transfer(kind) else { return Vec::new() };
            let paths = transfer.sources.iter().filter_map(|source| match source {
                Source::Path(word) => Some(whole(word)),
                Source::Heredoc(..) => None,
            });
            let owner = [transfer.chown, transfer.chmod, checksum].into_iter().flatten();
            let excludes = transfer.excludes.iter().copied();
            paths.chain([whole(transfer.dest)]).chain(owner).chain(excludes).collect()
        }
        _ => Vec::new(),
    }
}
