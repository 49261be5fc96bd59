//! Images whose layers are folders, so that an overlay can be mounted of them.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use plimsoll_oci::{Wanted, disk::Store};
//!
//! let store = Store::open(Path::new("/var/cache/images"))?;
//! let image = store.take(Path::new("app.tar"), &Wanted::default())?;
//! println!("mount -t overlay, lowest first: {:?}", image.layers);
//! # Ok::<(), plimsoll_oci::Error>(())
//! ```
//!
//! A layer is unpacked once, whichever images have it, and its digests are checked before it gets its
//! name. Its form is overlayfs's own: what is deleted is a character device 0:0, a folder that hides
//! what is below carries an attribute, whose name [`Marks`] says.
//!
//! ```text
//! images/<form>/            owned by the caller, 0700: layers hold programs that make another user
//!     layers/<diff id>/     tree/ is the layer, sums.json what is known of it
//!     images/<id>.json      configuration and manifest's digest; locked while the image is used
//!     new/                  what is being unpacked
//!     lock                  shared while somebody unpacks, whole while somebody sweeps
//! ```
//!
//! Everything in an image is hostile. Nothing is opened but beneath the layer's own folder, links are
//! written and not followed, devices are not made; see `tree.rs`.

mod form;
mod fresh;
mod record;
mod see;
mod sweep;
mod tree;
mod unpacked;
mod write;

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::syncfs;
use rustix::process::geteuid;

pub use form::{Form, Marks};
use fresh::{Fresh, Sums, TREE};
pub use sweep::Swept;
pub use unpacked::Unpacked;

use crate::bounds::Bounds;
use crate::layer;
use crate::load::{each, largest_first};
use crate::registry::Remote;
use crate::source::{self, Described, Opened, Part, Source, Streamed};
use crate::{Digest, Error, Wanted};

/// A store of unpacked images.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    form: Form,
}

