//! Reads an archive entry by entry, with bounds on what a name may take.
//!
//! The tar crate reads long names into memory however long they say they are; so it is asked for
//! raw headers only, and the extensions are read here.

use std::fs::File;
use std::io::Read;

use tar::{Archive, Entries, EntryType, Header, PaxExtensions};

use crate::Error;

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its path from the archive's root.
    pub path: String,
    /// What it is.
    pub node: Node,
    /// Bytes that follow it.
    pub size: u64,
    /// Its permissions.
    pub mode: u16,
    /// Its user's number.
    pub uid: u32,
    /// Its group's number.
    pub gid: u32,
    /// When its content was changed last.
    pub mtime: Time,
}

/// A moment, as archives give it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Seconds since 1970; before that they are negative.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanoseconds: u32,
}

impl Time {
    /// Reads a time of a pax header: seconds, maybe with a fraction. What is finer than a nanosecond goes.
    ///
    /// ```
    /// use plimsoll_oci::tape::Time;
    ///
    /// let time = |seconds, nanoseconds| Some(Time { seconds, nanoseconds });
    /// assert_eq!(Time::parse("12"), time(12, 0));
    /// assert_eq!(Time::parse("12.0123456789"), time(12, 12_345_678));
    /// assert_eq!(Time::parse("-1.5"), time(-2, 500_000_000));
    /// assert_eq!(Time::parse("1.x"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let seconds: i64 = whole.parse().ok()?;
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
        let nanoseconds = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
        match whole.starts_with('-') && nanoseconds > 0 {
            true => {
                let seconds = seconds.checked_sub(1)?;
                Some(Self { seconds, nanoseconds: 1_000_000_000 - nanoseconds })
            }
            false => Some(Self { seconds, nanoseconds }),
        }
    }
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, and where it leads.
    Link(String),
    /// Another name of a file.
    Hard(String),
    /// A pipe that has a name.
    Pipe,
    /// A device, a sparse file, a link that leads out of the archive.
    Other,
}

/// How long the headers before an entry may be: paths end at 4096, attributes are longer.
const MOST_EXTENSION: u64 = 1 << 20;

/// How long a path may be; that of Linux.
const MOST_PATH: usize = 4096;

/// What headers say of the entry that follows.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    mtime: Option<Time>,
    uid: Option<u32>,
    gid: Option<u32>,
    /// The entry's bytes are not the file's.
    sparse: bool,
}

/// Calls back for each entry, with its bytes. What the callback leaves is skipped.
///
/// # Errors
/// Where the archive breaks off, is none, has names or headers that are too long, or the callback
/// fails.
pub fn walk(
    reader: &mut dyn Read,
    visit: &mut dyn FnMut(Record, &mut dyn Read) -> Result<(), Error>,
) -> Result<(), Error> {
    entries(Archive::new(reader).entries()?, &mut |record, _, body| visit(record, body))
}

/// Calls back for each entry of a file, with the place where its bytes begin; what is left is
/// passed over without reading it.
pub(crate) fn walk_file(
    file: &File,
    visit: &mut dyn FnMut(Record, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut archive = Archive::new(file);
    entries(archive.entries_with_seek()?, &mut |record, at, _| visit(record, at))
}

/// Calls back with an entry, the place where its bytes begin, and its bytes.
type Visit<'v> = dyn FnMut(Record, u64, &mut dyn Read) -> Result<(), Error> + 'v;

fn entries<R: Read>(entries: Entries<'_, R>, visit: &mut Visit<'_>) -> Result<(), Error> {
    let mut extension = Extension::default();
    for entry in entries.raw(true) {
        let mut entry = entry?;
        let size = entry.size();
        match entry.header().entry_type() {
            EntryType::GNULongName => extension.path = Some(name(&mut entry, size)?),
            EntryType::GNULongLink => extension.link = Some(name(&mut entry, size)?),
            EntryType::XHeader => extended(&bytes(&mut entry, size)?, &mut extension)?,
            EntryType::XGlobalHeader => {}
            _ => {
                let extension = std::mem::take(&mut extension);
                if let Some(record) = record(entry.header(), extension, size)? {
                    let at = entry.raw_file_position();
                    visit(record, at, &mut entry)?;
                }
            }
        }
    }
    Ok(())
}

fn bytes(entry: &mut dyn Read, size: u64) -> Result<Vec<u8>, Error> {
    if size > MOST_EXTENSION {
        return Err(Error::TooLarge("headers".to_owned()));
    }
    let mut bytes = Vec::new();
    entry.take(MOST_EXTENSION).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A long name; a zero ends it.
fn name(entry: &mut dyn Read, size: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = bytes(entry, size)?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes)
}

fn extended(bytes: &[u8], extension: &mut Extension) -> Result<(), Error> {
    // What is no number says nothing; then the header's counts.
    fn text<'p>(pair: &tar::PaxExtension<'p>) -> &'p str {
        std::str::from_utf8(pair.value_bytes()).unwrap_or_default()
    }
    for pair in PaxExtensions::new(bytes) {
        let pair = pair?;
        match pair.key_bytes() {
            b"path" => extension.path = Some(pair.value_bytes().to_vec()),
            b"linkpath" => extension.link = Some(pair.value_bytes().to_vec()),
            b"mtime" => extension.mtime = Time::parse(text(&pair)),
            b"uid" => extension.uid = text(&pair).parse().ok(),
            b"gid" => extension.gid = text(&pair).parse().ok(),
            // Where the next entry begins would depend on who reads.
            b"size" => return Err(Error::TooLarge("files (8 GiB and more)".to_owned())),
            key if key.starts_with(b"GNU.sparse.") => extension.sparse = true,
            _ => {}
        }
    }
    Ok(())
}

fn record(header: &Header, said: Extension, size: u64) -> Result<Option<Record>, Error> {
    let path = said.path.unwrap_or_else(|| header.path_bytes().into_owned());
    let link = said.link.or_else(|| header.link_name_bytes().map(|name| name.into_owned()));
    let link = link.unwrap_or_default();
    if path.len() > MOST_PATH || link.len() > MOST_PATH {
        return Err(Error::TooLarge("paths".to_owned()));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Some(path) = inside(&text(&path)) else { return Ok(None) };
    let node = match header.entry_type() {
        _ if said.sparse => Node::Other,
        EntryType::Regular | EntryType::Continuous => Node::File,
        EntryType::Directory => Node::Folder,
        EntryType::Symlink => Node::Link(text(&link)),
        EntryType::Link => match inside(&text(&link)) {
            Some(target) => Node::Hard(target),
            None => Node::Other,
        },
        EntryType::Fifo => Node::Pipe,
        _ => Node::Other,
    };
    let id = |id: std::io::Result<u64>| id.ok().and_then(|id| u32::try_from(id).ok());
    // The last number is that of nobody.
    let known = |id: Option<u32>| id.filter(|id| *id != u32::MAX).unwrap_or(0);
    let mode = (header.mode().unwrap_or(0) & 0o7777) as u16;
    let uid = known(said.uid.or_else(|| id(header.uid())));
    let gid = known(said.gid.or_else(|| id(header.gid())));
    // A time before 1970 is a negative number there, read as if it were none.
    let seconds = header.mtime().unwrap_or(0) as i64;
    let mtime = said.mtime.unwrap_or(Time { seconds, nanoseconds: 0 });
    Ok(Some(Record { path, node, size, mode, uid, gid, mtime }))
}

/// A path from the root; none for the root itself and for one that leads out.
pub fn inside(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// The path that a link at `path` leads to; older engines write a layer once and links to it.
#[must_use]
pub fn beside(path: &str, target: &str) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
