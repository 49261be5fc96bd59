//! What the store's folder allows: whether owners are kept, and how an opaque folder is marked.

use std::fs::{self, File};
use std::path::Path;

use rustix::fs::{Gid, Uid, XattrFlags, fchown, fsetxattr};
use rustix::process::geteuid;

/// The names of the attributes that mark a folder for overlayfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// `trusted.overlay.…`: only root may set them, and every overlay reads them.
    Trusted,
    /// `user.overlay.…`: an overlay reads them when it is mounted with `userxattr`.
    User,
}

impl Marks {
    /// The attribute of a folder that hides what lower layers have in it.
    #[must_use]
    pub fn opaque(self) -> &'static str {
        match self {
            Self::Trusted => "trusted.overlay.opaque",
            Self::User => "user.overlay.opaque",
        }
    }
}

/// How layers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Whether files get the owners that the image gives them; otherwise they are the caller's.
    pub owners: bool,
    /// How folders are marked.
    pub marks: Marks,
}

impl Form {
    /// Tries what a folder allows: root in a container, or in a namespace of users, may less than root.
    pub(super) fn of(folder: &Path) -> std::io::Result<Self> {
        let probe = folder.join(format!("probe-{}", super::fresh::unique()));
        fs::create_dir(&probe)?;
        let tried = File::open(&probe).map(|file| {
            let set = fsetxattr(&file, Marks::Trusted.opaque(), b"y", XattrFlags::empty());
            let marks = if set.is_ok() { Marks::Trusted } else { Marks::User };
            let (user, group) = (Uid::from_raw(1), Gid::from_raw(1));
            let owners = geteuid().is_root() && fchown(&file, Some(user), Some(group)).is_ok();
            Self { owners, marks }
        });
        fs::remove_dir(&probe)?;
        tried
    }

    /// The part of the store that holds layers of this form: they are not to be mixed.
    pub(super) fn name(self) -> &'static str {
        match (self.owners, self.marks) {
            (true, Marks::Trusted) => "root",
            (true, Marks::User) => "owners",
            (false, Marks::Trusted) => "trusted",
            (false, Marks::User) => "user",
        }
    }
}
