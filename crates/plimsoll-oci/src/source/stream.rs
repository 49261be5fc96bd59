//! An archive that comes as a stream: its layers are read as they pass, whatever comes first.

use std::collections::HashMap;
use std::io::{BufReader, Read};

use super::{MOST_JSON, Part, Texts, small};
use crate::index::Shared;
use crate::layer::{self, Read as ReadLayer};
use crate::tape::{self, Node, beside, inside};
use crate::{Error, Packing};

/// How much all descriptions may take together.
const MOST_TEXTS: u64 = 64 << 20;

/// What came by in a stream.
#[derive(Default)]
pub(crate) struct Streamed {
    texts: HashMap<String, Vec<u8>>,
    layers: HashMap<String, ReadLayer>,
    links: HashMap<String, String>,
    held: u64,
}

impl Streamed {
    /// Reads an archive to its end.
    ///
    /// # Errors
    /// Where it breaks off, is none, or holds too much.
    pub(crate) fn read(stream: &mut dyn Read, shared: &Shared) -> Result<Self, Error> {
        let mut all = Self::default();
        let mut stream = BufReader::with_capacity(1 << 18, stream);
        let head = std::io::BufRead::fill_buf(&mut stream)?;
        let mut plain = Packing::of(head).unpack(stream);
        tape::walk(&mut plain, &mut |record, body| match record.node {
            Node::File => all.file(record.path, record.size, body, shared),
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
        shared: &Shared,
    ) -> Result<(), Error> {
        let mut head = Vec::new();
        body.take(512).read_to_end(&mut head)?;
        let mut whole = head.as_slice().chain(body);
        if is_layer(&head) {
            self.layers.insert(path, layer::read(&mut whole, shared)?);
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

    /// Takes a layer out; a second time it is not there.
    pub(crate) fn take(&mut self, part: &Part) -> Option<ReadLayer> {
        let path = inside(&part.name)?;
        let path = self.links.get(&path).cloned().unwrap_or(path);
        self.layers.remove(&path)
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

impl Texts for Streamed {
    fn text(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = inside(path).unwrap_or_default();
        let path = self.links.get(&path).unwrap_or(&path);
        Ok(self.texts.get(path).cloned())
    }
}
