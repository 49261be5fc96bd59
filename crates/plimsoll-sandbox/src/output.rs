//! What a container prints: all of it is taken, its beginning and its end are kept.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::Error;

/// What was printed on one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// Its beginning.
    pub head: Vec<u8>,
    /// Its end, where that was not kept with the beginning.
    pub tail: VecDeque<u8>,
    /// How many bytes there were.
    pub total: u64,
}

impl Printed {
    fn add(&mut self, bytes: &[u8], half: usize) {
        self.total += bytes.len() as u64;
        let room = half.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(half)..];
        let over = (self.tail.len() + rest.len()).saturating_sub(half);
        self.tail.drain(..over.min(self.tail.len()));
        self.tail.extend(rest);
    }

    /// The beginning and the end as text; between them is said how much is missing.
    #[must_use]
    pub fn text(&self) -> String {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let mut bytes = self.head.clone();
        if self.total > kept {
            bytes.extend(format!("\n… {} bytes …\n", self.total - kept).into_bytes());
        }
        bytes.extend(&self.tail);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Takes what comes out of a pipe.
#[derive(Debug)]
pub(crate) struct Output {
    printed: Arc<Mutex<Printed>>,
    /// Its other end is gone when nothing more can come.
    reads: Option<Receiver<()>>,
}

/// How long a stream is read after the end of all that were to write to it: there is a pipe's worth
/// at most, but whoever was handed the pipe may hold it for ever.
const REST: Duration = Duration::from_secs(5);

impl Output {
    pub(crate) fn of(pipe: OwnedFd, kept: usize) -> Result<Self, Error> {
        let printed = Arc::new(Mutex::new(Printed::default()));
        let into = Arc::clone(&printed);
        let (alive, reads) = channel();
        let reader = thread::Builder::new().name("output".to_owned()).spawn(move || {
            let _alive: Sender<()> = alive;
            let mut pipe = File::from(pipe);
            let mut buffer = vec![0; 64 << 10];
            loop {
                let count = match pipe.read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(_) | Ok(0) => break,
                    Ok(count) => count,
                };
                let mut printed = into.lock().unwrap_or_else(PoisonError::into_inner);
                printed.add(&buffer[..count], kept / 2);
            }
        });
        reader.map_err(|error| Error::io("cannot read what a container prints", &error))?;
        Ok(Self { printed, reads: Some(reads) })
    }

    /// What came so far.
    pub(crate) fn so_far(&self) -> Printed {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nothing more can come.
    pub(crate) fn finish(&mut self) {
        if let Some(reads) = self.reads.take() {
            let _ = reads.recv_timeout(REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept() {
        let mut printed = Printed::default();
        for chunk in [&b"abcdef"[..], b"g", b"hijklmnop"] {
            printed.add(chunk, 4);
        }
        assert_eq!(printed.text(), "abcd\n… 8 bytes …\nmnop");
        let mut short = Printed::default();
        short.add(b"abcdef", 4);
        assert_eq!((short.text(), short.total), ("abcdef".to_owned(), 6));
    }
}
