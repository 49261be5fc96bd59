//! The tree: what a Dockerfile consists of, and where.

use std::ops::Range;

use super::Keyword;
use crate::{Cooked, Span};

/// A parsed Dockerfile.
#[derive(Clone, Debug, Default)]
pub struct Dockerfile {
    /// The parser directives at the top.
    pub directives: Directives,
    /// The instructions, in order.
    pub nodes: Vec<Node>,
    /// Every comment line, directives and comments inside continued lines included.
    pub comments: Vec<Comment>,
    /// What BuildKit's parser refuses; BuildKit stops at the first.
    pub errors: Vec<SyntaxError>,
    /// What BuildKit's parser accepts with a warning.
    pub warnings: Vec<Warning>,
    /// The character that continues lines and escapes in words: `\` or a backtick.
    pub escape: char,
}

/// The parser directives of a file: the first of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `# syntax=`: the frontend that reads the rest.
    pub syntax: Option<Directive>,
    /// `# escape=`: the escape character.
    pub escape: Option<Directive>,
    /// `# check=`: which build checks are skipped, and whether they fail the build.
    pub check: Option<Directive>,
}

/// One parser directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The text after `=`, trimmed.
    pub value: String,
    /// The line without its end.
    pub span: Span,
}

/// A comment line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The text after `#`, trimmed.
    pub text: String,
    /// From `#` to the end of the line.
    pub span: Span,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which instruction it is.
    pub keyword: Keyword,
    /// The name as it is written.
    pub name: Word,
    /// From the name to the end of the last line that adds text, heredocs included.
    pub span: Span,
    /// The `--name=value` words before the arguments.
    pub flags: Vec<Flag>,
    /// The arguments. In shell form this is one word with the whole command; HEALTHCHECK
    /// begins with its type. ENV, LABEL and ONBUILD have [`pairs`](Self::pairs) and
    /// [`child`](Self::child) instead.
    pub args: Vec<Word>,
    /// The variables of ENV and LABEL.
    pub pairs: Vec<Pair>,
    /// The instruction that an ONBUILD holds.
    pub child: Option<Box<Node>>,
    /// Whether the arguments are a JSON array of strings.
    pub json: bool,
    /// The text after name, flags and HEALTHCHECK's type, without continuations and comments.
    pub cooked: Cooked,
    /// The heredocs that the instruction reads, in order.
    pub heredocs: Vec<Heredoc>,
    /// The comment lines above it, as indices into [`Dockerfile::comments`].
    pub comments: Range<usize>,
}

/// A piece of text and where it comes from.
///
/// The text is the source without continuations; in JSON form it is the decoded string, and
/// the span then includes the quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The text, variables and quotes untouched.
    pub text: String,
    /// The source of it, from the first to the last byte.
    pub span: Span,
}

/// A flag of an instruction, such as `--from=build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The name without `--`.
    pub name: String,
    /// What follows `=`, quotes and escapes removed; `None` without `=`.
    pub value: Option<String>,
    /// The whole flag.
    pub span: Span,
    /// The source of the value; of the whole flag where there is none.
    pub value_span: Span,
}

/// A variable of ENV or LABEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The name.
    pub key: Word,
    /// The value with its quotes.
    pub value: Word,
    /// Whether it is written `name=value`, not in the legacy form `name value`.
    pub equals: bool,
}

/// A heredoc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The word that ends it, without quotes.
    pub name: String,
    /// The lines between, with their ends; leading tabs of `<<-` still in place.
    pub content: String,
    /// The source of the lines between.
    pub content_span: Span,
    /// Whether variables in the content are expanded: the word bears no quotes.
    pub expand: bool,
    /// Whether leading tabs are stripped: `<<-`.
    pub chomp: bool,
    /// The file descriptor before `<<`, 0 without one.
    pub fd: u64,
}

/// The step of BuildKit that refuses a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorStage {
    /// Lines, words, heredocs and directives.
    Parse,
    /// Names, flags and arguments of single instructions, and the order of stages.
    Instruction,
    /// Values: variables, base names, signals, ports, references between stages.
    Evaluate,
    /// A limit of ours: BuildKit might accept it, but it is not analysed further.
    Limit,
}

/// What BuildKit refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// BuildKit's sentence, where we know it.
    pub message: String,
    /// The part of the file at fault.
    pub span: Span,
    /// The step that refuses it.
    pub stage: ErrorStage,
}

/// What BuildKit accepts with a warning of its parser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is unusual.
    pub kind: WarningKind,
    /// Where it stands.
    pub span: Span,
    /// The last line that is read before the node's heredocs: where BuildKit places it.
    pub last: Span,
    /// The index of the node it stands in.
    pub node: usize,
}

/// The kinds of parser warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WarningKind {
    /// An empty line after a continuation (`NoEmptyContinuation`); reported once a node.
    EmptyContinuation,
}
