//! Why an image cannot be read.

use std::fmt;

use crate::Digest;

/// Why an image cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is none of this name: what was looked for, and where.
    NotFound(String),
    /// Reading broke off.
    Stream(String),
    /// It is no image, or none that can be read.
    Format(String),
    /// Its bytes are not those that its manifest names.
    Digest {
        /// What the manifest names.
        wanted: Digest,
        /// What the bytes are.
        got: Digest,
    },
    /// It has more of something than is held.
    TooLarge(String),
    /// A registry refuses: what it says.
    Refused(String),
    /// It cannot be unpacked: where, and why.
    Store(String),
    /// What is to be started is not clear.
    Start(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(what) => write!(f, "there is no image {what}"),
            Self::Stream(what) => write!(f, "the image cannot be read: {what}"),
            Self::Format(what) => write!(f, "the image is not as expected: {what}"),
            Self::Digest { wanted, got } => {
                write!(f, "the bytes of {wanted} are others: they hash to {got}")
            }
            Self::TooLarge(what) => write!(f, "the image has too many or too large {what}"),
            Self::Refused(what) => write!(f, "the registry refuses: {what}"),
            Self::Store(what) => write!(f, "the image cannot be unpacked: {what}"),
            Self::Start(what) => write!(f, "{what}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<std::io::Error> for Error {
    /// Takes back what a reader of ours had to hand on as an error of input.
    fn from(error: std::io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|error| Self::Stream(error.to_string()))
    }
}
