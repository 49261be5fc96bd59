//! Facts with the place they were read at.

use std::sync::Arc;

use plimsoll_syntax::Span;

/// A place in a source file, or the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The path from the repository's root.
    pub path: Arc<str>,
    /// The bytes; `None` means the file or folder as a whole.
    pub span: Option<Span>,
}

impl Place {
    /// A span of a file.
    #[must_use]
    pub fn new(path: &Arc<str>, span: Span) -> Self {
        Self { path: Arc::clone(path), span: Some(span) }
    }

    /// A whole file or folder.
    #[must_use]
    pub fn file(path: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), span: None }
    }
}

/// Something read, with its place. Never a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What was read.
    pub value: T,
    /// Where.
    pub at: Place,
}

impl<T> Fact<T> {
    /// Ties a value to its place.
    #[must_use]
    pub fn new(value: T, at: Place) -> Self {
        Self { value, at }
    }

    /// The same place with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: f(self.value), at: self.at }
    }
}
