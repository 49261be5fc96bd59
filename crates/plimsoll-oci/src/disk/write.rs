//! Writes the entries of a layer into its folder, as overlayfs wants them.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::PathBuf;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, chmodat, chownat, linkat, makedev, mknodat, openat,
    symlinkat, utimensat,
};
use rustix::io::Errno;

use super::fresh::Sums;
use super::tree::{Attributes, Place, Tree, dress, is, split, times};
use super::{Form, at};
use crate::Error;
use crate::bounds::Bounds;
use crate::tape::{self, Node, Record};

/// Unpacks the archive of a layer into an empty folder.
pub(super) fn unpack(
    plain: &mut dyn Read,
    folder: PathBuf,
    form: Form,
    bounds: &Bounds,
) -> Result<Sums, Error> {
    let tree = Tree::open(folder, form, bounds)?;
    let mut writer = Writer { form, tree, sums: Sums::default(), buffer: vec![0; 256 << 10] };
    tape::walk(plain, &mut |record, body| {
        bounds.entry()?;
        writer.add(&record, body)
    })?;
    let Writer { tree, mut sums, .. } = writer;
    sums.alone = tree.finish()?;
    Ok(sums)
}

struct Writer<'b> {
    form: Form,
    tree: Tree<'b>,
    sums: Sums,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn add(&mut self, record: &Record, body: &mut dyn Read) -> Result<(), Error> {
        let (folder, name) = split(&record.path);
        if record.node == Node::Other {
            self.sums.skipped += 1;
            return Ok(());
        }
        let up = self.tree.folder(folder)?;
        if let Some(hidden) = name.strip_prefix(".wh.") {
            return self.hide(&up, hidden);
        }
        let is_there = match &record.node {
            Node::File => self.file(&up, name, record, body).map(|()| true),
            Node::Folder => self.tree.make(&up, name, attributes(record)).map(|_| true),
            Node::Link(target) => self.link(&up, name, record, target),
            Node::Hard(target) => self.hard(&up, name, target),
            Node::Pipe => self.pipe(&up, name, record).map(|()| true),
            Node::Other => Ok(false),
        }?;
        self.sums.skipped += u64::from(!is_there);
        Ok(())
    }

    fn file(
        &mut self,
        up: &Place,
        name: &str,
        record: &Record,
        body: &mut dyn Read,
    ) -> Result<(), Error> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let made = self.tree.put(up, name, |folder| openat(folder, name, flags, mode))?;
        let mut file = File::from(made.map_err(|errno| self.tree.fault(&record.path, errno))?);
        let mut count = 0;
        loop {
            let read = match body.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            file.write_all(&self.buffer[..read]).map_err(at(&self.tree.root))?;
            count += read as u64;
        }
        if count != record.size {
            return Err(Error::Stream("a file of a layer ends early".to_owned()));
        }
        self.sums.bytes += count;
        let dressed = dress(&file.into(), attributes(record), self.form);
        dressed.map_err(|errno| self.tree.fault(&record.path, errno))
    }

    /// A link is written as it is and never followed.
    fn link(
        &mut self,
        up: &Place,
        name: &str,
        record: &Record,
        target: &str,
    ) -> Result<bool, Error> {
        match self.tree.put(up, name, |folder| symlinkat(target, folder, name))? {
            Ok(()) => {}
            // It leads to nothing that has a name.
            Err(Errno::NOENT) if target.is_empty() => return Ok(false),
            Err(errno) => return Err(self.tree.fault(&record.path, errno)),
        }
        self.own(up, name, record).map(|()| true)
    }

    /// Another name of a file of this layer; false where there is none.
    fn hard(&mut self, up: &Place, name: &str, target: &str) -> Result<bool, Error> {
        let (folder, old) = split(target);
        let Some(from) = self.tree.find(folder)? else { return Ok(false) };
        let Some(there) = self.tree.stat(&from, old)? else { return Ok(false) };
        if is(&there, FileType::Directory) {
            return Ok(false);
        }
        // Before something is removed for it: it may be the file itself, or a folder on the way to it.
        let stands = self.tree.stat(up, name)?;
        if stands.is_some_and(|it| (it.st_dev, it.st_ino) == (there.st_dev, there.st_ino)) {
            return Ok(true);
        }
        let link = |to: &_| linkat(&from.fd, old, to, name, AtFlags::empty());
        match self.tree.put(up, name, link)? {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::PERM | Errno::MLINK) => Ok(false),
            Err(errno) => Err(self.tree.fault(name, errno)),
        }
    }

    fn pipe(&mut self, up: &Place, name: &str, record: &Record) -> Result<(), Error> {
        let mode = Mode::RUSR | Mode::WUSR;
        let make = |folder: &_| mknodat(folder, name, FileType::Fifo, mode, 0);
        let made = self.tree.put(up, name, make)?;
        made.map_err(|errno| self.tree.fault(&record.path, errno))?;
        self.own(up, name, record)?;
        let mode = Mode::from_raw_mode(u32::from(record.mode));
        let set = chmodat(&up.fd, name, mode, AtFlags::empty());
        set.map_err(|errno| self.tree.fault(&record.path, errno))
    }

    /// Sets owner and time of what cannot be opened.
    fn own(&self, up: &Place, name: &str, record: &Record) -> Result<(), Error> {
        let fault = |errno| self.tree.fault(&record.path, errno);
        let here = AtFlags::SYMLINK_NOFOLLOW;
        if self.form.owners {
            let (uid, gid) = (Uid::from_raw(record.uid), Gid::from_raw(record.gid));
            chownat(&up.fd, name, Some(uid), Some(gid), here).map_err(fault)?;
        }
        utimensat(&up.fd, name, &times(record.mtime), here).map_err(fault)
    }

    /// `.wh.name` deletes, `.wh..wh..opq` empties the folder; both speak of lower layers only, so that
    /// what this layer has of the same name stays.
    fn hide(&mut self, up: &Place, hidden: &str) -> Result<(), Error> {
        match hidden {
            ".wh..opq" => return self.tree.hide(&up.path),
            // Other marks are those of file systems of long ago.
            hidden if hidden.is_empty() || hidden.starts_with(".wh.") => return Ok(()),
            "." | ".." => return Ok(()),
            _ => {}
        }
        let path = super::tree::join(&up.path, hidden);
        // Nobody needs a privilege for this one device.
        let kind = FileType::CharacterDevice;
        match mknodat(&up.fd, hidden, kind, Mode::empty(), makedev(0, 0)) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => {
                let stat = self.tree.stat(up, hidden)?;
                match stat.is_some_and(|stat| is(&stat, FileType::Directory)) {
                    true => self.tree.hide(&path),
                    false => Ok(()),
                }
            }
            Err(errno) => Err(self.tree.fault(&path, errno)),
        }
    }
}

fn attributes(record: &Record) -> Attributes {
    let Record { mode, uid, gid, mtime, .. } = *record;
    Attributes { mode, uid, gid, mtime: Some(mtime) }
}
