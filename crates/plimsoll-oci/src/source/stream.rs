//! An archive that comes as a stream: its layers are read as they pass, whatever comes first.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use super::{MOST_JSON, Part, Texts, small};
use crate::layer;
use crate::tape::{self, Node, beside, inside};
use crate::{Digest, Error, Packing};

/// How much all descriptions may take together.
const MOST_TEXTS: u64 = 64 << 20;

/// How many layers may come by: an archive of several images has all of theirs.
const MOST_LAYERS: usize = 10_000;

/// What came by in a stream; of each layer, what the caller made of it.
pub(crate) struct Streamed<T> {
    texts: HashMap<String, Vec<u8>>,
    layers: HashMap<String, layer::Read<T>>,
    links: HashMap<String, String>,
    held: u64,
}

/// Reads a layer, which has this name.
pub(crate) type Visit<'v, T> = dyn FnMut(&str, &mut dyn Read) -> Result<layer::Read<T>, Error> + 'v;

impl<T> Streamed<T> {
    /// Reads an archive to its end.
    ///
    /// # Errors
    /// Where it breaks off, is none, or holds too much.
    pub(crate) fn read(stream: &mut dyn Read, visit: &mut Visit<'_, T>) -> Result<Self, Error> {
        let (texts, layers, links) = Default::default();
        let mut all = Self { texts, layers, links, held: 0 };
        let mut stream = BufReader::with_capacity(1 << 18, stream);
        let head = std::io::BufRead::fill_buf(&mut stream)?;
        let mut plain = Packing::of(head).unpack(stream);
        tape::walk(&mut plain, &mut |record, body| match record.node {
            Node::File => all.file(record.path, record.size, body, visit),
            Node::Link(target) => {
                let target = beside(&record.path, &target);
                all.links.insert(record.path, target);
                Ok(())
            }
            Node::Hard(target) => {
                all.links.insert(record.path, target);
                Ok(())
            }
            _ => Ok(()),
        })?;
        Ok(all)
    }

    fn file(
        &mut self,
        path: String,
        size: u64,
        body: &mut dyn Read,
        visit: &mut Visit<'_, T>,
    ) -> Result<(), Error> {
        let mut head = Vec::new();
        body.take(512).read_to_end(&mut head)?;
        let mut whole = head.as_slice().chain(body);
        if is_layer(&head) {
            if self.layers.len() >= MOST_LAYERS {
                return Err(Error::TooLarge("layers".to_owned()));
            }
            let layer = visit(&path, &mut whole)?;
            self.layers.insert(path, layer);
        } else if matches!(head.first(), Some(b'{' | b'[')) && size <= MOST_JSON {
            self.held += size;
            if self.held > MOST_TEXTS {
                return Err(Error::TooLarge("descriptions".to_owned()));
            }
            let text = small(&mut whole, &path)?;
            self.texts.insert(path, text);
        }
        Ok(())
    }

    /// Takes a layer out, which must have these digests; a second time it is not there.
    pub(crate) fn take(&mut self, part: &Part, diff_id: Digest) -> Result<T, Error> {
        let missing = || Error::Format(format!("the layer {} is not in it", part.name));
        let path = inside(&part.name).ok_or_else(missing)?;
        let path = self.links.get(&path).cloned().unwrap_or(path);
        self.layers.remove(&path).ok_or_else(missing)?.checked(part, diff_id)
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.texts.contains_key("index.json") {
            true => "OCI archive",
            false => "docker archive",
        }
    }
}

fn is_layer(head: &[u8]) -> bool {
    let tar = head.get(257..262) == Some(b"ustar");
    // An empty layer is zeros only.
    let empty = head.len() == 512 && head.iter().all(|byte| *byte == 0);
    tar || empty || Packing::of(head) != Packing::Plain
}

impl<T> Texts for Streamed<T> {
    fn text(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = inside(path).unwrap_or_default();
        let path = self.links.get(&path).unwrap_or(&path);
        Ok(self.texts.get(path).cloned())
    }
}
