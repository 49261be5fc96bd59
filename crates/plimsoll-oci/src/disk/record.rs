//! What is known of an image that was unpacked, in a file; who holds a lock of it uses its layers.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use rustix::io::Errno;
use serde_json::{Value, json};

use super::fresh::{rename, unique};
use super::{Store, Sums, TREE, Unpacked, at};
use crate::source::{Described, diff_ids};
use crate::{Digest, Error};

/// How large such a file is at most: configurations have up to 8 MiB.
const MOST_RECORD: u64 = 64 << 20;

/// An image, as its file says it.
pub(super) struct Record {
    /// The manifest's digest, where the image had a manifest.
    pub(super) digest: Option<Digest>,
    /// The image's configuration.
    pub(super) config: Value,
    /// Its layers, the lowest first.
    pub(super) layers: Vec<Digest>,
}

impl Record {
    /// Reads one; `None` where it is not whole.
    pub(super) fn read(file: &File) -> Option<Self> {
        let mut bytes = Vec::new();
        file.take(MOST_RECORD).read_to_end(&mut bytes).ok()?;
        let mut value: Value = serde_json::from_slice(&bytes).ok()?;
        let config = value.get_mut("config").map(Value::take)?;
        let digest = value.get("digest").and_then(Value::as_str).and_then(Digest::parse);
        let layers = diff_ids(&config).ok()?;
        Some(Self { digest, config, layers })
    }
}

impl Store {
    /// The image of this id, if all of it is there; it is held and counts as used now.
    pub(super) fn recorded(&self, id: Digest) -> Option<Unpacked> {
        let held = File::open(self.image(id)).ok()?;
        held.lock_shared().ok()?;
        let record = Record::read(&held)?;
        let (mut layers, mut skipped) = (Vec::new(), 0);
        for layer in record.layers {
            let folder = self.layer(layer);
            let sums = Sums::read(&folder)?;
            if sums.alone {
                layers.clear();
            }
            layers.push(folder.join(TREE));
            skipped += sums.skipped;
        }
        // Only its age is wrong otherwise.
        let _ = held.set_modified(SystemTime::now());
        let (digest, config) = (record.digest, record.config);
        let marks = self.form.marks;
        Some(Unpacked { id, digest, config, layers, marks, skipped, _held: held })
    }

    /// Notes an image whose layers are all there.
    pub(super) fn record(&self, described: Described) -> Result<Unpacked, Error> {
        let Described { digest, id, config, .. } = described;
        let unpacked = match self.recorded(id) {
            Some(unpacked) => unpacked,
            None => {
                let said = digest.map(|digest| digest.to_string());
                let text = json!({ "digest": said, "config": config }).to_string();
                self.write(&self.image(id), &text, id)?;
                let vanished = || Error::Store(format!("{}: {id} is gone", self.root.display()));
                self.recorded(id).ok_or_else(vanished)?
            }
        };
        Ok(Unpacked { digest: digest.or(unpacked.digest), ..unpacked })
    }

    /// Writes whole files only, and none over one that is held.
    fn write(&self, path: &Path, text: &str, id: Digest) -> Result<(), Error> {
        let fresh = self.fresh().join(unique());
        fs::write(&fresh, text).map_err(at(&fresh))?;
        let done = match rename(&fresh, path) {
            // Somebody else wrote the same.
            Err(Errno::EXIST) if self.recorded(id).is_some() => fs::remove_file(&fresh),
            // It is not whole, so that nobody holds it.
            Err(Errno::EXIST) => fs::rename(&fresh, path),
            done => done.map_err(Into::into),
        };
        done.map_err(at(path))
    }
}
