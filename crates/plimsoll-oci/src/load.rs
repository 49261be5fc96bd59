//! Reads an image whole: its layers in parallel where they can be opened, as they come where not.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::index::{Index, Shared};
use crate::layer;
use crate::paths::Paths;
use crate::registry::Remote;
use crate::source::{self, Described, Opened, Part, Source, Streamed};
use crate::{Descriptor, Digest, Error, Platform};

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
        match source::open(path, wanted)? {
            Opened::Parts(source, described) => parallel(&*source, described),
            Opened::Stream(mut file) => Self::stream(&mut file, wanted),
        }
    }

    /// Reads an archive that comes as a stream.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn stream(stream: &mut dyn Read, wanted: &Wanted) -> Result<Self, Error> {
        let shared = Shared::default();
        let index = &mut |_: &str, layer: &mut dyn Read| layer::index(layer, &shared);
        let mut streamed = Streamed::read(stream, index)?;
        let described = source::resolve(&streamed, wanted)?;
        let ids = described.diff_ids()?;
        let mut known: HashMap<String, Arc<Index>> = HashMap::new();
        let mut layers = Vec::new();
        for (part, id) in described.layers.iter().zip(ids) {
            if !known.contains_key(&part.name) {
                known.insert(part.name.clone(), Arc::new(streamed.take(part, id)?));
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
    largest_first(&mut works, source);
    let done = each(&works, |(part, id)| {
        layer::index(&mut *source.open(part)?, &shared)?.checked(part, *id).map(Arc::new)
    })?;
    let done: HashMap<&str, Arc<Index>> =
        works.iter().map(|(part, _)| part.name.as_str()).zip(done).collect();
    let layers =
        described.layers.iter().filter_map(|part| done.get(&*part.name).cloned()).collect();
    Ok(Image::of(source.name(), described, layers, shared))
}

/// The largest first: it is not to be what everybody waits for at the end.
pub(crate) fn largest_first(works: &mut [(&Part, Digest)], source: &dyn Source) {
    works.sort_by_key(|(part, _)| std::cmp::Reverse(source.weight(part)));
}

/// Does works several at a time, and gives what came of each, in their order. After a failure none
/// is begun.
pub(crate) fn each<W: Sync, T: Send>(
    works: &[W],
    work: impl Fn(&W) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Result<Vec<(usize, T)>, Error>> = Mutex::new(Ok(Vec::new()));
    let lock = || done.lock().unwrap_or_else(PoisonError::into_inner);
    let run = || {
        while lock().is_ok() {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = works.get(at) else { break };
            match (work(one), &mut *lock()) {
                (Ok(made), Ok(all)) => all.push((at, made)),
                (Err(error), all @ Ok(_)) => *all = Err(error),
                (_, Err(_)) => {}
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(works.len());
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(run)));
        run();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner)?;
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, made)| made).collect())
}
