//! Removes what was not used for a while, but nothing that a running process holds.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::fresh::{remove, unique};
use super::record::Record;
use super::{Store, Sums, at};
use crate::{Digest, Error};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Images that are not known any more.
    pub images: u64,
    /// Layers that no image had any more.
    pub layers: u64,
    /// Bytes of the files of those layers.
    pub bytes: u64,
}

/// An image that may go, unless it is held.
struct Image {
    path: PathBuf,
    layers: Vec<Digest>,
    used: SystemTime,
    held: bool,
}

impl Store {
    /// Removes images that nobody used for as long as `older`, then those that were not used for the
    /// longest time until layers have at most `most_bytes`, and the layers that are left over. While
    /// an image is being unpacked nothing is removed.
    ///
    /// # Errors
    /// Where the store's folders cannot be read or changed.
    pub fn sweep(&self, older: Duration, most_bytes: u64) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        let lock = self.lock()?;
        if lock.try_lock().is_err() {
            return Ok(swept);
        }
        let (mut images, layers) = (self.images()?, self.layers()?);
        images.sort_by_key(|image| image.used);
        let now = SystemTime::now();
        let is_old = |image: &Image| now.duration_since(image.used).is_ok_and(|age| age >= older);
        let (mut gone, mut kept): (Vec<Image>, Vec<Image>) =
            images.into_iter().partition(|image| !image.held && is_old(image));
        while bytes(&kept, &layers) > most_bytes {
            let Some(next) = kept.iter().position(|image| !image.held) else { break };
            gone.push(kept.remove(next));
        }
        for image in gone {
            fs::remove_file(&image.path).map_err(at(&image.path))?;
            swept.images += 1;
        }
        let used: HashSet<Digest> = kept.iter().flat_map(|image| image.layers.clone()).collect();
        for (layer, bytes) in layers.iter().filter(|(layer, _)| !used.contains(layer)) {
            let path = self.layer(*layer);
            fs::rename(&path, self.fresh().join(unique())).map_err(at(&path))?;
            swept.layers += 1;
            swept.bytes += bytes;
        }
        let left = self.left()?;
        // From here on others may unpack: what is removed has no names that they know.
        drop(lock);
        left.iter().try_for_each(|path| remove_any(path).map_err(at(path)))?;
        Ok(swept)
    }

    /// Removes what was left by those who were ended while they unpacked; not while somebody does.
    pub(super) fn tidy(&self) -> Result<(), Error> {
        let lock = self.lock()?;
        let left = if lock.try_lock().is_ok() { self.left()? } else { Vec::new() };
        drop(lock);
        left.iter().try_for_each(|path| remove_any(path).map_err(at(path)))
    }

    /// What is being unpacked, or is not needed any more.
    fn left(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.fresh();
        let entries = fs::read_dir(&folder).map_err(at(&folder))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    }

    fn images(&self) -> Result<Vec<Image>, Error> {
        let folder = self.root.join("images");
        let mut images = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at(&folder))?.flatten() {
            let path = entry.path();
            let Ok(file) = File::open(&path) else { continue };
            let used = file.metadata().and_then(|data| data.modified());
            let layers = Record::read(&file).map(|record| record.layers).unwrap_or_default();
            let used = used.unwrap_or(SystemTime::UNIX_EPOCH);
            // Nobody can take it up meanwhile: that takes the store's own lock.
            let held = file.try_lock().is_err();
            images.push(Image { path, layers, used, held });
        }
        Ok(images)
    }

    /// The layers, and the bytes of each.
    fn layers(&self) -> Result<HashMap<Digest, u64>, Error> {
        let folder = self.root.join("layers");
        let entries = fs::read_dir(&folder).map_err(at(&folder))?;
        let layer = |entry: fs::DirEntry| {
            let digest = Digest::parse(&format!("sha256:{}", entry.file_name().to_str()?))?;
            Some((digest, Sums::read(&entry.path()).map_or(0, |sums| sums.bytes)))
        };
        Ok(entries.flatten().filter_map(layer).collect())
    }
}

fn bytes(images: &[Image], layers: &HashMap<Digest, u64>) -> u64 {
    let used: HashSet<&Digest> = images.iter().flat_map(|image| &image.layers).collect();
    used.iter().filter_map(|layer| layers.get(layer)).sum()
}

fn remove_any(path: &std::path::Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if !data.is_dir() => fs::remove_file(path),
        _ => remove(path),
    }
}
