//! What a built image holds, read from the archive that `docker save` writes.
//!
//! ```text
//! docker save --Saved::read--> layers + history --align--> the layers of each step of the graph
//!                                                              |
//!                               Shipment of a commit --compare-+--> Compared
//! ```
//!
//! An image is made by somebody else: nothing of it is unpacked, files are hashed while they pass,
//! and what is held of names and numbers is bounded.

mod compare;
mod layers;
mod saved;
mod steps;
mod tape;

pub use compare::{Compared, Differing, How, compare, wanted};
pub use saved::Saved;
pub use steps::{Mismatch, Span, align};

/// Why an image cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// The stream broke off.
    Stream(String),
    /// It is no archive of an image, or not one that can be read.
    Format(String),
    /// It has more than is held.
    TooLarge(&'static str),
}

impl std::fmt::Display for ImageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(error) => write!(f, "the archive of the image cannot be read: {error}"),
            Self::Format(what) => write!(f, "the archive of the image is not as expected: {what}"),
            Self::TooLarge(what) => write!(f, "the image has too many or too large {what}"),
        }
    }
}

impl std::error::Error for ImageError {}

impl From<std::io::Error> for ImageError {
    fn from(error: std::io::Error) -> Self {
        Self::Stream(error.to_string())
    }
}
