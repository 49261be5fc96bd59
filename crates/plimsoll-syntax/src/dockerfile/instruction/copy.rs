//! COPY and ADD.

use super::flagset::{FlagSet, Kind};
use super::{Errors, Instruction, Piece};
use crate::dockerfile::{Heredoc, Node, Word, heredoc};

/// What COPY and ADD have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// What is copied, in order.
    pub sources: Vec<Source<'a>>,
    /// Where to.
    pub dest: &'a Word,
    /// `--chown`.
    pub chown: Option<Piece<'a>>,
    /// `--chmod`.
    pub chmod: Option<Piece<'a>>,
    /// `--link`.
    pub link: bool,
    /// `--exclude`, each.
    pub excludes: Vec<Piece<'a>>,
}

/// A source of COPY or ADD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// A path, a pattern or a URL.
    Path(&'a Word),
    /// A heredoc: the word that opens it, and the heredoc.
    Heredoc(&'a Word, &'a Heredoc),
}

/// COPY.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy<'a> {
    /// Sources, destination and owner.
    pub transfer: Transfer<'a>,
    /// `--from`: a stage, an index or an image instead of the context.
    pub from: Option<Piece<'a>>,
    /// `--parents`: the folders of a source come along.
    pub parents: bool,
}

/// ADD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add<'a> {
    /// Sources, destination and owner.
    pub transfer: Transfer<'a>,
    /// `--checksum` of what a URL gives.
    pub checksum: Option<Piece<'a>>,
    /// `--keep-git-dir`.
    pub keep_git_dir: bool,
    /// `--unpack`; without it local archives are unpacked and remote ones are not.
    pub unpack: Option<bool>,
}

const COPY: [(&str, Kind); 6] = [
    ("chown", Kind::One),
    ("chmod", Kind::One),
    ("link", Kind::Bool),
    ("from", Kind::One),
    ("parents", Kind::Bool),
    ("exclude", Kind::Many),
];

const ADD: [(&str, Kind); 7] = [
    ("chown", Kind::One),
    ("chmod", Kind::One),
    ("link", Kind::Bool),
    ("keep-git-dir", Kind::Bool),
    ("checksum", Kind::One),
    ("unpack", Kind::Bool),
    ("exclude", Kind::Many),
];

pub(super) fn read_copy<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    let flags = FlagSet::read(node, &COPY, errors);
    let Some(transfer) = transfer(node, &flags, errors) else { return Instruction::Unknown };
    let (from, parents) = (flags.one("from"), flags.is("parents"));
    Instruction::Copy(Copy { transfer, from, parents })
}

pub(super) fn read_add<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    let flags = FlagSet::read(node, &ADD, errors);
    let Some(transfer) = transfer(node, &flags, errors) else { return Instruction::Unknown };
    let (checksum, keep_git_dir) = (flags.one("checksum"), flags.is("keep-git-dir"));
    Instruction::Add(Add { transfer, checksum, keep_git_dir, unpack: flags.boolean("unpack") })
}

fn transfer<'a>(
    node: &'a Node,
    flags: &FlagSet<'a>,
    errors: &mut Errors<'_>,
) -> Option<Transfer<'a>> {
    let name = node.keyword.as_str();
    let (dest, sources) =
        node.args.split_last().filter(|(_, sources)| !sources.is_empty()).or_else(|| {
            let why = "but only one was provided. Destination could not be determined";
            errors.push(format!("{name} requires at least two arguments, {why}"));
            None
        })?;
    if !node.heredocs.is_empty() && matches!(heredoc::read(&dest.text), Ok(Some(_))) {
        errors.push_at(format!("{name} cannot accept a heredoc as a destination"), dest.span);
    }
    Some(Transfer {
        sources: sources.iter().map(|word| source(node, word)).collect(),
        dest,
        chown: flags.one("chown"),
        chmod: flags.one("chmod"),
        link: flags.is("link"),
        excludes: flags.many("exclude").collect(),
    })
}

fn source<'a>(node: &'a Node, word: &'a Word) -> Source<'a> {
    if node.heredocs.is_empty() || !word.text.contains("<<") {
        return Source::Path(word);
    }
    let Ok(Some(opened)) = heredoc::read(&word.text) else { return Source::Path(word) };
    match node.heredocs.iter().find(|heredoc| heredoc.name == opened.name) {
        Some(heredoc) => Source::Heredoc(word, heredoc),
        None => Source::Path(word),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepts, refuses};
    use super::*;
    use crate::dockerfile::{instruction, parse};

    #[test]
    fn flags_and_sources_are_read() {
        let file =
            parse("COPY --from=b --link --chown=1:1 --exclude=*.md --exclude=x <<A b /c/\nhi\nA\n");
        let (Instruction::Copy(copy), errors) = instruction(&file, &file.nodes[0]) else {
            panic!("a COPY")
        };
        assert_eq!(errors, []);
        assert_eq!(copy.from.map(|from| from.text), Some("b"));
        assert!(copy.transfer.link && !copy.parents);
        assert_eq!(copy.transfer.excludes.len(), 2);
        assert!(matches!(copy.transfer.sources[0], Source::Heredoc(_, h) if h.content == "hi\n"));
        assert!(matches!(copy.transfer.sources[1], Source::Path(w) if w.text == "b"));
    }

    #[test]
    fn wrong_flags_are_refused() {
        refuses("COPY a", "COPY requires at least two arguments");
        refuses("COPY --frm=a a b", "unknown flag: --frm");
        refuses("ADD --link=maybe a b", "expecting boolean value for flag --link=maybe");
        refuses("ADD --link= a b", "missing a value on flag: --link");
        refuses("COPY --from a b", "missing a value on flag: --from");
        refuses("COPY --chown=a --chown=b a b", "duplicate flag specified: --chown");
        refuses("ADD --from=x a b", "unknown flag: --from");
        accepts("ADD --unpack=FALSE --keep-git-dir --checksum=sha256:0 a b");
    }
}
