//! Images: where they lie, what their layers hold, whom the bytes belong to.

mod descriptor;
mod error;
pub mod registry;

pub use descriptor::{Descriptor, Digest, Platform};
pub use error::Error;
