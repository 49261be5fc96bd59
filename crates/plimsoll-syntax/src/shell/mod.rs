//! Shell text: enough structure to find commands, their words and their flags.
//!
//! ```
//! use plimsoll_syntax::shell;
//!
//! let script = shell::parse("apt-get update && \\\n apt-get install -y \"$PKG\"");
//! let install = &script.commands[1];
//! assert_eq!(install.words[0].text(), Some("apt-get"));
//! assert_eq!(install.before, shell::Separator::And);
//! assert_eq!(install.words[3].resolve(&|name| (name == "PKG").then(|| "curl".into())).text, "curl");
//! ```
//!
//! Made for text that is often incomplete: Dockerfile bodies, workflow steps with `${{ }}`,
//! Makefile recipes. It never fails; what it does not understand is a word. See
//! `docs/decisions/0001-own-shell-parser.md` for why it is ours.

mod flags;
mod invocation;
mod parse;
mod word;

pub use flags::{Args, Flag, Takes};
pub use invocation::Invocation;
pub use parse::parse;
pub use word::{Part, Resolved, Word};

use crate::Span;

/// The commands of a text in the order they stand in, those in substitutions, groups and
/// functions too.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The commands.
    pub commands: Vec<Command>,
    /// What bash reads and a plain `sh` does not, in the order it stands in.
    pub bash: Vec<(Bashism, Span)>,
}

/// A construct of bash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bashism {
    /// `[[ … ]]`.
    Test,
    /// `function name`.
    Function,
    /// `name=(…)`.
    Array,
    /// `<(…)` and `>(…)`.
    ProcessSubstitution,
    /// `<<< word`.
    HereString,
    /// `&> file`, `|& command`.
    BothStreams,
}

/// What connects a command with the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// The first of its list.
    #[default]
    Start,
    /// `;` or a new line.
    Seq,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `|`.
    Pipe,
    /// `&`.
    Background,
}

/// How a loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// `for`: as many times as there are words.
    For,
    /// `while` or `until`.
    While,
}

/// A simple command.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// `NAME=value` before the program, or alone.
    pub assignments: Vec<(Box<str>, Word)>,
    /// The program and its arguments.
    pub words: Vec<Word>,
    /// The redirects.
    pub redirects: Vec<Redirect>,
    /// The command as a whole.
    pub span: Span,
    /// What stands before it.
    pub before: Separator,
    /// Whether its output goes into a pipe.
    pub piped: bool,
    /// Whether it may not run: in a branch, a loop or a function, or after `||`.
    pub conditional: bool,
    /// The loop it stands in.
    pub in_loop: Option<Loop>,
    /// Whether it stands in `$(…)` or backticks.
    pub in_substitution: bool,
    /// The function whose body it stands in.
    pub function: Option<Box<str>>,
}

/// A redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The operator: `>`, `<<`, `2>` without its number.
    pub operator: Box<str>,
    /// The file, or the word that ends a heredoc.
    pub target: Word,
    /// The bytes of a heredoc's body.
    pub body: Option<Span>,
}

impl Script {
    /// The commands as calls of programs, wrappers such as `sudo` and `exec` taken off.
    pub fn invocations(&self) -> impl Iterator<Item = Invocation<'_>> {
        self.commands.iter().filter_map(Invocation::of)
    }
}

#[cfg(test)]
mod tests;
