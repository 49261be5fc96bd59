//! Passes one layer through: unpacks it, hashes it packed and unpacked, and holds the digests against
//! what the image says. What is made of it meanwhile, an index or a folder, is the caller's.

use std::io::{self, BufRead, BufReader};

use crate::bounds::{Bounds, MOST_UNPACKED};
use crate::index::{self, Index, Shared};
use crate::source::Part;
use crate::unpack::Hashed;
use crate::{Digest, Error, Packing, tap};

/// A layer that was read: what was made of it, and what its bytes are.
pub(crate) struct Read<T> {
    value: T,
    /// The digest of its bytes, unpacked.
    plain: Digest,
    /// The digest of its bytes as they are stored, and how many they are.
    stored: (Digest, u64),
    packing: Packing,
}

/// Reads a layer, packed as it may be. Unpacked, it is hashed by a thread of its own: that takes
/// as long as everything else together.
pub(crate) fn through<T>(
    stored: &mut dyn io::Read,
    bounds: &Bounds,
    make: impl FnOnce(&mut dyn io::Read) -> Result<T, Error>,
) -> Result<Read<T>, Error> {
    let mut head = BufReader::with_capacity(1 << 16, stored);
    let packing = Packing::of(head.fill_buf()?);
    let reader = match packing {
        // Its bytes are those that are hashed below.
        Packing::Plain => Hashed::counting(head, MOST_UNPACKED),
        _ => Hashed::new(head, MOST_UNPACKED),
    };
    let mut reader = BufReader::with_capacity(1 << 17, reader);
    let (value, size, plain) = tap::hashed(packing.unpack(&mut reader), make)?;
    bounds.unpack(size)?;
    let (packed, count) = reader.into_inner().finish()?;
    Ok(Read { value, plain, stored: (packed.unwrap_or(plain), count), packing })
}

/// Passes over a layer that is known to have this digest, unpacked; it is only counted.
pub(crate) fn passed<T>(
    stored: &mut dyn io::Read,
    bounds: &Bounds,
    plain: Digest,
    value: T,
) -> Result<Read<T>, Error> {
    let (_, count) = Hashed::counting(stored, MOST_UNPACKED).finish()?;
    bounds.unpack(count)?;
    Ok(Read { value, plain, stored: (plain, count), packing: Packing::Plain })
}

/// Collects what a layer holds.
pub(crate) fn index(stored: &mut dyn io::Read, shared: &Shared) -> Result<Read<Index>, Error> {
    let mut read = through(stored, &shared.bounds, |plain| index::read(plain, shared))?;
    read.value.plain = Some(read.plain);
    read.value.packed = (read.packing != Packing::Plain).then_some(read.stored.1);
    Ok(read)
}

impl<T> Read<T> {
    /// Holds what was read against what the manifest and the configuration say.
    pub(crate) fn checked(self, part: &Part, diff_id: Digest) -> Result<T, Error> {
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
        match self.plain == diff_id {
            true => Ok(self.value),
            false => Err(Error::Digest { wanted: diff_id, got: self.plain }),
        }
    }
}
