//! Cgroups: v1, v2, and hosts that have some controllers in the one and some in the other.

mod find;
mod unified;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::Limits;
use crate::error::Error;

pub(crate) use find::Driver;

/// What is counted or limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    Cpu,
    Account,
    Memory,
    Pids,
    Io,
}

impl Controller {
    pub(crate) const ALL: [Self; 5] =
        [Self::Cpu, Self::Account, Self::Memory, Self::Pids, Self::Io];

    /// Its name in v1 and, where it is a controller there, in v2.
    pub(crate) fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Cpu => ("cpu", Some("cpu")),
            // Every cgroup of v2 counts the time of its processes.
            Self::Account => ("cpuacct", None),
            Self::Memory => ("memory", Some("memory")),
            Self::Pids => ("pids", Some("pids")),
            Self::Io => ("blkio", Some("io")),
        }
    }
}

/// A folder of a hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) v2: bool,
    pub(crate) dir: PathBuf,
    /// What the hierarchy is called where it is mounted: `cpu,cpuacct`.
    pub(crate) name: String,
}

/// The cgroups of one container.
#[derive(Debug)]
pub(crate) struct Group {
    places: BTreeMap<Controller, Place>,
}

/// How long a period of a quota is, in microseconds: that of platforms and engines.
const PERIOD: u64 = 100_000;