impl Store {
    /// A store in a folder, which is made where it is not there, for the caller alone.
    ///
    /// # Errors
    /// Where the folder cannot be made or belongs to somebody else.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        private(folder).map_err(at(folder))?;
        let form = Form::of(folder).map_err(at(folder))?;
        Self::open_as(folder, form)
    }

    /// A store whose layers are written as one says, rather than as the folder allows.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_as(folder: &Path, form: Form) -> Result<Self, Error> {
        private(folder).map_err(at(folder))?;
        // Mounts and threads have other working folders.
        let root = folder.canonicalize().map_err(at(folder))?.join(form.name());
        private(&root).map_err(at(&root))?;
        let data = fs::symlink_metadata(&root).map_err(at(&root))?;
        if !data.is_dir() || data.uid() != geteuid().as_raw() || data.mode() & 0o077 != 0 {
            let what = "others can change or read it: remove it, or name another folder";
            return Err(Error::Store(format!("{}: {what}", root.display())));
        }
        for part in ["layers", "images", "new"] {
            private(&root.join(part)).map_err(at(&root))?;
        }
        let store = Self { root, form };
        store.tidy()?;
        Ok(store)
    }

    /// Unpacks an archive or a layout.
    ///
    /// # Errors
    /// Where it is no image, breaks off, holds other bytes than its manifest names, or too much; and
    /// where it cannot be written. Then nothing of what failed is kept.
    pub fn take(&self, path: &Path, wanted: &Wanted) -> Result<Unpacked, Error> {
        match source::open(path, wanted)? {
            Opened::Parts(source, described) => self.unpack_parts(&*source, described),
            Opened::Stream(mut file) => self.stream(&mut file, wanted),
        }
    }

    /// Pulls an image from a registry: only those of its layers that are not there yet.
    ///
    /// # Errors
    /// As [`Store::take`], and where the registry does not answer or refuses.
    pub fn pull(&self, remote: &Remote, wanted: &Wanted) -> Result<Unpacked, Error> {
        self.unpack_parts(remote, source::described(remote, wanted.platform.as_ref())?)
    }

    /// Unpacks an archive that comes as a stream, its layers before its manifest maybe.
    ///
    /// # Errors
    /// As [`Store::take`].
    pub fn stream(&self, stream: &mut dyn Read, wanted: &Wanted) -> Result<Unpacked, Error> {
        let _busy = self.busy()?;
        let bounds = Bounds::default();
        let visit = &mut |name: &str, layer: &mut dyn Read| match self.named(name) {
            // Nobody asks for what is there: it is passed over.
            Some(digest) => layer::passed(layer, &bounds, digest, None),
            None => layer::through(layer, &bounds, |plain| self.unpack(plain, &bounds).map(Some)),
        };
        let mut streamed = Streamed::read(stream, visit)?;
        let described = source::resolve(&streamed, wanted)?;
        let mut made: Vec<(Digest, Fresh)> = Vec::new();
        for (part, id) in described.layers.iter().zip(described.diff_ids()?) {
            if !self.has(id) && !made.iter().any(|(known, _)| *known == id) {
                made.extend(streamed.take(part, id)?.map(|fresh| (id, fresh)));
            }
        }
        self.place(made)?;
        self.record(described)
    }

    /// An image that was unpacked before, by its configuration's digest: nothing has to be read then.
    #[must_use]
    pub fn known(&self, id: Digest) -> Option<Unpacked> {
        let _busy = self.busy().ok()?;
        self.recorded(id)
    }

    fn unpack_parts(&self, source: &dyn Source, described: Described) -> Result<Unpacked, Error> {
        let _busy = self.busy()?;
        let bounds = Bounds::default();
        let mut works: Vec<(&Part, Digest)> = Vec::new();
        for (part, id) in described.layers.iter().zip(described.diff_ids()?) {
            if !self.has(id) && !works.iter().any(|(_, known)| *known == id) {
                works.push((part, id));
            }
        }
        largest_first(&mut works, source);
        let made = each(&works, |(part, id)| {
            let mut stored = source.open(part)?;
            let read = layer::through(&mut *stored, &bounds, |plain| self.unpack(plain, &bounds));
            read?.checked(part, *id)
        })?;
        self.place(works.iter().map(|(_, id)| *id).zip(made).collect())?;
        self.record(described)
    }

    /// Unpacks a layer beside its place.
    fn unpack(&self, plain: &mut dyn Read, bounds: &Bounds) -> Result<Fresh, Error> {
        let fresh = Fresh::new(&self.fresh())?;
        let sums = write::unpack(plain, fresh.tree(), self.form, bounds)?;
        fresh.sum(sums)?;
        Ok(fresh)
    }

    /// Puts layers in their places once they are on the disk: a machine that stops must not leave
    /// files that are empty. [`Unpacked::evict`] would have to wait for the same.
    fn place(&self, made: Vec<(Digest, Fresh)>) -> Result<(), Error> {
        if made.is_empty() {
            return Ok(());
        }
        let root = File::open(&self.root).map_err(at(&self.root))?;
        syncfs(&root).map_err(Into::into).map_err(at(&self.root))?;
        made.into_iter().try_for_each(|(id, fresh)| fresh.place(&self.layer(id)))
    }

    /// A layer that is there, by its name in an archive, which may be that of its bytes.
    fn named(&self, name: &str) -> Option<Digest> {
        let hex = name.strip_prefix("blobs/sha256/")?;
        Digest::parse(&format!("sha256:{hex}")).filter(|digest| self.has(*digest))
    }

    fn has(&self, layer: Digest) -> bool {
        Sums::read(&self.layer(layer)).is_some()
    }

    fn layer(&self, id: Digest) -> PathBuf {
        self.root.join("layers").join(hex(id))
    }

    fn image(&self, id: Digest) -> PathBuf {
        self.root.join("images").join(format!("{}.json", hex(id)))
    }

    fn fresh(&self) -> PathBuf {
        self.root.join("new")
    }

    fn lock(&self) -> Result<File, Error> {
        let path = self.root.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        file.map_err(at(&path))
    }

    /// While this is held, nothing is swept.
    fn busy(&self) -> Result<File, Error> {
        let lock = self.lock()?;
        lock.lock_shared().map_err(at(&self.root))?;
        Ok(lock)
    }
}

fn hex(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

/// Makes a folder for the caller alone, where it is not there.
fn private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// An error of the store, at a path.
fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    move |error| Error::Store(format!("{}: {error}", path.display()))
}
