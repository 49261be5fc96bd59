//! Images are read from Debian's registry, which is real, and from servers that lie.
//!
//! `real.rs`, `access.rs` and `encrypted.rs` start `docker-registry` of the Debian package of that
//! name, each test one of its own; where it is missing they fail. `lies.rs`, `tokens.rs` and
//! `broken.rs` answer by hand.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod broken;
mod encrypted;
mod folder;
mod image;
mod liar;
mod lies;
mod process;
mod real;
mod tokens;

use std::io::Read as _;
use std::time::Duration;

use plimsoll_oci::registry::{Remote, Settings};
use plimsoll_oci::{Descriptor, Error};

/// Settings that do not depend on who runs the tests, and wait less than people do.
fn settings() -> Settings {
    Settings {
        silence: Duration::from_secs(5),
        pause: Duration::from_millis(2),
        helper: Duration::from_secs(10),
        ..Settings::bare()
    }
}

fn open(reference: &str) -> Remote {
    Remote::open_with(reference, settings()).unwrap()
}

/// A whole blob.
fn bytes(remote: &Remote, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    remote.blob(descriptor)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
