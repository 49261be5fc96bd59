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

use plimsoll_oci::Error;

pub use compare::{Compared, Differing, How, compare, wanted};
pub use saved::Saved;
pub use steps::{Mismatch, Span, align, align_config};
