//! Images: where they lie, what their layers hold, whom the bytes belong to.

mod analysis;
mod bounds;
mod descriptor;
#[cfg(target_os = "linux")]
pub mod disk;
mod error;
mod index;
mod lay;
mod layer;
mod load;
mod look;
mod paths;
pub mod process;
mod program;
pub mod registry;
mod secrets;
mod source;
mod tap;
pub mod tape;
mod unpack;

pub use analysis::{Analysis, Owners, Sums};
pub use descriptor::{Descriptor, Digest, Platform};
pub use error::Error;
pub use index::{Entry, Index, Kind};
pub use lay::{Hidden, Seat, View};
pub use load::{Image, Wanted};
pub use paths::{PathId, Paths, ROOT};
pub use program::Program;
pub use secrets::Hit;
pub use unpack::{Hashed, Packing};
