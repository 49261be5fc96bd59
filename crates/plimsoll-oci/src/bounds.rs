//! How much an image may have: all layers of one share these bounds while they are read.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// How much an image may unpack to.
pub(crate) const MOST_UNPACKED: u64 = 100 << 30;
/// How much names, texts and lists may take together.
const MOST_HELD: u64 = 192 << 20;
/// How many entries all layers may have: an index keeps 40 bytes of each.
const MOST_ENTRIES: u64 = 8_000_000;

/// What was counted so far.
#[derive(Default)]
pub(crate) struct Bounds {
    held: AtomicU64,
    unpacked: AtomicU64,
    entries: AtomicU64,
}

impl Bounds {
    /// Reserves memory.
    pub(crate) fn hold(&self, bytes: usize) -> Result<(), Error> {
        let held = self.held.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        if held > MOST_HELD { Err(Error::TooLarge("names and lists".to_owned())) } else { Ok(()) }
    }

    /// Counts what was unpacked.
    pub(crate) fn unpack(&self, bytes: u64) -> Result<(), Error> {
        let all = self.unpacked.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if all > MOST_UNPACKED {
            return Err(Error::TooLarge(format!("layers: {all} bytes")));
        }
        Ok(())
    }

    /// Counts an entry.
    pub(crate) fn entry(&self) -> Result<(), Error> {
        match self.entries.fetch_add(1, Ordering::Relaxed) >= MOST_ENTRIES {
            true => Err(Error::TooLarge("files".to_owned())),
            false => Ok(()),
        }
    }
}
