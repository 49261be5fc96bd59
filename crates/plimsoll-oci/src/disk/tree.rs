//! The folders of a layer while it is unpacked: nothing is opened but beneath the layer's own folder,
//! wherever its links lead, and what folders are to be in the end is set in the end.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Timespec, Timestamps, Uid,
    XattrFlags, fchmod, fchown, fsetxattr, futimens, mkdirat, openat, openat2, readlinkat, statat,
    unlinkat,
};
use rustix::io::Errno;

use super::{Form, at};
use crate::Error;
use crate::bounds::Bounds;
use crate::tape::Time;

/// How deep folders may lie: whoever removes or reads them has one open for each level.
const MOST_DEPTH: usize = 200;
/// How long a path may be within a layer: with that of the store it must be one that Linux opens.
const MOST_PATH: usize = 3072;

/// A folder that is open.
pub(super) struct Place {
    pub(super) fd: OwnedFd,
    /// Its path in the layer, without links.
    pub(super) path: String,
}

/// Owner, permissions and time of a file or a folder.
#[derive(Clone, Copy)]
pub(super) struct Attributes {
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) mtime: Option<Time>,
}

/// What a folder is to be. Until the end it is writable, whatever its mode.
struct Folder {
    attributes: Attributes,
    opaque: bool,
}

/// The folder of a layer.
pub(super) struct Tree<'b> {
    pub(super) root: PathBuf,
    form: Form,
    bounds: &'b Bounds,
    fd: OwnedFd,
    /// The folder of the last entry: the next one mostly lies in the same.
    last: Option<(String, Rc<Place>)>,
    folders: BTreeMap<String, Folder>,
}

const OPEN: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const STRAIGHT: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
const LINKED: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

impl<'b> Tree<'b> {
    pub(super) fn open(root: PathBuf, form: Form, bounds: &'b Bounds) -> Result<Self, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&root, flags, Mode::empty()).map_err(Into::into);
        let fd = fd.map_err(at(&root))?;
        Ok(Self { root, form, bounds, fd, last: None, folders: BTreeMap::new() })
    }

    /// Opens a folder, which need not be listed to be there.
    pub(super) fn folder(&mut self, path: &str) -> Result<Rc<Place>, Error> {
        if let Some((_, place)) = self.last.as_ref().filter(|(last, _)| last == path) {
            return Ok(Rc::clone(place));
        }
        let place = Rc::new(self.find_or_make(path)?);
        self.last = Some((path.to_owned(), Rc::clone(&place)));
        Ok(place)
    }

    fn find_or_make(&mut self, path: &str) -> Result<Place, Error> {
        within(path)?;
        if let Some(place) = self.find(path)? {
            return Ok(place);
        }
        let (up, name) = split(path);
        let up = self.find_or_make(up)?;
        let attributes = Attributes { mode: 0o755, uid: 0, gid: 0, mtime: None };
        let path = self.make(&up, name, attributes)?;
        let fd = openat(&up.fd, name, OPEN | OFlags::NOFOLLOW, Mode::empty());
        let fd = fd.map_err(|errno| self.fault(&path, errno))?;
        Ok(Place { fd, path })
    }

    /// Opens a folder if there is one. A link on the way leads where it would lead in a container.
    pub(super) fn find(&self, path: &str) -> Result<Option<Place>, Error> {
        let here = if path.is_empty() { "." } else { path };
        match openat2(&self.fd, here, OPEN, Mode::empty(), STRAIGHT) {
            Ok(fd) => Ok(Some(Place { fd, path: path.to_owned() })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(Errno::LOOP) => self.find_linked(here),
            Err(errno) => Err(self.fault(path, errno)),
        }
    }

    fn find_linked(&self, path: &str) -> Result<Option<Place>, Error> {
        // While something is renamed anywhere, Linux cannot tell where `..` leads.
        for _ in 0..100 {
            match openat2(&self.fd, path, OPEN, Mode::empty(), LINKED) {
                Ok(fd) => return self.real(&fd).map(|path| Some(Place { fd, path })),
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                Err(Errno::AGAIN) => {}
                Err(errno) => return Err(self.fault(path, errno)),
            }
        }
        Err(self.fault(path, Errno::AGAIN))
    }

    /// The path of an open folder: links to links make deeper ones than any path says.
    fn real(&self, fd: &OwnedFd) -> Result<String, Error> {
        let full = |fd: &OwnedFd| {
            let number = std::os::fd::AsRawFd::as_raw_fd(fd);
            let path = format!("/proc/self/fd/{number}");
            readlinkat(rustix::fs::CWD, &path, Vec::new()).map_err(|errno| self.fault(&path, errno))
        };
        let (root, path) = (full(&self.fd)?, full(fd)?);
        let path = path.to_bytes().strip_prefix(root.to_bytes());
        let path = path.and_then(|path| std::str::from_utf8(path).ok());
        let path = path.ok_or_else(|| Error::Format("a link leads out of its layer".to_owned()))?;
        let path = path.trim_start_matches('/').to_owned();
        within(&path).map(|()| path)
    }

    /// Makes a folder, or keeps the one that is there, and gives its path.
    pub(super) fn make(
        &mut self,
        up: &Place,
        name: &str,
        attributes: Attributes,
    ) -> Result<String, Error> {
        let path = join(&up.path, name);
        within(&path)?;
        let made = mkdirat(&up.fd, name, Mode::RWXU);
        let there = if made == Err(Errno::EXIST) { self.stat(up, name)? } else { None };
        match &there {
            Some(stat) if is(stat, FileType::Directory) => {}
            Some(_) => {
                self.clear(up, name)?;
                mkdirat(&up.fd, name, Mode::RWXU).map_err(|errno| self.fault(&path, errno))?;
            }
            None => made.map_err(|errno| self.fault(&path, errno))?,
        }
        // What is deleted and made again shows nothing of the layers below.
        let opaque = there.as_ref().is_some_and(is_whiteout);
        self.remember(&path, Some(attributes), opaque)?;
        Ok(path)
    }

    /// What lower layers have in a folder is not to be seen.
    pub(super) fn hide(&mut self, path: &str) -> Result<(), Error> {
        self.remember(path, None, true)
    }

    fn remember(
        &mut self,
        path: &str,
        attributes: Option<Attributes>,
        opaque: bool,
    ) -> Result<(), Error> {
        if !self.folders.contains_key(path) {
            self.bounds.hold(path.len() + 128)?;
        }
        let unsaid = Attributes { mode: 0o755, uid: 0, gid: 0, mtime: None };
        let folder = self.folders.entry(path.to_owned());
        let folder = folder.or_insert(Folder { attributes: unsaid, opaque: false });
        folder.attributes = attributes.unwrap_or(folder.attributes);
        folder.opaque |= opaque;
        Ok(())
    }

    pub(super) fn stat(&self, up: &Place, name: &str) -> Result<Option<Stat>, Error> {
        match statat(&up.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.fault(&join(&up.path, name), errno)),
        }
    }

