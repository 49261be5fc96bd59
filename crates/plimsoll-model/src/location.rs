//! Where something stands in the repository.

use serde::{Deserialize, Serialize};

/// A line and a column, both from 1; columns count characters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

/// A place in a file of the repository, or the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Location {
    /// The path from the repository's root, with `/`.
    pub path: String,
    /// Where it begins; `None` means the file or folder as a whole.
    pub start: Option<Position>,
    /// One past where it ends.
    pub end: Option<Position>,
}

impl Location {
    /// A whole file or folder.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), start: None, end: None }
    }

    /// The line, where there is one.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.start.map(|p| p.line)
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::printable(&self.path))?;
        match self.start {
            Some(p) => write!(f, ":{}:{}", p.line, p.column),
            None => Ok(()),
        }
    }
}

/// The lines of a file around a location, so that a report can be read without the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Excerpt {
    /// The number of the first line, from 1.
    pub first_line: u32,
    /// The lines, control characters made visible, long ones cut.
    pub lines: Vec<String>,
}
