//! Errors for somebody: what failed, where, what to do, and how the program ends.

use std::path::Path;

use plimsoll_measure::engine::{EngineError, ErrorKind};
use plimsoll_model::Exit;

/// Why a command could not do its job.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// The command line or the configuration is wrong.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, what: what.into(), hint: None }
    }

    /// Something needed is missing.
    pub(crate) fn missing(what: impl Into<String>) -> Self {
        Self { exit: Exit::Missing, what: what.into(), hint: None }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A path that cannot be read or written.
    pub(crate) fn io(verb: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::missing(format!("failed to {verb} {}: {error}", path.display()))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::missing(format!("failed to write the result: {error}"))
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let exit = match error.kind {
            ErrorKind::Cancelled => Exit::Interrupted,
            _ => Exit::Missing,
        };
        Self { exit, what: error.what, hint: error.hint }
    }
}
