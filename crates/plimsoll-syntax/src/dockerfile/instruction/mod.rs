//! Typed instructions: a node read with the rules of its name.

mod copy;
mod flagset;
mod health;
mod mount;
mod run;
mod simple;

use super::tree::{Dockerfile, ErrorStage, Heredoc, Node, Pair, SyntaxError, Word};
use super::{Flag, Keyword};
use crate::{Cooked, Span};

pub use copy::{Add, Copy, Source, Transfer};
pub use health::{Healthcheck, Probe};
pub(super) use mount::fields;
pub use mount::{Mount, MountKind};
pub use run::Run;
use simple::{args, from, many, onbuild, one, pairs, plain, shell, volume};

/// An instruction as its name says it is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Instruction<'a> {
    /// Begins a stage.
    From(From<'a>),
    /// Runs a command.
    Run(Run<'a>),
    /// The default command, or the arguments of the entrypoint.
    Cmd(Form<'a>),
    /// The command that the container always runs.
    Entrypoint(Form<'a>),
    /// Copies from the context, a stage or an image.
    Copy(Copy<'a>),
    /// Copies from the context, a URL or a Git repository, and unpacks archives.
    Add(Add<'a>),
    /// Sets variables of the image.
    Env(Pairs<'a>),
    /// Sets labels of the image.
    Label(Pairs<'a>),
    /// Declares build arguments.
    Arg(Vec<Arg<'a>>),
    /// Declares ports: one word each, `80`, `80-90/tcp` or a variable.
    Expose(&'a [Word]),
    /// Sets the user and perhaps the group.
    User(&'a Word),
    /// Sets the working directory.
    Workdir(&'a Word),
    /// Declares volumes.
    Volume(&'a [Word]),
    /// Sets the signal that stops the container.
    Stopsignal(&'a Word),
    /// Sets or removes the health check.
    Healthcheck(Healthcheck<'a>),
    /// Sets the shell of the shell forms below.
    Shell(&'a [Word]),
    /// Holds an instruction for the images built on this one.
    Onbuild(Box<Instruction<'a>>),
    /// Names the author (deprecated).
    Maintainer(&'a Word),
    /// No instruction, or one that lacks what it needs; the errors say why.
    Unknown,
}

/// The variables of ENV or LABEL.
pub type Pairs<'a> = &'a [Pair];

/// A part of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, variables and quotes untouched.
    pub text: &'a str,
    /// Its source; of the whole word where a continuation cuts it.
    pub span: Span,
}

impl<'a> Piece<'a> {
    /// A part of this piece.
    fn part(self, start: usize, end: usize) -> Self {
        let text = self.text.get(start..end).unwrap_or("");
        let from = self.span.range();
        let exact = from.len() == self.text.len();
        let span = if exact { Span::new(from.start + start, from.start + end) } else { self.span };
        Self { text, span }
    }

    fn whole(word: &'a Word) -> Self {
        Self { text: &word.text, span: word.span }
    }

    pub(super) fn value(flag: &'a Flag) -> Self {
        Self { text: flag.value.as_deref().unwrap_or(""), span: flag.value_span }
    }
}

/// FROM: the base of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From<'a> {
    /// The image, stage or `scratch`.
    pub image: &'a Word,
    /// `--platform`.
    pub platform: Option<Piece<'a>>,
    /// The name after AS, as it is written.
    pub name: Option<&'a Word>,
}

/// One argument of ARG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg<'a> {
    /// The name.
    pub name: Piece<'a>,
    /// The value after `=`, quotes untouched.
    pub default: Option<Piece<'a>>,
}

/// How a command is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// For the shell; heredocs that it reads are with the node.
    Shell(&'a Cooked),
    /// Program and arguments, run without a shell.
    Exec(&'a [Word]),
    /// A heredoc alone, run by the shell or by the program of its `#!` line.
    Script(&'a Heredoc),
}

impl<'a> Form<'a> {
    fn of(node: &'a Node) -> Self {
        match node.json {
            true => Self::Exec(&node.args),
            false => Self::Shell(&node.cooked),
        }
    }
}

/// Gathers the errors of one node.
struct Errors<'n> {
    node: &'n Node,
    found: Vec<SyntaxError>,
}

impl Errors<'_> {
    fn push(&mut self, message: impl Into<String>) {
        self.push_at(message, self.node.name.span);
    }

    fn push_at(&mut self, message: impl Into<String>, span: Span) {
        let message = message.into();
        self.found.push(SyntaxError { message, span, stage: ErrorStage::Instruction });
    }
}

/// Reads a node of `file` as an instruction, with what BuildKit refuses in it.
///
/// BuildKit stops at the first error. What an ONBUILD holds is read here but checked by
/// nobody before the images built on this one.
#[must_use]
pub fn instruction<'a>(file: &Dockerfile, node: &'a Node) -> (Instruction<'a>, Vec<SyntaxError>) {
    let mut errors = Errors { node, found: Vec::new() };
    let kind = read(file, node, &mut errors);
    (kind, errors.found)
}

fn read<'a>(file: &Dockerfile, node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    match node.keyword {
        Keyword::From => from(node, errors),
        Keyword::Run => run::read(file, node, errors),
        Keyword::Copy => copy::read_copy(node, errors),
        Keyword::Add => copy::read_add(node, errors),
        Keyword::Healthcheck => health::read(node, errors),
        Keyword::Onbuild => onbuild(file, node, errors),
        Keyword::Cmd => plain(node, errors, |node| Some(Instruction::Cmd(Form::of(node)))),
        Keyword::Entrypoint => {
            plain(node, errors, |node| Some(Instruction::Entrypoint(Form::of(node))))
        }
        Keyword::Env | Keyword::Label => pairs(node, errors),
        Keyword::Arg => args(node, errors),
        Keyword::Expose => many(node, errors, Instruction::Expose),
        Keyword::Volume => volume(node, errors),
        Keyword::Shell => shell(node, errors),
        Keyword::User => one(node, errors, Instruction::User),
        Keyword::Workdir => one(node, errors, Instruction::Workdir),
        Keyword::Stopsignal => one(node, errors, Instruction::Stopsignal),
        Keyword::Maintainer => one(node, errors, Instruction::Maintainer),
        Keyword::Unknown => {
            errors.push(format!("unknown instruction: {}", node.name.text));
            Instruction::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dockerfile::{ErrorStage, parse, stages};

    #[track_caller]
    pub(super) fn refuses(line: &str, message: &str) {
        let file = parse(&format!("FROM a\n{line}"));
        let errors = stages(&file).errors;
        let found: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
        assert!(found.iter().any(|found| found.contains(message)), "{line}: {found:?}");
        assert_eq!(errors[0].stage, ErrorStage::Instruction);
    }

    #[track_caller]
    pub(super) fn accepts(line: &str) {
        let file = parse(&format!("FROM a\n{line}"));
        assert_eq!(stages(&file).errors, [], "{line}");
    }

    #[test]
    fn arguments_are_counted() {
        refuses("WORKDIR", "WORKDIR requires exactly one argument");
        refuses("ENV", "ENV requires at least one argument");
        refuses("ONBUILD", "ONBUILD requires at least one argument");
        refuses("FROM a b", "FROM requires either one or three arguments");
        refuses("FROM a AS 1x", "invalid name for build stage: \"1x\"");
        refuses("SHELL sh -c", "SHELL requires the arguments to be in JSON form");
        refuses("ONBUILD ONBUILD RUN a", "Chaining ONBUILD");
        refuses("ONBUILD FROM a", "FROM isn't allowed as an ONBUILD trigger");
        refuses("VOLUME [\" \"]", "VOLUME specified can not be an empty string");
        refuses("ARG =x", "ARG names can not be blank");
        refuses("CMD --a b", "unknown flag: --a");
        refuses("FOO a", "unknown instruction: FOO");
        accepts("CMD\nENTRYPOINT []\nONBUILD COPY a\nLABEL a=b c=\"d e\"\nVOLUME a b");
    }
}
