//! Words with variables, as BuildKit's builder expands them.
//!
//! ```
//! use std::collections::HashMap;
//! use plimsoll_syntax::dockerfile::expand;
//!
//! let env = HashMap::from([("TAG".to_owned(), "v3.20".to_owned())]);
//! let word = expand::process_word("alpine:${TAG#v}-${X:-slim}", '\\', &env)?;
//! assert_eq!(word.text, "alpine:3.20-slim");
//! assert_eq!(word.unmatched, ["X"]);
//! # Ok::<(), expand::ExpandError>(())
//! ```
//!
//! Work and output are bounded: a word that would grow past [`MAX_OUTPUT`], nests deeper than
//! [`MAX_DEPTH`] or needs too many steps to match a pattern is an error of its own.

mod dollar;
mod lexer;
mod pattern;

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use lexer::Lexer;

/// The largest result of one expansion, in bytes.
pub const MAX_OUTPUT: usize = 1 << 17;

/// How deep `${a:-${b}}` may nest.
pub const MAX_DEPTH: usize = 100;

/// Where the values of variables come from.
pub trait Env {
    /// The value of a variable; `None` when it is not set.
    fn get(&self, name: &str) -> Option<&str>;
}

impl<S: BuildHasher> Env for HashMap<String, String, S> {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).map(String::as_str)
    }
}

impl Env for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<&str> {
        Self::get(self, name).map(String::as_str)
    }
}

/// An environment without variables.
pub(super) struct Unset;

impl Env for Unset {
    fn get(&self, _: &str) -> Option<&str> {
        None
    }
}

/// An expanded text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The text with variables replaced, quotes and escapes removed.
    pub text: String,
    /// The text as words: split at unquoted white space, also inside values.
    pub words: Vec<String>,
    /// The variables looked up and found, each once, in order.
    pub matched: Vec<String>,
    /// The variables looked up and not found, each once, in order.
    pub unmatched: Vec<String>,
    /// The variables whose value, or absence, the text depends on: `b` is not among them in
    /// `${a:-$b}` where `a` is set.
    pub used: Vec<String>,
}

/// Why a text cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandError {
    /// What BuildKit says.
    pub message: String,
    /// The variables looked up and not found until then.
    pub unmatched: Vec<String>,
    /// Whether the reason is a limit of ours, not BuildKit's verdict.
    pub limit: bool,
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpandError {}

/// How much of the text the lexer takes as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mode {
    /// Quotes stay in the text.
    pub(super) raw_quotes: bool,
    /// Escapes stay in the text.
    pub(super) raw_escapes: bool,
    /// Quotes mean nothing.
    pub(super) skip_quotes: bool,
    /// Variables that are not set stay in the text.
    pub(super) skip_unset: bool,
    /// Blanks after `<<` belong to the word, and unset variables stay.
    pub(super) heredoc: bool,
}

/// Expands a text that stays one word.
pub fn process_word(text: &str, escape: char, env: &impl Env) -> Result<Expansion, ExpandError> {
    run(text, escape, Mode::default(), env)
}

/// Expands a text and splits it into words; the same as [`process_word`], for its `words`.
pub fn process_words(text: &str, escape: char, env: &impl Env) -> Result<Vec<String>, ExpandError> {
    process_word(text, escape, env).map(|expansion| expansion.words)
}

/// Expands the content of a heredoc, where quotes are text and the escape is always `\`.
pub fn process_heredoc(text: &str, env: &impl Env) -> Result<Expansion, ExpandError> {
    run(text, '\\', Mode { skip_quotes: true, ..Mode::default() }, env)
}

/// Splits a text into words in a given mode.
pub(super) fn split(
    text: &str,
    escape: char,
    mode: Mode,
    env: &impl Env,
) -> Result<Vec<String>, ExpandError> {
    run(text, escape, mode, env).map(|expansion| expansion.words)
}

fn run(text: &str, escape: char, mode: Mode, env: &impl Env) -> Result<Expansion, ExpandError> {
    let special = |c: char| matches!(c, '$' | '\'' | '"') || c == escape || c.is_whitespace();
    if !text.contains(special) {
        let words = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        return Ok(Expansion { text: text.to_owned(), words, ..Expansion::default() });
    }
    Lexer::new(text, escape, mode, env).run()
}