impl Group {
    /// Makes the cgroups below the places of the driver. What was made goes again where one cannot be.
    pub(crate) fn create(driver: &Driver, name: &str, limits: &Limits) -> Result<Self, Error> {
        let below = |place: &Place| Place { dir: place.dir.join(name), ..place.clone() };
        let places = driver.places.iter().map(|(of, place)| (*of, below(place))).collect();
        let group = Self { places };
        for dir in group.dirs() {
            // One of that name is left of a process that had the number of this one.
            let made = fs::create_dir(dir).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => fs::remove_dir(dir).and(fs::create_dir(dir)),
                _ => Err(error),
            });
            made.map_err(|e| at(dir, &e))?;
        }
        group.limit(limits)?;
        Ok(group)
    }

    /// Each folder once.
    pub(crate) fn dirs(&self) -> Vec<&Path> {
        let mut dirs: Vec<&Path> = self.places.values().map(|place| &*place.dir).collect();
        dirs.sort_unstable();
        dirs.dedup();
        dirs
    }

    /// What the container sees below `/sys/fs/cgroup`: a folder of this machine, and a name.
    pub(crate) fn seen(&self) -> Vec<(&Path, &str)> {
        if self.is_unified() {
            return self.dirs().into_iter().map(|dir| (dir, "")).collect();
        }
        let mut seen: Vec<(&Path, &str)> = Vec::new();
        for place in self.places.values().filter(|place| !place.v2) {
            if seen.iter().all(|(dir, _)| *dir != place.dir) {
                seen.push((&place.dir, &place.name));
            }
        }
        seen
    }

    /// Whether all of it is one tree.
    pub(crate) fn is_unified(&self) -> bool {
        !self.places.is_empty() && self.places.values().all(|place| place.v2)
    }

    fn limit(&self, limits: &Limits) -> Result<(), Error> {
        if let Some(cpus) = limits.cpus {
            self.set_cpus(Some(cpus))?;
        }
        if let Some((bytes, place)) = limits.memory.zip(self.place(Controller::Memory)) {
            match place.v2 {
                true => {
                    put(place, "memory.max", bytes)?;
                    // A kernel without swap has no such file.
                    let _ = put(place, "memory.swap.max", 0);
                }
                false => {
                    put(place, "memory.limit_in_bytes", bytes)?;
                    let _ = put(place, "memory.memsw.limit_in_bytes", bytes);
                }
            }
        }
        // The launcher is one of them until it has started the first.
        self.set_pids(limits.pids.map(|pids| pids.saturating_add(1)))
    }

    /// Limits how many processes and threads there are.
    pub(crate) fn set_pids(&self, pids: Option<u32>) -> Result<(), Error> {
        match pids.zip(self.place(Controller::Pids)) {
            Some((pids, place)) => put(place, "pids.max", pids),
            None => Ok(()),
        }
    }

    /// Changes how many processors it may use; it takes effect at once.
    pub(crate) fn set_cpus(&self, cpus: Option<f64>) -> Result<(), Error> {
        let Some(place) = self.place(Controller::Cpu) else { return Ok(()) };
        // The kernel takes no less than a millisecond.
        let quota = cpus.map(|cpus| ((cpus * PERIOD as f64).round() as u64).max(1000));
        match (place.v2, quota) {
            (true, quota) => {
                let quota = quota.map_or("max".to_owned(), |quota| quota.to_string());
                put(place, "cpu.max", format_args!("{quota} {PERIOD}"))
            }
            (false, Some(quota)) => {
                put(place, "cpu.cfs_period_us", PERIOD)?;
                put(place, "cpu.cfs_quota_us", quota)
            }
            (false, None) => put(place, "cpu.cfs_quota_us", -1),
        }
    }

    /// Moves a process of one thread into them.
    pub(crate) fn take(&self, pid: i32) -> Result<(), Error> {
        let mut done: Vec<&Path> = Vec::new();
        for place in self.places.values() {
            if !done.contains(&&*place.dir) {
                done.push(&place.dir);
                // In v1 moving a thread stops no other process for a while, moving a process does.
                put(place, if place.v2 { "cgroup.procs" } else { "tasks" }, pid)?;
            }
        }
        Ok(())
    }

    pub(crate) fn place(&self, of: Controller) -> Option<&Place> {
        self.places.get(&of)
    }

    /// A file of a controller; nothing where it is not there.
    pub(crate) fn read(&self, of: Controller, v1: &str, v2: &str) -> Option<String> {
        let place = self.place(of)?;
        fs::read_to_string(place.dir.join(if place.v2 { v2 } else { v1 })).ok()
    }

    /// Removes them. Its processes have ended; the kernel may need a moment to notice.
    pub(crate) fn remove(&self) {
        for dir in self.dirs() {
            for _ in 0..200 {
                match fs::remove_dir(dir) {
                    Err(e) if e.kind() == io::ErrorKind::ResourceBusy => {
                        thread::sleep(Duration::from_millis(2));
                    }
                    _ => break,
                }
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.remove();
    }
}

fn put(place: &Place, file: &str, value: impl std::fmt::Display) -> Result<(), Error> {
    let path = place.dir.join(file);
    fs::write(&path, value.to_string()).map_err(|error| at(&path, &error))
}

fn at(path: &Path, error: &io::Error) -> Error {
    Error::io(format_args!("cannot use the cgroup {}", path.display()), error)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A folder of plain files that looks like a tree of cgroups.
    pub(crate) struct Tree(pub(crate) PathBuf);

    impl Tree {
        pub(crate) fn new(files: &[(&str, &str)]) -> Self {
            static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let name = format!("cgroup-tree-{}-{number}", std::process::id());
            let tree = Self(std::env::temp_dir().join(name));
            fs::create_dir(&tree.0).unwrap();
            files.iter().for_each(|(path, text)| tree.write(path, text));
            tree
        }

        pub(crate) fn write(&self, path: &str, text: &str) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        pub(crate) fn read(&self, path: &str) -> String {
            fs::read_to_string(self.0.join(path)).unwrap()
        }

        /// A group of all controllers below it, called `it`.
        pub(crate) fn group(&self, v2: bool, limits: &Limits) -> Group {
            let place = Place { v2, dir: self.0.clone(), name: "/all".to_owned() };
            let places = Controller::ALL.into_iter().map(|of| (of, place.clone())).collect();
            Group::create(&Driver { places, why: None }, "it", limits).unwrap()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const LIMITS: Limits = Limits { cpus: Some(0.5), memory: Some(1 << 20), pids: Some(5) };

    #[test]
    fn limits_are_written_as_v2_wants_them() {
        let tree = Tree::new(&[]);
        let group = tree.group(true, &LIMITS);
        assert_eq!(tree.read("it/cpu.max"), "50000 100000");
        assert_eq!(
            (tree.read("it/memory.max"), tree.read("it/memory.swap.max")),
            ("1048576".to_owned(), "0".to_owned())
        );
        // The launcher is one of them until it is gone.
        assert_eq!(tree.read("it/pids.max"), "6");
        group.set_pids(LIMITS.pids).unwrap();
        assert_eq!(tree.read("it/pids.max"), "5");
        group.set_cpus(Some(0.000_01)).unwrap();
        assert_eq!(tree.read("it/cpu.max"), "1000 100000");
        group.set_cpus(None).unwrap();
        assert_eq!(tree.read("it/cpu.max"), "max 100000");
        group.take(77).unwrap();
        assert_eq!(tree.read("it/cgroup.procs"), "77");
        assert!(group.is_unified());
        assert_eq!(group.seen(), [(&*tree.0.join("it"), "")]);
    }

    #[test]
    fn limits_are_written_as_v1_wants_them() {
        let tree = Tree::new(&[]);
        let group = tree.group(false, &LIMITS);
        let read = |name: &str| tree.read(&format!("it/{name}"));
        assert_eq!(
            (read("cpu.cfs_quota_us"), read("cpu.cfs_period_us")),
            ("50000".to_owned(), "100000".to_owned())
        );
        assert_eq!(read("memory.limit_in_bytes"), read("memory.memsw.limit_in_bytes"));
        group.set_cpus(None).unwrap();
        group.take(77).unwrap();
        assert_eq!((read("cpu.cfs_quota_us"), read("tasks")), ("-1".to_owned(), "77".to_owned()));
        assert_eq!(group.seen(), [(&*tree.0.join("it"), "/all")]);
    }

    #[test]
    fn without_limits_nothing_is_written() {
        let tree = Tree::new(&[]);
        let group = tree.group(true, &Limits::default());
        assert_eq!(fs::read_dir(tree.0.join("it")).unwrap().count(), 0);
        drop(group);
        assert!(!tree.0.join("it").exists());
    }

    #[test]
    fn a_group_of_that_name_is_not_shared() {
        let tree = Tree::new(&[("it/cgroup.procs", "5")]);
        let place = Place { v2: true, dir: tree.0.clone(), name: String::new() };
        let driver = Driver { places: BTreeMap::from([(Controller::Cpu, place)]), why: None };
        assert!(Group::create(&driver, "it", &LIMITS).is_err());
        assert_eq!(tree.read("it/cgroup.procs"), "5");
        fs::remove_file(tree.0.join("it/cgroup.procs")).unwrap();
        assert!(Group::create(&driver, "it", &LIMITS).is_ok());
    }
}
