//! Why an engine did not do what it was asked.

use std::fmt;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No engine answers there, or no client for it is on the path.
    Unreachable,
    /// It went away, or answered nonsense, half way.
    Lost,
    /// It has no such image or container.
    Unknown,
    /// The image has no such program, or it cannot be run.
    NoProgram,
    /// It answers, and refuses.
    Refused,
    /// This engine cannot do it at all.
    Unable,
    /// A disk is full.
    DiskFull,
    /// A file or program of this machine cannot be used.
    Local,
    /// It took longer than it may.
    TimedOut,
    /// Somebody wished it to stop.
    Cancelled,
}

/// An error for somebody: what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// Its kind.
    pub kind: ErrorKind,
    /// What went wrong, and where.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl EngineError {
    /// An error without a hint.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), hint: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "it was interrupted")
    }

    pub(super) fn local(what: impl Into<String>, error: &std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ErrorKind::DiskFull
            }
            _ => ErrorKind::Local,
        };
        Self::new(kind, format!("{}: {error}", what.into()))
    }

    pub(super) fn disk_full(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::DiskFull, what)
            .hint("make room on the engine's disk: docker system df says what takes it")
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for EngineError {}
