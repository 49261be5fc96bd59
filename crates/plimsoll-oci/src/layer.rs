//! Reads one layer: unpacks it, hashes it packed and unpacked, and collects what it holds.

use std::io::{self, BufRead, BufReader};

use crate::index::{self, Index, Shared};
use crate::source::Part;
use crate::unpack::Hashed;
use crate::{Digest, Error, Packing, tap};

/// How much an image may unpack to.
pub(crate) const MOST_UNPACKED: u64 = 100 << 30;

/// A layer that was read.
pub(crate) struct Read {
    pub(crate) index: Index,
    /// The digest of its bytes as they are stored, and how many they are.
    stored: (Digest, u64),
}

/// Reads a layer, packed as it may be. Unpacked, it is hashed by a thread of its own: that takes
/// as long as everything else together.
pub(crate) fn read(stored: &mut dyn io::Read, shared: &Shared) -> Result<Read, Error> {
    let mut head = BufReader::with_capacity(1 << 16, stored);
    let packing = Packing::of(head.fill_buf()?);
    let reader = match packing {
        // Its bytes are those that are hashed below.
        Packing::Plain => Hashed::counting(head, MOST_UNPACKED),
        _ => Hashed::new(head, MOST_UNPACKED),
    };
    let mut reader = BufReader::with_capacity(1 << 17, reader);
    let plain = packing.unpack(&mut reader);
    let (mut index, size, digest) = tap::hashed(plain, |plain| index::read(plain, shared))?;
    shared.unpack(size, MOST_UNPACKED)?;
    let (packed, count) = reader.into_inner().finish()?;
    index.plain = Some(digest);
    index.packed = (packing != Packing::Plain).then_some(count);
    Ok(Read { index, stored: (packed.unwrap_or(digest), count) })
}

impl Read {
    /// Holds what was read against what the manifest and the configuration say.
    pub(crate) fn checked(self, part: &Part, diff_id: Digest) -> Result<Index, Error> {
        let (digest, size) = self.stored;
        if let Some(said) = &part.descriptor {
            if said.digest != digest {
                return Err(Error::Digest { wanted: said.digest, got: digest });
            }
            if said.size != size {
                let what = format!("{digest} has {size} bytes, its manifest says {}", said.size);
                return Err(Error::Format(what));
            }
        }
        match self.index.plain {
            Some(plain) if plain != diff_id => Err(Error::Digest { wanted: diff_id, got: plain }),
            _ => Ok(self.index),
        }
    }
}
