//! What this machine lets a container have.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::thread::{CapabilitySet, capabilities};

use crate::cgroup::{Controller, Driver};
use crate::error::{Error, Kind};

/// This machine, as far as containers go.
#[derive(Clone, Debug)]
pub struct Host {
    /// Whether this process may do without a user namespace.
    pub(crate) is_root: bool,
    pub(crate) driver: Driver,
    /// A folder that containers mount over, each in a namespace of its own.
    pub(crate) seat: PathBuf,
}

/// What can be limited, and counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limited {
    /// Processors.
    pub cpus: bool,
    /// Memory.
    pub memory: bool,
    /// Processes.
    pub pids: bool,
    /// Why not all of it, and what to do.
    pub why: Option<String>,
}

impl Host {
    /// Looks what this process may do here. `seat` is a folder of the caller that nothing else
    /// uses, and that holds no layers; it is made where it is not there, and stays empty.
    ///
    /// # Errors
    /// Where containers cannot be made at all.
    pub fn probe(seat: &Path) -> Result<Self, Error> {
        crate::sys::learn_of_children();
        let is_root = capabilities(None).is_ok_and(|sets| {
            rustix::process::geteuid().is_root()
                && sets.effective.contains(CapabilitySet::SYS_ADMIN)
        });
        if !is_root {
            let most = fs::read_to_string("/proc/sys/user/max_user_namespaces");
            if most.is_ok_and(|most| most.trim() == "0") {
                let what = "this machine lets only root make containers: user namespaces are off";
                return Err(Error::new(Kind::Host, what)
                    .hint("sysctl user.max_user_namespaces=10000, or run it as root"));
            }
        }
        fs::create_dir_all(seat)
            .map_err(|e| Error::io(format_args!("cannot make {}", seat.display()), &e))?;
        let seat = seat
            .canonicalize()
            .map_err(|e| Error::io(format_args!("cannot find {}", seat.display()), &e))?;
        Ok(Self { is_root, driver: Driver::find(), seat })
    }

    /// Whether containers have the users of their images; else they have one.
    #[must_use]
    pub fn has_users(&self) -> bool {
        self.is_root
    }

    /// What can be limited here.
    #[must_use]
    pub fn limited(&self) -> Limited {
        let has = |of: Controller| self.driver.places.contains_key(&of);
        let (cpus, memory, pids) = (
            has(Controller::Cpu) && has(Controller::Account),
            has(Controller::Memory),
            has(Controller::Pids),
        );
        let why = self.driver.why.clone().filter(|_| !(cpus && memory && pids));
        Limited { cpus, memory, pids, why }
    }

    /// Which form of cgroups is used.
    #[must_use]
    pub fn cgroups(&self) -> &'static str {
        let mut forms: Vec<bool> = self.driver.places.values().map(|place| place.v2).collect();
        forms.dedup();
        match forms.as_slice() {
            [] => "no cgroups",
            [true] => "cgroup v2",
            [false] => "cgroup v1",
            _ => "cgroup v1 and v2",
        }
    }
}
