//! Looks at a file while it passes: its hash, and what of it is wanted later.

use std::io::Read;

use twox_hash::XxHash3_64;

use crate::Error;
use crate::program::{self, Collector, Program};
use crate::secrets::{self, Hit};
use crate::tape::Record;

/// What was seen of a file.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) bytes: u64,
    pub(crate) hash: u64,
    pub(crate) text: Option<Box<[u8]>>,
    pub(crate) program: Option<Program>,
    pub(crate) script: Option<Box<str>>,
    pub(crate) secrets: Vec<Hit>,
}

/// How large a text is that is kept.
const MOST_TEXT: u64 = 16 << 20;
/// How large a file is that is searched for secrets: keys and settings are small.
const MOST_SEARCHED: u64 = 1 << 20;
/// How long the first line of a script may be; that of Linux.
const MOST_LINE: usize = 256;

/// Looks at files one after the other.
pub(crate) struct Looker {
    /// Keeps an image from being made so that different files seem equal.
    seed: u64,
    buffer: Vec<u8>,
    whole: Vec<u8>,
    collector: Collector,
}

impl Looker {
    pub(crate) fn new(seed: u64) -> Self {
        let buffer = vec![0; 128 << 10];
        Self { seed, buffer, whole: Vec::new(), collector: Collector::default() }
    }

    pub(crate) fn look(&mut self, record: &Record, body: &mut dyn Read) -> Result<Seen, Error> {
        let keeps = record.size <= MOST_TEXT && is_kept(&record.path);
        let mut searches = record.size <= MOST_SEARCHED && secrets::may_hold(&record.path);
        let (mut seen, mut elf) = (Seen::default(), false);
        let mut hasher = XxHash3_64::with_seed(self.seed);
        self.whole.clear();
        loop {
            let count = fill(body, &mut self.buffer)?;
            let chunk = &self.buffer[..count];
            if seen.bytes == 0 {
                elf = program::is_elf(chunk);
                searches &= !elf && !chunk.contains(&0);
                seen.script = first_line(record, chunk);
                self.collector.clear();
            }
            seen.bytes += count as u64;
            if seen.bytes <= self.buffer.len() as u64 && count < self.buffer.len() {
                // Most files are small.
                seen.hash = XxHash3_64::oneshot_with_seed(self.seed, chunk);
            } else {
                std::hash::Hasher::write(&mut hasher, chunk);
                seen.hash = 0;
            }
            if keeps || searches {
                self.whole.extend_from_slice(chunk);
            }
            if elf {
                self.collector.add(chunk);
            }
            if count < self.buffer.len() {
                break;
            }
        }
        if seen.bytes >= self.buffer.len() as u64 {
            seen.hash = std::hash::Hasher::finish(&hasher);
        }
        seen.text = keeps.then(|| self.whole.as_slice().into());
        seen.program = elf.then(|| self.collector.program()).flatten();
        if searches {
            seen.secrets = secrets::search(&record.path, &self.whole);
        }
        Ok(seen)
    }
}

/// Reads until the buffer is full or nothing is left.
fn fill(body: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut count = 0;
    while count < buffer.len() {
        match body.read(&mut buffer[count..])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(count)
}

/// The first line of a script that somebody may execute, without `#!`; its end is kept as it is.
fn first_line(record: &Record, head: &[u8]) -> Option<Box<str>> {
    let line = head.strip_prefix(b"#!")?;
    let end = line.iter().take(MOST_LINE).position(|byte| *byte == b'\n');
    let line = &line[..end.unwrap_or(line.len().min(MOST_LINE))];
    (record.mode & 0o111 != 0).then(|| String::from_utf8_lossy(line).into())
}

/// Whether a file says whose other files are, or who is who.
fn is_kept(path: &str) -> bool {
    const FILES: [&str; 9] = [
        "var/lib/dpkg/status",
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
        "etc/passwd",
        "etc/group",
        "etc/os-release",
        "usr/lib/os-release",
        "etc/ld.so.conf",
        "etc/ld-musl-x86_64.path",
    ];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    FILES.contains(&path)
        || (folder == "var/lib/dpkg/info" && name.ends_with(".list"))
        || folder == "var/lib/dpkg/status.d"
        || (folder == "etc/ld.so.conf.d" && name.ends_with(".conf"))
        || (name == "RECORD" && folder.ends_with(".dist-info"))
        || (name == "installed-files.txt" && folder.ends_with(".egg-info"))
        || (name == "package.json" && is_package(folder))
}

/// Whether a folder is that of an installed Node package: `…/node_modules/name` or `…/node_modules/@scope/name`.
pub(crate) fn is_package(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let (name, above) = (parts.next(), parts.next());
    match above {
        Some("node_modules") => name.is_some_and(|name| !name.starts_with(['.', '@'])),
        Some(scope) => scope.starts_with('@') && parts.next() == Some("node_modules"),
        None => false,
    }
}
