//! Text in, tree and errors out: the parsers of every file format Plimsoll reads.
//!
//! Each parser is total: any input gives a tree, possibly with errors, never a panic, and
//! every part of the tree knows the bytes it came from. Nothing here does I/O, and nothing
//! here knows what a finding is.

pub mod compose;
pub mod dockerfile;
pub mod expression;
pub mod filter_pattern;
pub mod gitignore;
pub mod gitmodules;
pub mod ignorefile;
pub mod makefile;
pub mod shell;
mod span;
pub mod yaml;

pub use span::{Cooked, LineIndex, Span};
