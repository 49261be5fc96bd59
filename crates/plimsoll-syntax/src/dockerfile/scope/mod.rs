//! Values: the program walked with build arguments, and what every word becomes.
//!
//! ```
//! use plimsoll_syntax::dockerfile::{Inputs, Value, evaluate, parse, stages};
//!
//! let file = parse("ARG TAG=3.20\nFROM alpine:$TAG\nARG TAG\nARG OWNER\nUSER ${OWNER:-root}\n");
//! let evaluation = evaluate(&stages(&file), &Inputs::default());
//! let stage = &evaluation.stages[0];
//! assert_eq!(stage.image, Value::Known("alpine:3.20".to_owned()));
//! // Nobody said what OWNER is: the text holds as long as nobody does.
//! assert!(matches!(&stage.instrs[2].words[0].value,
//!     Value::Unknown { text, missing } if text == "root" && missing[0].name == "OWNER"));
//! ```

mod check;
mod frame;
mod pieces;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::stages::{Base, Program};
use super::tree::SyntaxError;
use crate::Span;

pub(super) use check::signal;
pub use frame::{Binding, BindingKind};
pub use walk::evaluate;

/// What a build is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The build arguments whose values are known.
    pub build_args: BTreeMap<String, String>,
    /// The build arguments that are given, but with values nobody can tell from here.
    pub unknown_args: BTreeSet<String>,
    /// The platform that is built for.
    pub platform: Platform,
    /// The platform that is built on.
    pub build_platform: Platform,
    /// The target stage.
    pub target: Option<String>,
}

impl Inputs {
    /// What is given for an argument.
    fn given(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.build_args.get(name) {
            return Some(Value::Known(value.clone()));
        }
        let kind = MissingKind::BuildArg;
        let missing = || vec![Missing { name: name.to_owned(), kind }];
        let unknown = self.unknown_args.contains(name);
        unknown.then(|| Value::Unknown { text: String::new(), missing: missing() })
    }
}

/// An operating system and a processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Such as `linux`.
    pub os: String,
    /// Such as `amd64`.
    pub arch: String,
    /// Such as `v8`, mostly empty.
    pub variant: String,
}

impl Default for Platform {
    fn default() -> Self {
        Self { os: "linux".to_owned(), arch: "amd64".to_owned(), variant: String::new() }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

/// A text that the builder would use, if we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The text.
    Known(String),
    /// A text that depends on what is not known.
    Unknown {
        /// The text if nothing that is missing is set.
        text: String,
        /// What is missing, sorted, each once.
        missing: Vec<Missing>,
    },
}

impl Value {
    /// The text, of an unknown value the one that holds if nothing missing is set.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Known(text) | Self::Unknown { text, .. } => text,
        }
    }

    /// The text of a known value.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Unknown { .. } => None,
        }
    }

    /// What an unknown value lacks.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        match self {
            Self::Known(_) => &[],
            Self::Unknown { missing, .. } => missing,
        }
    }

    fn new(text: String, missing: Vec<Missing>) -> Self {
        if missing.is_empty() { Self::Known(text) } else { Self::Unknown { text, missing } }
    }
}

/// A variable without a known value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// Why it is not known.
    pub kind: MissingKind,
}

/// Why a variable is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MissingKind {
    /// An ARG without a default, and no build argument for it.
    Arg,
    /// A build argument that is given, but nobody can tell its value.
    BuildArg,
    /// Not set in the file; the base image might set it.
    BaseImage,
}

/// The values of a program.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The global arguments.
    pub global: Vec<Binding>,
    /// The stages, as in [`Program::stages`].
    pub stages: Vec<StageScope>,
    /// What BuildKit refuses because of a value.
    pub errors: Vec<EvalError>,
}

/// What BuildKit refuses because of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// The error.
    pub error: SyntaxError,
    /// If not empty, the error holds only as long as none of these is set.
    pub missing: Vec<Missing>,
}

/// The values of a stage.
#[derive(Clone, Debug)]
pub struct StageScope {
    /// What its FROM names, expanded.
    pub image: Value,
    /// The platform of its FROM, expanded.
    pub platform: Option<Value>,
    /// What it is built on.
    pub base: Base,
    /// What its ENV and ARG instructions set, in order.
    pub bindings: Vec<Binding>,
    /// The instructions, as in [`Stage::instructions`](super::Stage::instructions).
    pub instrs: Vec<InstrScope>,
}

/// The values of an instruction.
#[derive(Clone, Debug, Default)]
pub struct InstrScope {
    /// The words that the builder expands; RUN, CMD and ENTRYPOINT leave that to the shell.
    pub words: Vec<Expanded>,
    /// How many of the stage's bindings stand above the instruction.
    pub above: usize,
}

impl InstrScope {
    /// The value of the word at a span.
    #[must_use]
    pub fn value(&self, span: Span) -> Option<&Value> {
        self.words.iter().find(|word| word.span == span).map(|word| &word.value)
    }
}

/// An expanded word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The word.
    pub span: Span,
    /// What becomes of it; the words of EXPOSE are joined by blanks.
    pub value: Value,
}

impl Evaluation {
    /// The stages that a build of `target` needs, with variables in FROM expanded.
    #[must_use]
    pub fn reachable(&self, program: &Program<'_>, target: Option<&str>) -> Vec<usize> {
        program.reachable_with(target, |stage| {
            self.stages.get(stage.index).map_or(stage.base, |scope| scope.base)
        })
    }

    /// The variables visible at an instruction of a stage, by name: its own and those of the
    /// stages that it is built on; ENV hides ARG. An index past the end gives those at the end.
    #[must_use]
    pub fn visible(&self, stage: usize, instr: usize) -> BTreeMap<&str, &Binding> {
        let mut found: BTreeMap<&str, &Binding> = BTreeMap::new();
        let mut next = self.stages.get(stage);
        let mut above = next.and_then(|s| s.instrs.get(instr)).map(|instr| instr.above);
        while let Some(scope) = next {
            let count = above.unwrap_or(scope.bindings.len());
            for binding in scope.bindings[..count].iter().rev() {
                let slot = found.entry(&binding.name).or_insert(binding);
                let hidden = binding.kind == BindingKind::Env || slot.value.is_none();
                if slot.kind == BindingKind::Arg && hidden {
                    *slot = binding;
                }
            }
            above = None;
            next = match scope.base {
                Base::Stage(base) => self.stages.get(base),
                Base::Image | Base::Scratch => None,
            };
        }
        found
    }
}