    /// Puts something in a folder in place of whatever is there; what is there is never written to.
    pub(super) fn put<T>(
        &mut self,
        up: &Place,
        name: &str,
        make: impl Fn(&OwnedFd) -> Result<T, Errno>,
    ) -> Result<Result<T, Errno>, Error> {
        let made = make(&up.fd);
        if made.as_ref().is_err_and(|errno| *errno == Errno::EXIST) {
            self.clear(up, name)?;
            return Ok(make(&up.fd));
        }
        Ok(made)
    }

    /// Removes what is there.
    pub(super) fn clear(&mut self, up: &Place, name: &str) -> Result<(), Error> {
        // It may have been the folder of the last entry, or a link on the way to it.
        self.last = None;
        let path = join(&up.path, name);
        match self.stat(up, name)? {
            None => Ok(()),
            Some(stat) if is(&stat, FileType::Directory) => {
                self.forget(&path);
                let path = self.root.join(path);
                super::fresh::remove(&path).map_err(at(&path))
            }
            Some(_) => {
                unlinkat(&up.fd, name, AtFlags::empty()).map_err(|errno| self.fault(&path, errno))
            }
        }
    }

    fn forget(&mut self, path: &str) {
        // `0` is what follows `/`.
        let below: Vec<String> = self
            .folders
            .range(format!("{path}/")..format!("{path}0"))
            .map(|f| f.0.clone())
            .collect();
        for path in below.iter().map(String::as_str).chain([path]) {
            self.folders.remove(path);
        }
    }

    /// Sets what folders are to be, the deepest first: they may be closed then, and a change of what
    /// is in them would be a change of their times. Says whether the whole layer hides those below.
    pub(super) fn finish(mut self) -> Result<bool, Error> {
        let alone = self.folders.remove("").is_some_and(|root| root.opaque);
        for (path, folder) in self.folders.iter().rev() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let fd = openat2(&self.fd, path, flags, Mode::empty(), STRAIGHT);
            let fd = fd.map_err(|errno| self.fault(path, errno))?;
            // Before the mode, which may forbid it.
            if folder.opaque {
                fsetxattr(&fd, self.form.marks.opaque(), b"y", XattrFlags::empty())
                    .map_err(|errno| self.fault(path, errno))?;
            }
            dress(&fd, folder.attributes, self.form).map_err(|errno| self.fault(path, errno))?;
        }
        let root = Attributes { mode: 0o755, uid: 0, gid: 0, mtime: None };
        dress(&self.fd, root, self.form).map_err(|errno| self.fault("", errno))?;
        Ok(alone)
    }

    pub(super) fn fault(&self, path: &str, errno: Errno) -> Error {
        at(&self.root.join(path))(errno.into())
    }
}

/// Gives an open file or folder its owner, its permissions and its time.
pub(super) fn dress(fd: &OwnedFd, attributes: Attributes, form: Form) -> Result<(), Errno> {
    let Attributes { mode, uid, gid, mtime } = attributes;
    if form.owners {
        // Before the mode: a change of the owner takes the bits that make another user of who runs it.
        fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?;
    }
    fchmod(fd, Mode::from_raw_mode(u32::from(mode)))?;
    mtime.map_or(Ok(()), |mtime| futimens(fd, &times(mtime)))
}

pub(super) fn times(mtime: Time) -> Timestamps {
    let time = Timespec { tv_sec: mtime.seconds, tv_nsec: mtime.nanoseconds.into() };
    Timestamps { last_access: time, last_modification: time }
}

pub(super) fn is(stat: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(stat.st_mode) == kind
}

/// Whether it says that what lower layers have here is gone.
pub(super) fn is_whiteout(stat: &Stat) -> bool {
    is(stat, FileType::CharacterDevice) && stat.st_rdev == 0
}

/// A path's folder and its name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn within(path: &str) -> Result<(), Error> {
    let depth = path.bytes().filter(|byte| *byte == b'/').count();
    match path.len() > MOST_PATH || depth >= MOST_DEPTH {
        true => Err(Error::TooLarge("paths".to_owned())),
        false => Ok(()),
    }
}
