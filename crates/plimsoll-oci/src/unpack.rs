//! Unpacks layers while they are read, whatever they are packed with, and hashes what passes.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;
use sha2::{Digest as _, Sha256};

use crate::Digest;

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Packing {
    /// Tells from the first bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // A frame that holds no data, as seekable archives begin with.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// Reads what was packed.
    pub fn unpack<'r>(self, packed: impl BufRead + 'r) -> Box<dyn Read + 'r> {
        match self {
            Self::Plain => Box::new(packed),
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(Frames { packed: Some(packed), frame: None }),
        }
    }
}

/// The frames of a Zstandard stream, one after the other.
struct Frames<R: BufRead> {
    packed: Option<R>,
    frame: Option<Frame<R>>,
}

type Frame<R> = Box<StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>;

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                self.packed = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut packed) = self.packed.take() else { return Ok(0) };
            if packed.fill_buf()?.is_empty() {
                return Ok(0);
            }
            if !skip(&mut packed)? {
                let bad =
                    |error| io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {error}"));
                self.frame = Some(Box::new(StreamingDecoder::new(packed).map_err(bad)?));
            } else {
                self.packed = Some(packed);
            }
        }
    }
}

/// Skips a frame that holds no data; false where the next one holds some.
fn skip(packed: &mut impl BufRead) -> io::Result<bool> {
    // The buffer may end within the number; then it is a frame of data to the decoder, which says what is wrong.
    if !matches!(packed.fill_buf()?, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
        return Ok(false);
    }
    packed.consume(4);
    let mut length = [0; 4];
    packed.read_exact(&mut length)?;
    io::copy(&mut packed.take(u64::from(u32::from_le_bytes(length))), &mut io::sink())?;
    Ok(true)
}

/// A reader that hashes and counts what passes, and ends where too much does.
pub struct Hashed<R> {
    reader: R,
    hasher: Option<Sha256>,
    count: u64,
    most: u64,
}

impl<R: Read> Hashed<R> {
    /// Hashes up to `most` bytes; more are an error.
    pub fn new(reader: R, most: u64) -> Self {
        Self { reader, hasher: Some(Sha256::new()), count: 0, most }
    }

    /// Only counts.
    pub fn counting(reader: R, most: u64) -> Self {
        Self { reader, hasher: None, count: 0, most }
    }

    /// Reads what is left, and says what all of it hashes to, and how much it was.
    pub fn finish(mut self) -> io::Result<(Option<Digest>, u64)> {
        let mut buffer = vec![0; 1 << 16];
        while self.read(&mut buffer)? > 0 {}
        Ok((self.hasher.map(|hasher| Digest(hasher.finalize().into())), self.count))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        if self.count > self.most {
            return Err(io::Error::other(format!("it has more than {} bytes", self.most)));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}
