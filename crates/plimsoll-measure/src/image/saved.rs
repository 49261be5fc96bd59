//! The archive of an image: which layers it has, and what each step of its history did.

use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Read};

use plimsoll_oci::Packing;
use serde_json::Value;

use super::Error;
use super::layers::{Budget, Layer, Stack};
use plimsoll_oci::tape::{self, Node, beside, inside};

/// An image, as far as its files are of interest.
#[derive(Clone, Debug)]
pub struct Saved {
    pub(super) stack: Stack,
    pub(super) history: Vec<Entry>,
    /// The names of the files that were looked at.
    pub(super) names: HashSet<String>,
}

/// An entry of an image's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// What the builder did, in its words.
    pub(super) created_by: String,
    /// Whether it made no layer.
    pub(super) empty: bool,
}

/// How large a description is at most, and all of them.
const MOST_JSON: u64 = 8 << 20;
const MOST_JSONS: u64 = 64 << 20;

impl Saved {
    /// Reads the archive that `docker save` writes. Files are read whose name is in `names`.
    ///
    /// # Errors
    /// When it breaks off, is no such archive, or has more than is held.
    pub fn read(stream: &mut dyn Read, names: HashSet<String>) -> Result<Self, Error> {
        let mut parts = Parts { budget: Budget::default(), left: MOST_JSONS, ..Parts::default() };
        let mut stream = BufReader::with_capacity(1 << 18, stream);
        tape::walk(&mut stream, &mut |record, body| {
            match record.node {
                Node::File => parts.file(record.path, record.size, body, &names)?,
                Node::Link(target) => {
                    let target = beside(&record.path, &target);
                    parts.aliases.insert(record.path, target);
                }
                _ => {}
            }
            Ok(())
        })?;
        parts.put_together(names)
    }
}

/// What the archive holds, by path: the list of parts comes last.
#[derive(Default)]
struct Parts {
    layers: HashMap<String, Layer>,
    texts: HashMap<String, String>,
    aliases: HashMap<String, String>,
    budget: Budget,
    left: u64,
}

/// What a part looks like.
enum Look {
    Tar,
    Packed(Packing),
    Json,
    Else,
}

impl Look {
    fn of(head: &[u8]) -> Self {
        let tar = head.get(257..262) == Some(b"ustar");
        // An empty layer is zeros only.
        let empty = head.len() == 512 && head.iter().all(|byte| *byte == 0);
        match Packing::of(head) {
            Packing::Plain if tar || empty => Self::Tar,
            Packing::Plain if matches!(head, [b'{' | b'[', ..]) => Self::Json,
            Packing::Plain => Self::Else,
            packing => Self::Packed(packing),
        }
    }
}

impl Parts {
    fn file(
        &mut self,
        path: String,
        size: u64,
        body: &mut dyn Read,
        names: &HashSet<String>,
    ) -> Result<(), Error> {
        let mut head = Vec::new();
        body.take(512).read_to_end(&mut head)?;
        let look = Look::of(&head);
        let mut whole = head.as_slice().chain(body);
        let layer = match look {
            Look::Tar => Layer::read(&mut whole, names, &mut self.budget)?,
            Look::Packed(packing) => {
                let mut plain = packing.unpack(BufReader::with_capacity(1 << 16, whole));
                Layer::read(&mut plain, names, &mut self.budget)?
            }
            Look::Json if size <= MOST_JSON => {
                self.left =
                    self.left.checked_sub(size).ok_or(Error::TooLarge("texts".to_owned()))?;
                let mut text = String::new();
                // What is no text is no description.
                if whole.read_to_string(&mut text).is_ok() {
                    self.texts.insert(path, text);
                }
                return Ok(());
            }
            Look::Json | Look::Else => return Ok(()),
        };
        self.layers.insert(path, layer);
        Ok(())
    }

    fn put_together(mut self, names: HashSet<String>) -> Result<Saved, Error> {
        let no = |what: &str| Error::Format(what.to_owned());
        let manifest = self.json("manifest.json")?;
        let image = manifest.get(0).ok_or_else(|| no("manifest.json names no image"))?;
        let config = image.get("Config").and_then(Value::as_str);
        let config =
            self.json(config.ok_or_else(|| no("manifest.json names no configuration"))?)?;
        let layers = image.get("Layers").and_then(Value::as_array);
        let mut stack = Stack::default();
        let mut known: HashMap<String, usize> = HashMap::new();
        for layer in layers.ok_or_else(|| no("manifest.json names no layers"))? {
            let name = layer.as_str().and_then(inside).unwrap_or_default();
            let name = self.aliases.get(&name).cloned().unwrap_or(name);
            let at = match known.get(&name) {
                Some(at) => *at,
                None => {
                    let layer = self.layers.remove(&name);
                    let missing = || Error::Format(format!("the layer {name} is not in it"));
                    stack.layers.push(layer.ok_or_else(missing)?);
                    known.insert(name, stack.layers.len() - 1);
                    stack.layers.len() - 1
                }
            };
            stack.order.push(at);
        }
        Ok(Saved { stack, history: history(&config), names })
    }

    fn json(&self, path: &str) -> Result<Value, Error> {
        let text = self.texts.get(path);
        let text = text.ok_or_else(|| Error::Format(format!("{path} is not in it")))?;
        serde_json::from_str(text).map_err(|error| Error::Format(format!("{path}: {error}")))
    }
}

pub(super) fn history(config: &Value) -> Vec<Entry> {
    let entries = config.get("history").and_then(Value::as_array);
    let entry = |entry: &Value| Entry {
        created_by: entry.get("created_by").and_then(Value::as_str).unwrap_or_default().to_owned(),
        empty: entry.get("empty_layer").and_then(Value::as_bool).unwrap_or(false),
    };
    entries.map(|all| all.iter().map(entry).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "saved_tests.rs"]
mod tests;
