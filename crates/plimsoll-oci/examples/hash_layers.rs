//! Unpacks and hashes the layers of an image's archive and does nothing else: what reading an
//! image cannot do without. `scripts/bench/image` holds `plimsoll image` against it.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::FileExt as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_oci::{Hashed, Packing};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A part of the archive: where it stands, and how long it is.
struct Part {
    at: u64,
    left: u64,
}

fn main() -> Result<(), Fault> {
    let path = std::env::args().nth(1).ok_or("usage: hash_layers ARCHIVE")?;
    let file = File::open(path)?;
    let mut layers = Vec::new();
    for entry in tar::Archive::new(&file).entries_with_seek()? {
        let entry = entry?;
        let part = Part { at: entry.raw_file_position(), left: entry.size() };
        if is_layer(&file, &part)? {
            layers.push(part);
        }
    }
    let (next, fault) = (AtomicUsize::new(0), Mutex::new(None));
    let work = || {
        while let Some(part) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = hash(&file, part)
                && let Ok(mut fault) = fault.lock()
            {
                *fault = Some(error);
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    fault.into_inner().ok().flatten().map_or(Ok(()), Err)
}

fn is_layer(file: &File, part: &Part) -> Result<bool, Fault> {
    let mut head = [0; 512];
    let count = file.read_at(&mut head, part.at)?;
    let tar = part.left >= 512 && head.get(257..262) == Some(b"ustar");
    Ok(count > 4 && (tar || Packing::of(&head) != Packing::Plain))
}

fn hash(file: &File, part: &Part) -> Result<(), Fault> {
    let mut head = [0; 4];
    file.read_at(&mut head, part.at)?;
    let window = Window { file, at: part.at, left: part.left };
    let packing = Packing::of(&head);
    let mut stored = BufReader::with_capacity(
        1 << 17,
        match packing {
            Packing::Plain => Hashed::counting(window, u64::MAX),
            _ => Hashed::new(window, u64::MAX),
        },
    );
    Hashed::new(packing.unpack(&mut stored), u64::MAX).finish()?;
    stored.into_inner().finish()?;
    Ok(())
}

struct Window<'f> {
    file: &'f File,
    at: u64,
    left: u64,
}

impl std::io::Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
