//! Finds where this process may make cgroups.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{Controller, Place, unified};

/// Where cgroups are made, for each controller that can be used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Driver {
    pub(crate) places: BTreeMap<Controller, Place>,
    /// Why others cannot be.
    pub(crate) why: Option<String>,
}

/// What our cgroups are called. There follow the namespace and the number of the process that made
/// them: containers may share a tree of cgroups, and then each has a process 7.
const PREFIX: &str = "plimsoll-";

fn prefix() -> String {
    let namespace = fs::metadata("/proc/self/ns/pid").map_or(0, |ns| ns.ino());
    format!("{PREFIX}{namespace}-")
}

impl Driver {
    /// What the cgroups of a container are called.
    pub(crate) fn name(&self, number: u32) -> String {
        format!("{}{}-{number}", prefix(), std::process::id())
    }

    /// Looks at what is mounted and where this process is.
    pub(crate) fn find() -> Self {
        let mounted = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mut driver = Self::default();
        for hierarchy in hierarchies(&mounted, &own) {
            match &hierarchy.controllers {
                Some(names) => driver.add_v1(&hierarchy, names),
                None => driver.add_v2(&hierarchy),
            }
        }
        if driver.places.is_empty() && driver.why.is_none() {
            driver.why = Some("no cgroups are mounted at /sys/fs/cgroup".to_owned());
        }
        driver
    }

    fn add_v1(&mut self, hierarchy: &Hierarchy, names: &[String]) {
        let wanted: Vec<Controller> = Controller::ALL
            .into_iter()
            .filter(|c| names.iter().any(|name| name == c.names().0))
            .collect();
        if wanted.is_empty() {
            return;
        }
        if !is_writable(&hierarchy.own) {
            self.refused(&hierarchy.own);
            return;
        }
        sweep(&hierarchy.own);
        let name = hierarchy
            .mount
            .file_name()
            .map_or(String::new(), |name| format!("/{}", name.to_string_lossy()));
        for controller in wanted {
            let place = Place { v2: false, dir: hierarchy.own.clone(), name: name.clone() };
            self.places.insert(controller, place);
        }
    }

    fn add_v2(&mut self, hierarchy: &Hierarchy) {
        // On a hybrid host the tree of v2 is there and has no controllers.
        let offered = fs::read_to_string(hierarchy.own.join("cgroup.controllers"));
        let missing = |c: &Controller| {
            !self.places.contains_key(c) && c.names().1.is_none_or(|name| has(&offered, name))
        };
        let wanted: Vec<Controller> = Controller::ALL.into_iter().filter(missing).collect();
        if wanted.iter().all(|c| c.names().1.is_none()) {
            return;
        }
        let names: Vec<&str> = wanted.iter().filter_map(|c| c.names().1).collect();
        match unified::parent(&hierarchy.mount, &hierarchy.own, &names) {
            Ok((dir, enabled)) => {
                sweep(&dir);
                for controller in wanted {
                    if controller.names().1.is_none_or(|name| enabled.iter().any(|e| e == name)) {
                        let place = Place { v2: true, dir: dir.clone(), name: String::new() };
                        self.places.insert(controller, place);
                    }
                }
            }
            Err(why) => self.why = Some(why),
        }
    }

    fn refused(&mut self, dir: &Path) {
        self.why = Some(format!("{} cannot be written to", dir.display()));
    }
}

fn has(words: &std::io::Result<String>, word: &str) -> bool {
    words.as_ref().is_ok_and(|words| words.split_whitespace().any(|w| w == word))
}

/// A tree of cgroups that is mounted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    /// The controllers of v1; nothing for v2.
    controllers: Option<Vec<String>>,
    mount: PathBuf,
    /// The folder that this process is in, or the uppermost that can be seen.
    own: PathBuf,
}

/// Reads `/proc/self/mountinfo` and `/proc/self/cgroup`.
pub(super) fn hierarchies(mounted: &str, own: &str) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in mounted.lines() {
        let Some((left, right)) = line.split_once(" - ") else { continue };
        let left: Vec<&str> = left.split(' ').collect();
        let right: Vec<&str> = right.split(' ').collect();
        let (Some(root), Some(mount)) = (left.get(3), left.get(4)) else { continue };
        let controllers: Option<Vec<String>> = match right.first() {
            Some(&"cgroup") => {
                let options = right.get(2).copied().unwrap_or("");
                Some(options.split(',').map(str::to_owned).collect())
            }
            Some(&"cgroup2") => None,
            _ => continue,
        };
        let mount = PathBuf::from(mount);
        let path = own_path(own, controllers.as_deref());
        let inside = path.and_then(|path| path.strip_prefix(root).map(str::to_owned));
        let inside = inside.filter(|inside| !inside.contains("..")).unwrap_or_default();
        let inside = inside.trim_matches('/');
        let dir = mount.join(inside);
        // What cannot be seen from here is not where they are made.
        let own = if !inside.is_empty() && dir.is_dir() { dir } else { mount.clone() };
        // The same tree may be mounted twice.
        if found.iter().all(|known| known.controllers != controllers) {
            found.push(Hierarchy { controllers, mount, own });
        }
    }
    // What v1 has, v2 has not.
    found.sort_by_key(|hierarchy| hierarchy.controllers.is_none());
    found
}

fn own_path<'o>(own: &'o str, controllers: Option<&[String]>) -> Option<&'o str> {
    own.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, names, path) = (parts.next()?, parts.next()?, parts.next()?);
        let is_it = match controllers {
            None => number == "0" && names.is_empty(),
            Some(controllers) => {
                !names.is_empty()
                    && names.split(',').all(|name| controllers.iter().any(|c| c == name))
            }
        };
        is_it.then_some(path)
    })
}

pub(super) fn is_writable(dir: &Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Removes what a run left that was killed together with its keeper: the container may run yet.
fn sweep(parent: &Path) {
    let prefix = prefix();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(&*prefix));
        let owner = owner.and_then(|rest| rest.split('-').next()).and_then(|pid| pid.parse().ok());
        let Some(pid) = owner.and_then(Pid::from_raw) else { continue };
        // One that is there but another's may not be asked.
        if test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
            end_all(&entry.path());
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Ends the processes of a cgroup, and waits a moment for that.
fn end_all(cgroup: &Path) {
    for _ in 0..50 {
        let procs = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
        let pids: Vec<Pid> =
            procs.lines().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect();
        if pids.is_empty() {
            return;
        }
        for pid in pids {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mounted: &str, own: &str) -> Vec<(Option<String>, String)> {
        let all = hierarchies(mounted, own).into_iter();
        all.map(|h| (h.controllers.map(|c| c.join(",")), h.own.display().to_string())).collect()
    }

    #[test]
    fn a_hybrid_host_has_both() {
        let mounted = "\
30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 25 0:29 / /tmp rw - tmpfs tmpfs rw
";
        let own = "3:memory:/no/such/folder\n1:cpu:/\n0::/\n";
        let text = |t: &str| Some(t.to_owned());
        assert_eq!(
            found(mounted, own),
            [
                (text("rw,cpu"), "/sys/fs/cgroup/cpu".to_owned()),
                (text("rw,memory"), "/sys/fs/cgroup/memory".to_owned()),
                (None, "/sys/fs/cgroup/unified".to_owned()),
            ]
        );
    }

    #[test]
    fn a_path_that_leads_out_is_not_followed() {
        let mounted = "30 25 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        assert_eq!(found(mounted, "0::/../../etc\n"), [(None, "/sys/fs/cgroup".to_owned())]);
        assert_eq!(found("nonsense\n - cgroup2\n", "x"), []);
    }
}
