//! What one layer holds, collected while it passes, knowing nothing of the other layers.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Read;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::bounds::Bounds;
use crate::look::Looker;
use crate::paths::{PathId, Paths, ROOT};
use crate::program::Program;
use crate::secrets::Hit;
use crate::tape::{self, Node, Record};
use crate::{Digest, Error};

/// What stands at a path of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Another name of a file of the layer.
    Hard,
    /// A device, a pipe, a sparse file.
    Other,
    /// What lower layers have here is gone.
    Gone,
    /// What lower layers have below is gone.
    Opaque,
}

/// An entry of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it stands.
    pub path: PathId,
    /// What a link leads to, as its place among the layer's targets.
    pub target: u32,
    /// Its bytes, of files alone.
    pub size: u64,
    /// A hash of its bytes, the same within one process.
    pub hash: u64,
    /// Its user's number.
    pub uid: u32,
    /// Its group's number.
    pub gid: u32,
    /// Its permissions.
    pub mode: u16,
    /// What it is.
    pub kind: Kind,
}

/// A layer.
#[derive(Default)]
pub struct Index {
    /// What it holds, in the order of its archive.
    pub entries: Vec<Entry>,
    /// Where its links lead.
    pub targets: Vec<Box<str>>,
    /// Texts that say whose files are whose.
    pub texts: Vec<(PathId, Box<[u8]>)>,
    /// Programs and libraries.
    pub programs: Vec<(PathId, Program)>,
    /// The first lines of scripts that may be executed.
    pub scripts: Vec<(PathId, Box<str>)>,
    /// Secrets in its files.
    pub secrets: Vec<(PathId, Hit)>,
    /// Bytes of its files.
    pub bytes: u64,
    /// How many files it has.
    pub files: u64,
    /// The digest of its archive, unpacked.
    pub plain: Option<Digest>,
    /// Bytes as it is stored, where it is stored compressed.
    pub packed: Option<u64>,
}

/// What all layers of an image share while they are read.
pub(crate) struct Shared {
    pub(crate) paths: Mutex<Paths>,
    pub(crate) bounds: Bounds,
    /// What hashes begin with.
    seed: u64,
}

impl Default for Shared {
    fn default() -> Self {
        // One for the process: images are held against each other.
        static SEED: OnceLock<u64> = OnceLock::new();
        let seed = *SEED.get_or_init(|| RandomState::new().hash_one(0));
        Self { paths: Mutex::default(), bounds: Bounds::default(), seed }
    }
}

impl Shared {
    fn path(&self, text: &str) -> Result<PathId, Error> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).add(text)
    }

    fn below(&self, folder: PathId, name: &str) -> Result<PathId, Error> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).child(folder, name)
    }
}

/// Reads the archive of a layer, unpacked.
pub(crate) fn read(reader: &mut dyn Read, shared: &Shared) -> Result<Index, Error> {
    let mut builder = Builder {
        shared,
        index: Index::default(),
        looker: Looker::new(shared.seed),
        last: (String::new(), ROOT),
    };
    tape::walk(reader, &mut |record, body| builder.add(record, body))?;
    let mut index = builder.index;
    index.entries.shrink_to_fit();
    Ok(index)
}

struct Builder<'s> {
    shared: &'s Shared,
    index: Index,
    looker: Looker,
    /// The folder of the last entry: the next one mostly lies in the same.
    last: (String, PathId),
}

impl Builder<'_> {
    fn add(&mut self, record: Record, body: &mut dyn Read) -> Result<(), Error> {
        self.shared.bounds.entry()?;
        let (folder, name) = record.path.rsplit_once('/').unwrap_or(("", &record.path));
        let folder = self.folder(folder)?;
        if let Some(hidden) = name.strip_prefix(".wh.") {
            return self.hide(folder, hidden);
        }
        let path = self.shared.below(folder, name)?;
        let Record { mode, uid, gid, .. } = record;
        let mut entry =
            Entry { path, target: u32::MAX, size: 0, hash: 0, uid, gid, mode, kind: Kind::Other };
        match &record.node {
            Node::Folder => entry.kind = Kind::Folder,
            Node::Link(target) => {
                entry.kind = Kind::Link;
                entry.target = self.target(target)?;
            }
            Node::Hard(target) => {
                entry.kind = Kind::Hard;
                entry.target = self.target(target)?;
            }
            Node::Pipe | Node::Other => {
                entry.size = record.size;
                self.index.bytes += record.size;
            }
            Node::File => {
                entry.kind = Kind::File;
                entry.size = record.size;
                entry.hash = self.file(path, &record, body)?;
                self.index.bytes += record.size;
                self.index.files += 1;
            }
        }
        self.index.entries.push(entry);
        Ok(())
    }

    fn folder(&mut self, text: &str) -> Result<PathId, Error> {
        if self.last.0 != text {
            self.last = (text.to_owned(), self.shared.path(text)?);
        }
        Ok(self.last.1)
    }

    /// `.wh.name` deletes, `.wh..wh..opq` empties the folder.
    fn hide(&mut self, folder: PathId, hidden: &str) -> Result<(), Error> {
        let (path, kind) = match hidden {
            ".wh..opq" => (folder, Kind::Opaque),
            // Other marks are those of file systems of long ago.
            hidden if hidden.is_empty() || hidden.starts_with(".wh.") => return Ok(()),
            hidden => (self.shared.below(folder, hidden)?, Kind::Gone),
        };
        let entry =
            Entry { path, target: u32::MAX, size: 0, hash: 0, uid: 0, gid: 0, mode: 0, kind };
        self.index.entries.push(entry);
        Ok(())
    }

    fn target(&mut self, target: &str) -> Result<u32, Error> {
        self.shared.bounds.hold(target.len() + 16)?;
        self.index.targets.push(target.into());
        Ok(self.index.targets.len() as u32 - 1)
    }

    fn file(&mut self, path: PathId, record: &Record, body: &mut dyn Read) -> Result<u64, Error> {
        let seen = self.looker.look(record, body)?;
        if seen.bytes != record.size {
            return Err(Error::Stream("a file of a layer ends early".to_owned()));
        }
        if let Some(text) = seen.text {
            self.shared.bounds.hold(text.len())?;
            self.index.texts.push((path, text));
        }
        if let Some(program) = seen.program {
            let names = program.needed.iter().chain(&program.search).map(|name| name.len() + 24);
            self.shared.bounds.hold(128 + names.sum::<usize>())?;
            self.index.programs.push((path, program));
        }
        if let Some(line) = seen.script {
            self.shared.bounds.hold(line.len() + 24)?;
            self.index.scripts.push((path, line));
        }
        for hit in seen.secrets {
            self.shared.bounds.hold(64)?;
            self.index.secrets.push((path, hit));
        }
        Ok(seen.hash)
    }
}
