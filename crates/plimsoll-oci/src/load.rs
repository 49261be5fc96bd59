//! Reads an image whole: its layers in parallel where they can be opened, as they come where not.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::index::{Index, Shared};
use crate::layer;
use crate::paths::Paths;
use crate::registry::Remote;
use crate::source::{self, Archive, Described, Layout, Part, Source, Streamed};
use crate::{Descriptor, Digest, Error, Packing, Platform};

/// Which image of several is wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Its name, where an archive or a layout holds several.
    pub name: Option<String>,
    /// The system it is for, where there is one for each; this machine's otherwise.
    pub platform: Option<Platform>,
}

/// An image that was read.
pub struct Image {
    /// Where it was read: `docker archive`.
    pub source: &'static str,
    /// The manifest's digest, where it has one.
    pub digest: Option<Digest>,
    /// The configuration's digest.
    pub id: Digest,
    /// The configuration.
    pub config: Value,
    /// Every path of every layer.
    pub paths: Paths,
    /// The layers, the lowest first; one that is there twice is shared.
    pub layers: Vec<Arc<Index>>,
    /// What the manifest says of each layer.
    pub descriptors: Vec<Option<Descriptor>>,
}

impl Image {
    /// Reads an archive or a layout.
    ///
    /// # Errors
    /// Where it is no image, breaks off, holds other bytes than its manifest names, or too much.
    pub fn open(path: &Path, wanted: &Wanted) -> Result<Self, Error> {
        let at = |error: std::io::Error| Error::Stream(format!("{}: {error}", path.display()));
        if path.is_dir() {
            let layout = Layout::open(path)?;
            let described = source::resolve(&layout, wanted)?;
            return parallel(&layout, described);
        }
        let mut file = File::open(path).map_err(at)?;
        let mut head = [0; 4];
        let packed = std::os::unix::fs::FileExt::read_at(&file, &mut head, 0);
        // A pipe has no places.
        if !file.metadata().map_err(at)?.is_file() || Packing::of(&head) != Packing::Plain {
            return Self::stream(&mut file, wanted);
        }
        packed.map_err(at)?;
        let archive = Archive::open(file)?;
        let described = source::resolve(&archive, wanted)?;
        parallel(&archive, described)
    }

    /// Reads an archive that comes as a stream.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn stream(stream: &mut dyn Read, wanted: &Wanted) -> Result<Self, Error> {
        let shared = Shared::default();
        let mut streamed = Streamed::read(stream, &shared)?;
        let described = source::resolve(&streamed, wanted)?;
        let ids = described.diff_ids()?;
        let mut known: HashMap<String, Arc<Index>> = HashMap::new();
        let mut layers = Vec::new();
        for (part, id) in described.layers.iter().zip(ids) {
            if !known.contains_key(&part.name) {
                let layer = streamed.take(part);
                let missing = || Error::Format(format!("the layer {} is not in it", part.name));
                let index = layer.ok_or_else(missing)?.checked(part, id)?;
                known.insert(part.name.clone(), Arc::new(index));
            }
            layers.extend(known.get(&part.name).cloned());
        }
        Ok(Self::of(streamed.name(), described, layers, shared))
    }

    /// Pulls an image from a registry; its layers are read as they come and not kept.
    ///
    /// # Errors
    /// As [`Image::open`], and where the registry does not answer or refuses.
    pub fn pull(remote: &Remote, wanted: &Wanted) -> Result<Self, Error> {
        parallel(remote, source::described(remote, wanted.platform.as_ref())?)
    }

    fn of(
        source: &'static str,
        described: Described,
        layers: Vec<Arc<Index>>,
        shared: Shared,
    ) -> Self {
        let paths = shared.paths.into_inner().unwrap_or_else(PoisonError::into_inner);
        let descriptors = described.layers.into_iter().map(|part| part.descriptor).collect();
        let Described { digest, id, config, .. } = described;
        Self { source, digest, id, config, paths, layers, descriptors }
    }
}

/// Reads the layers of a source, several at a time.
pub(crate) fn parallel(source: &dyn Source, described: Described) -> Result<Image, Error> {
    let ids = described.diff_ids()?;
    let shared = Shared::default();
    let mut works: Vec<(&Part, Digest)> = Vec::new();
    for work in described.layers.iter().zip(ids) {
        if !works.iter().any(|known| known.0.name == work.0.name) {
            works.push(work);
        }
    }
    // The largest first: it is not to be what everybody waits for at the end.
    works.sort_by_key(|(part, _)| std::cmp::Reverse(source.weight(part)));
    let done = each(source, &works, &shared)?;
    let of = |part: &Part| done.iter().find(|(name, _)| *name == part.name).map(|(_, index)| index);
    let layers = described.layers.iter().filter_map(|part| of(part).cloned()).collect();
    Ok(Image::of(source.name(), described, layers, shared))
}

type Done = Vec<(String, Arc<Index>)>;

fn each(source: &dyn Source, works: &[(&Part, Digest)], shared: &Shared) -> Result<Done, Error> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Result<Done, Error>> = Mutex::new(Ok(Vec::new()));
    let lock = || done.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        while let Some((part, id)) = works.get(next.fetch_add(1, Ordering::Relaxed)) {
            let read = || layer::read(&mut *source.open(part)?, shared)?.checked(part, *id);
            match (read(), &mut *lock()) {
                (Ok(index), Ok(all)) => all.push((part.name.clone(), Arc::new(index))),
                (Err(error), all @ Ok(_)) => *all = Err(error),
                (_, Err(_)) => {}
            }
            if lock().is_err() {
                break;
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(works.len());
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
