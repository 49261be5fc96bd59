//! Ignore files (`.dockerignore`), as moby matches them.
//!
//! The reader is equal to moby's `ignorefile`, the matcher to `moby/patternmatcher` on Unix.
//!
//! ```
//! use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher};
//!
//! let file = IgnoreFile::parse("# build output\ndist\n!dist/app.js\n");
//! let matcher = Matcher::new(&file.patterns)?;
//! assert!(matcher.decide("dist/app.js.map")?.ignored);
//! assert_eq!(matcher.decide("dist/app.js")?.by, Some(1));
//! # Ok::<(), plimsoll_syntax::ignorefile::PatternError>(())
//! ```
//!
//! What surprises: all patterns start at the root, the last match wins, `*` does not cross
//! `/` yet covers what lies below a match, and a class that Go's expressions refuse is an
//! error only when the pattern is tried. Classes by Unicode property (`\pL`), which moby
//! takes by accident, are refused.

mod expression;
mod matcher;
pub(crate) mod path;
mod program;
mod read;
mod set;
mod syntax;
mod translate;

pub use matcher::{Decision, Matcher, ParentState};
pub use read::{IgnoreError, IgnoreErrorKind, IgnoreFile, Pattern};

/// Why patterns cannot be used; the build fails with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// A `!` with nothing after it.
    LoneExclamation {
        /// The index of the pattern.
        pattern: usize,
    },
    /// A class or an escape that moby refuses.
    Malformed {
        /// The index of the pattern.
        pattern: usize,
    },
    /// A [`ParentState`] of other patterns.
    ForeignParent,
}

impl PatternError {
    /// The index of the pattern at fault.
    #[must_use]
    pub fn pattern(&self) -> Option<usize> {
        match self {
            Self::LoneExclamation { pattern } | Self::Malformed { pattern } => Some(*pattern),
            Self::ForeignParent => None,
        }
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LoneExclamation { .. } => "illegal exclusion pattern: \"!\"",
            Self::Malformed { .. } => "syntax error in pattern",
            Self::ForeignParent => "wrong number of values in parentMatched",
        })
    }
}

impl std::error::Error for PatternError {}
