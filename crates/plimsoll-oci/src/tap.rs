//! Hashes what somebody reads, on another thread.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use crate::bounds::MOST_UNPACKED;
use crate::{Digest, Error};

/// How much is handed over at a time, and how much may wait.
const PIECE: u64 = 256 << 10;
const WAITING: usize = 8;

/// Calls back with a reader; what is left of it is read, too. Gives what came of it, how many
/// bytes there were and what they hash to.
pub(crate) fn hashed<T>(
    reader: impl Read,
    read: impl FnOnce(&mut dyn Read) -> Result<T, Error>,
) -> Result<(T, u64, Digest), Error> {
    thread::scope(|scope| {
        let (pieces, arriving) = sync_channel::<Arc<Vec<u8>>>(WAITING);
        let hasher = scope.spawn(move || {
            let mut hasher = Sha256::new();
            arriving.iter().for_each(|piece| hasher.update(&*piece));
            Digest(hasher.finalize().into())
        });
        let mut tap = Tap { reader, pieces, piece: Arc::default(), at: 0, count: 0 };
        let value = read(&mut tap)?;
        while tap.next()? {}
        let count = tap.count;
        drop(tap);
        let digest = hasher.join().map_err(|_| Error::Stream("hashing failed".to_owned()))?;
        Ok((value, count, digest))
    })
}

struct Tap<R> {
    reader: R,
    pieces: SyncSender<Arc<Vec<u8>>>,
    piece: Arc<Vec<u8>>,
    at: usize,
    count: u64,
}

impl<R: Read> Tap<R> {
    /// Reads the next piece and hands it over; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let mut piece = Vec::with_capacity(PIECE as usize);
        (&mut self.reader).take(PIECE).read_to_end(&mut piece)?;
        self.count += piece.len() as u64;
        if self.count > MOST_UNPACKED {
            return Err(io::Error::other(format!("it has more than {MOST_UNPACKED} bytes")));
        }
        (self.piece, self.at) = (Arc::new(piece), 0);
        if self.piece.is_empty() {
            return Ok(false);
        }
        let gone = |_| io::Error::other("nobody hashes any more");
        self.pieces.send(Arc::clone(&self.piece)).map_err(gone)?;
        Ok(true)
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.next()? {
            return Ok(0);
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}
