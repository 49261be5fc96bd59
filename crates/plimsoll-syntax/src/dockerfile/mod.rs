//! Dockerfiles, as BuildKit reads them.
//!
//! [`parse`] gives the tree, [`dump`] prints it the way BuildKit's own tests do,
//! [`instruction`](fn@instruction) reads one node as a typed instruction, [`stages`] arranges
//! them into a program, [`evaluate`] walks that program with build arguments, and
//! [`lint`](mod@lint) says what BuildKit's build checks warn of.
//!
//! ```
//! use plimsoll_syntax::dockerfile::{self, Instruction};
//!
//! let file = dockerfile::parse("FROM alpine:3.20 AS build\nRUN apk add \\\n  curl\n");
//! assert_eq!(dockerfile::dump(&file).lines().last(), Some("(run \"apk add   curl\")"));
//!
//! let program = dockerfile::stages(&file);
//! assert_eq!(program.stages[0].name.as_deref(), Some("build"));
//! assert!(matches!(program.stages[0].instructions[0].kind, Instruction::Run(_)));
//! ```
//!
//! BuildKit refuses a file in three steps, and [`ErrorStage`] tells them apart: the parser
//! knows lines, words and heredocs; the instructions know their names, flags and how many
//! arguments they take; the evaluation knows values. The tree is lossless: what neither a
//! node nor a comment covers is blank.

mod directives;
mod dump;
pub mod expand;
mod flags;
mod heredoc;
mod instruction;
mod json;
mod keyword;
mod lines;
pub mod lint;
mod name;
mod parse;
mod platform;
mod port;
mod reference;
mod scope;
mod stages;
mod tree;
mod words;

pub use dump::dump;
pub use instruction::{
    Add, Arg, Copy, Form, From, Healthcheck, Instruction, Mount, MountKind, Pairs, Piece, Probe,
    Run, Source, Transfer, instruction,
};
pub use keyword::Keyword;
pub use name::is_dockerfile_name;
pub use parse::{MAX_SOURCE, parse};
pub use scope::{
    Binding, BindingKind, EvalError, Evaluation, Expanded, Inputs, InstrScope, Missing,
    MissingKind, Platform, StageScope, Value, evaluate,
};
pub use stages::{Base, FromRef, Instr, Program, Stage, stages};
pub use tree::{
    Comment, Directive, Directives, Dockerfile, ErrorStage, Flag, Heredoc, Node, Pair, SyntaxError,
    Warning, WarningKind, Word,
};
