//! Where images lie, and what their manifests say of their parts.

mod archive;
mod layout;
mod remote;
mod resolve;
mod stream;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::{Descriptor, Digest, Error, Packing, Wanted};

use archive::Archive;
use layout::Layout;
pub(crate) use remote::described;
pub(crate) use resolve::{Texts, resolve};
pub(crate) use stream::Streamed;

/// A layer, as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What its source calls it.
    pub(crate) name: String,
    /// What the manifest says of it; Docker's archives say nothing.
    pub(crate) descriptor: Option<Descriptor>,
}

/// An image, as its manifest and its configuration describe it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// The manifest's digest, where it has one.
    pub(crate) digest: Option<Digest>,
    /// The configuration's digest.
    pub(crate) id: Digest,
    pub(crate) config: Value,
    pub(crate) layers: Vec<Part>,
}

impl Described {
    /// The digest that the configuration gives each layer, unpacked.
    ///
    /// # Errors
    /// Where it names more or fewer layers than the manifest.
    pub(crate) fn diff_ids(&self) -> Result<Vec<Digest>, Error> {
        let ids = diff_ids(&self.config)?;
        if ids.len() == self.layers.len() {
            return Ok(ids);
        }
        let (says, has) = (ids.len(), self.layers.len());
        Err(Error::Format(format!("its configuration names {says} layers, its manifest {has}")))
    }
}

/// The digests of the layers that a configuration names, unpacked.
pub(crate) fn diff_ids(config: &Value) -> Result<Vec<Digest>, Error> {
    let ids = config.pointer("/rootfs/diff_ids").and_then(Value::as_array);
    let ids: Option<Vec<Digest>> = ids
        .map_or(Some(Vec::new()), |ids| ids.iter().map(|id| Digest::parse(id.as_str()?)).collect());
    ids.ok_or_else(|| Error::Format("a layer's digest is not SHA-256".to_owned()))
}

/// An archive or a layout that was opened.
pub(crate) enum Opened {
    /// Its parts can be read in any order.
    Parts(Box<dyn Source>, Described),
    /// It has to be read as it comes.
    Stream(File),
}

/// Opens an archive or a layout, and finds the image that is wanted where that takes no reading.
pub(crate) fn open(path: &Path, wanted: &Wanted) -> Result<Opened, Error> {
    let at = |error: std::io::Error| Error::Stream(format!("{}: {error}", path.display()));
    if path.is_dir() {
        let layout = Layout::open(path)?;
        let described = resolve(&layout, wanted)?;
        return Ok(Opened::Parts(Box::new(layout), described));
    }
    let file = File::open(path).map_err(at)?;
    let mut head = [0; 4];
    let packed = std::os::unix::fs::FileExt::read_at(&file, &mut head, 0);
    // A pipe has no places.
    if !file.metadata().map_err(at)?.is_file() || Packing::of(&head) != Packing::Plain {
        return Ok(Opened::Stream(file));
    }
    packed.map_err(at)?;
    let archive = Archive::open(file)?;
    let described = resolve(&archive, wanted)?;
    Ok(Opened::Parts(Box::new(archive), described))
}

/// A source whose parts can be opened in any order, several at a time.
pub(crate) trait Source: Sync {
    /// What the source is called.
    fn name(&self) -> &'static str;

    /// About how much reading a layer takes: its bytes, as far as they are known.
    fn weight(&self, part: &Part) -> u64 {
        part.descriptor.as_ref().map_or(0, |descriptor| descriptor.size)
    }

    /// Opens a layer.
    fn open(&self, part: &Part) -> Result<Box<dyn Read + Send + '_>, Error>;
}

/// How large a manifest, an index or a configuration is at most.
pub(crate) const MOST_JSON: u64 = 8 << 20;

/// Reads a description, which is small.
pub(crate) fn small(reader: &mut dyn Read, what: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    reader.take(MOST_JSON + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST_JSON {
        true => Err(Error::TooLarge(format!("descriptions: {what}"))),
        false => Ok(bytes),
    }
}
