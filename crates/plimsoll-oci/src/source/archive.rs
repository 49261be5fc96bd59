//! An archive of an image in a file: its parts are read where they stand.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

use super::{Part, Source, Texts, small};
use crate::Error;
use crate::tape::{self, Node, beside, inside};

/// An archive that `docker save`, Buildx, skopeo or podman wrote.
pub(crate) struct Archive {
    file: File,
    /// Where each part begins, and how long it is.
    parts: HashMap<String, (u64, u64)>,
    /// Older engines write a layer once and links to it.
    links: HashMap<String, String>,
}

/// How many parts an archive may have; an image has at most 127 layers.
const MOST_PARTS: usize = 100_000;

impl Archive {
    /// Reads which parts there are.
    ///
    /// # Errors
    /// Where it is no archive.
    pub(crate) fn open(file: File) -> Result<Self, Error> {
        let (mut parts, mut links) = (HashMap::new(), HashMap::new());
        tape::walk_file(&file, &mut |record, at| {
            if parts.len() + links.len() >= MOST_PARTS {
                return Err(Error::TooLarge("parts".to_owned()));
            }
            match record.node {
                Node::File => drop(parts.insert(record.path, (at, record.size))),
                Node::Link(target) => {
                    let target = beside(&record.path, &target);
                    links.insert(record.path, target);
                }
                Node::Hard(target) => drop(links.insert(record.path, target)),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self { file, parts, links })
    }

    fn part(&self, path: &str) -> Option<Window<'_>> {
        let path = inside(path)?;
        let path = self.links.get(&path).unwrap_or(&path);
        let &(at, size) = self.parts.get(path)?;
        Some(Window { file: &self.file, at, left: size })
    }
}

impl Texts for Archive {
    fn text(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        self.part(path).map(|mut window| small(&mut window, path)).transpose()
    }
}

impl Source for Archive {
    fn name(&self) -> &'static str {
        match self.parts.contains_key("index.json") {
            true => "OCI archive",
            false => "docker archive",
        }
    }

    fn weight(&self, part: &Part) -> u64 {
        self.part(&part.name).map_or(0, |window| window.left)
    }

    fn open(&self, part: &Part) -> Result<Box<dyn Read + Send + '_>, Error> {
        let missing = || Error::Format(format!("the layer {} is not in it", part.name));
        Ok(Box::new(self.part(&part.name).ok_or_else(missing)?))
    }
}

/// A part of a file; several can be read at a time.
struct Window<'f> {
    file: &'f File,
    at: u64,
    left: u64,
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.file.read_at(&mut buffer[..most], self.at)?;
        if count == 0 && most > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends early"));
        }
        self.at += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
