//! What is to be run, and under what.

use std::path::PathBuf;

use crate::error::{Error, Kind};

/// What is to be run. Nothing of it is trusted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spec {
    /// The folders of its root, the lowest first, in the form of overlayfs. They are only read.
    pub layers: Vec<PathBuf>,
    /// Whether marks of the layers are `user.overlay.…` attributes and not `trusted.…`.
    pub user_marks: bool,
    /// The program and its arguments. One without a slash is looked for along `PATH` of `env`.
    pub args: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// Where it starts; `/` where this is empty. It is made where it is not there.
    pub cwd: String,
    /// Its user.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// Further groups.
    pub groups: Vec<u32>,
    /// What it is called.
    pub hostname: String,
    /// What it may use.
    pub limits: Limits,
    /// What it may reach.
    pub network: Network,
    /// Files that are written into its root: where, and what.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many bytes of each of its streams are kept, half of its beginning and half of its end.
    pub kept: usize,
}

/// What a container may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Processors, as in `0.5`.
    pub cpus: Option<f64>,
    /// Bytes of memory: no swap besides.
    pub memory: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u32>,
}

/// What a container may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Only itself.
    #[default]
    Own,
    /// What this machine reaches: no isolation at all.
    Host,
}

impl Spec {
    /// What the kernel would take for something else, or refuse without a word.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::new(Kind::Spec, what));
        // To the kernel it says "as it is": root.
        let mut ids = [self.user, self.group].into_iter().chain(self.groups.iter().copied());
        if ids.any(|id| id == u32::MAX) {
            return wrong(format!("{} is no user and no group", u32::MAX));
        }
        if self.hostname.len() > 64 || self.hostname.contains(['\n', '\0']) {
            return wrong(format!("a host cannot be called {:?}", self.hostname));
        }
        let Limits { cpus, memory, pids } = self.limits;
        if let Some(cpus) = cpus.filter(|cpus| !(*cpus > 0.0 && *cpus <= 100_000.0)) {
            return wrong(format!("{cpus} processors cannot be had"));
        }
        // No memory at all would mean no limit to a tmpfs.
        if memory == Some(0) || pids == Some(0) {
            return wrong("a container cannot run without memory or processes".to_owned());
        }
        Ok(())
    }
}
