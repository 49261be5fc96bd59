//! The layers of an image: what stands at a path once the first of them are laid over each other.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use gix::hash::Kind::Sha1;
use plimsoll_graph::Id;

use super::Error;
use plimsoll_oci::tape::{self, Node, Record};

/// What a layer holds at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    File {
        /// As git names the content.
        id: Id,
        program: bool,
        size: u64,
    },
    Folder,
    Link(Box<str>),
    /// Another name of a file of the same layer.
    Hard(Box<str>),
    /// A device, a sparse file: nothing that is compared.
    Other,
}

/// A layer, as far as its paths are of interest.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    held: HashMap<Box<str>, Held>,
    gone: HashSet<Box<str>>,
    /// Folders of which nothing from below is left.
    opaque: HashSet<Box<str>>,
}

/// How much may still be read and held.
pub(super) struct Budget {
    bytes: u64,
    held: usize,
}

impl Default for Budget {
    /// 200 GiB are read at most; names are held in 512 MiB.
    fn default() -> Self {
        Self { bytes: 200 << 30, held: 512 << 20 }
    }
}

/// What an entry takes in memory besides its name.
const ENTRY: usize = 96;

impl Layer {
    /// Reads a layer: folders, links, and files whose name is wanted.
    pub(super) fn read(
        reader: &mut dyn Read,
        wanted: &HashSet<String>,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let mut layer = Self::default();
        let mut bounded = Bounded { reader, left: &mut budget.bytes };
        let held = &mut budget.held;
        tape::walk(&mut bounded, &mut |record, body| layer.add(record, body, wanted, held))?;
        Ok(layer)
    }

    fn add(
        &mut self,
        record: Record,
        body: &mut dyn Read,
        wanted: &HashSet<String>,
        budget: &mut usize,
    ) -> Result<(), Error> {
        let Record { path, node, size, mode, .. } = record;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let cost = |extra: usize| ENTRY + path.len() + extra;
        if let Some(hidden) = name.strip_prefix(".wh.") {
            pay(budget, cost(0))?;
            if hidden == ".wh..opq" {
                self.opaque.insert(folder.into());
            } else if !hidden.is_empty() && !hidden.starts_with(".wh.") {
                let join = if folder.is_empty() { "" } else { "/" };
                self.gone.insert(format!("{folder}{join}{hidden}").into());
            }
            return Ok(());
        }
        let held = match node {
            Node::Link(target) => {
                pay(budget, target.len())?;
                Held::Link(target.into())
            }
            Node::Folder => Held::Folder,
            _ if !wanted.contains(name) => return Ok(()),
            Node::File => Held::File { id: blob(body, size)?, program: mode & 0o100 != 0, size },
            Node::Hard(target) => Held::Hard(target.into()),
            Node::Pipe | Node::Other => Held::Other,
        };
        pay(budget, cost(0))?;
        self.held.insert(path.into(), held);
        Ok(())
    }

    /// Whether what lower layers hold at a path is gone.
    fn hides(&self, path: &str) -> bool {
        if self.gone.is_empty() && self.opaque.is_empty() {
            return false;
        }
        if self.gone.contains(path) || self.opaque.contains("") {
            return true;
        }
        let ends = path.match_indices('/').map(|(at, _)| &path[..at]);
        ends.into_iter().any(|above| self.gone.contains(above) || self.opaque.contains(above))
    }

    fn at(&self, path: &str) -> Option<&Held> {
        match self.held.get(path)? {
            Held::Hard(target) => match self.held.get(target) {
                Some(file @ Held::File { .. }) => Some(file),
                _ => Some(&Held::Other),
            },
            held => Some(held),
        }
    }
}

fn pay(budget: &mut usize, cost: usize) -> Result<(), Error> {
    *budget = budget.checked_sub(cost).ok_or(Error::TooLarge("names of files".to_owned()))?;
    Ok(())
}

/// The id that git gives a file of this size with these bytes.
fn blob(body: &mut dyn Read, size: u64) -> Result<Id, Error> {
    let mut hasher = gix::hash::hasher(Sha1);
    hasher.update(format!("blob {size}\0").as_bytes());
    let mut buffer = vec![0; 1 << 16];
    let mut seen = 0;
    loop {
        match body.read(&mut buffer)? {
            0 => break,
            count => {
                hasher.update(&buffer[..count]);
                seen += count as u64;
            }
        }
    }
    if seen != size {
        return Err(Error::Stream("a file ends early".to_owned()));
    }
    let id = hasher.try_finalize().map_err(|error| Error::Format(error.to_string()))?;
    let mut bytes = [0; 20];
    bytes.copy_from_slice(&id.as_bytes()[..20]);
    Ok(Id(bytes))
}

/// The id that git gives a link.
pub(super) fn link(target: &str) -> Result<Id, Error> {
    blob(&mut target.as_bytes(), target.len() as u64)
}

/// A reader that stops when nothing may be read any more.
struct Bounded<'b> {
    reader: &'b mut dyn Read,
    left: &'b mut u64,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        *self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| std::io::Error::other("it unpacks to more than 200 GiB"))?;
        Ok(count)
    }
}

/// The layers of an image, the lowest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    /// Each layer once; images repeat empty ones.
    pub(super) layers: Vec<Layer>,
    pub(super) order: Vec<usize>,
}

/// How many links a path may lead through; that of Linux.
const MOST_LINKS: u32 = 40;

impl Stack {
    /// What stands at a path once the first `count` layers are there, links not followed.
    pub(super) fn at(&self, count: usize, path: &str) -> Option<&Held> {
        for layer in self.order[..count.min(self.order.len())].iter().rev() {
            let layer = &self.layers[*layer];
            if let Some(held) = layer.at(path) {
                return Some(held);
            }
            if layer.hides(path) {
                return None;
            }
        }
        None
    }

    /// A path with its links followed, the last one, too; none where they go in circles.
    pub(super) fn followed(&self, count: usize, path: &str) -> Option<String> {
        let reversed = |path: &str| -> Vec<String> {
            path.split('/').rev().filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let (mut at, mut left, mut links) = (String::new(), reversed(path), 0);
        while let Some(part) = left.pop() {
            match part.as_str() {
                "." => continue,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let here = if at.is_empty() { part } else { format!("{at}/{part}") };
            let Some(Held::Link(target)) = self.at(count, &here) else {
                at = here;
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            if target.starts_with('/') {
                at.clear();
            }
            left.extend(reversed(target));
        }
        Some(at)
    }

    /// Whether a folder stands at a path, links not followed.
    pub(super) fn is_folder(&self, count: usize, path: &str) -> bool {
        path.is_empty() || matches!(self.at(count, path), Some(Held::Folder))
    }
}
