//! What the processes that are made need, laid out before they are: they may not allocate.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::thread::{CapabilitySet, Gid, Uid};
use seccompiler::BpfProgram;

use crate::cgroup::Group;
use crate::error::{Error, Kind};
use crate::link::Link;
use crate::sys::Words;
use crate::{Network, Spec, seccomp};

/// A file that is written into the root before anything runs in it.
pub(crate) struct Written {
    /// The folders that it needs, the uppermost first.
    pub(crate) folders: Vec<CString>,
    pub(crate) path: CString,
    pub(crate) bytes: Vec<u8>,
    /// Whether it is written through the finished root: its folders are not as they would be made.
    pub(crate) late: bool,
}

/// The root and everything mounted in it.
pub(crate) struct Root {
    /// A folder to mount over; what is in it does not matter.
    pub(crate) seat: CString,
    /// The options of the tmpfs that takes what is written.
    pub(crate) scratch: CString,
    /// Short names of the layers, and where they lie: a list of long paths does not fit.
    pub(crate) layers: Vec<(CString, CString)>,
    /// The options of the overlay.
    pub(crate) overlay: CString,
    pub(crate) written: Vec<Written>,
    /// Its cgroups, each bound under `/sys/fs/cgroup`, or in its place.
    pub(crate) cgroups: Vec<(CString, CString)>,
    /// Whether that is one tree for all controllers.
    pub(crate) unified: bool,
    /// Whether one of its users is this machine's root: then what could change the machine is covered.
    pub(crate) covers: bool,
}

/// What becomes of the first process.
pub(crate) struct Program {
    pub(crate) hostname: Vec<u8>,
    pub(crate) cwd: CString,
    /// The folders of `cwd`, the uppermost first.
    pub(crate) folders: Vec<CString>,
    /// Where the program may be, in the order in which it is looked for.
    pub(crate) candidates: Vec<CString>,
    pub(crate) args: Words,
    pub(crate) env: Words,
    pub(crate) user: Uid,
    pub(crate) group: Gid,
    /// Further groups; nothing where they cannot be set.
    pub(crate) groups: Option<Vec<Gid>>,
    pub(crate) capabilities: CapabilitySet,
    pub(crate) filters: Vec<BpfProgram>,
}

/// The ends that the processes use; the others stay with this one.
pub(crate) struct Ends {
    pub(crate) control: Link,
    pub(crate) launch: Link,
    /// From the launcher to the keeper.
    pub(crate) told: Link,
    pub(crate) telling: Link,
    pub(crate) nothing: OwnedFd,
    pub(crate) out: OwnedFd,
    pub(crate) err: OwnedFd,
    pub(crate) status: OwnedFd,
}

/// Everything.
pub(crate) struct Plan {
    pub(crate) root: Root,
    pub(crate) program: Program,
    pub(crate) ends: Ends,
    /// Descriptors that are kept, sorted.
    pub(crate) keep: Vec<i32>,
    /// Those that the launcher keeps, sorted.
    pub(crate) launch_keep: Vec<i32>,
    pub(crate) own_user: bool,
    pub(crate) own_network: bool,
    /// Folders of cgroups to remove at the end.
    pub(crate) groups: Vec<CString>,
}

/// What Docker leaves a container, but for making devices.
const CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::AUDIT_WRITE);

/// The address, besides localhost's, at which a container is reached in its own network.
pub(crate) const ADDRESS: [u8; 4] = [169, 254, 8, 1];

pub(crate) fn text(text: impl Into<Vec<u8>>) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error::new(Kind::Spec, "a name has a zero in it"))
}

fn of_path(path: &Path) -> Result<CString, Error> {
    text(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

/// The names of a path, which is taken from the root.
fn parts(path: &str) -> Result<Vec<&str>, Error> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return Err(Error::new(Kind::Spec, format!("the path {path} leads up")));
    }
    Ok(parts)
}

/// Every folder above a path, the uppermost first.
fn folders(path: &str, below: &str, itself: bool) -> Result<Vec<CString>, Error> {
    let parts = parts(path)?;
    let count = if itself { parts.len() } else { parts.len().saturating_sub(1) };
    (1..=count).map(|count| text(format!("{below}/{}", parts[..count].join("/")))).collect()
}

impl Written {
    fn new(layers: &[PathBuf], path: &str, bytes: Vec<u8>, own_user: bool) -> Result<Self, Error> {
        let Some((above, _)) = path.rsplit_once('/').or((!path.is_empty()).then_some(("", "")))
        else {
            return Err(Error::new(Kind::Spec, "a file without a name cannot be written"));
        };
        let late = !is_plain(layers, above, own_user);
        let below = if late { "" } else { "u" };
        let folders = folders(path, below, false)?;
        Ok(Self { folders, path: text(format!("{below}/{path}"))?, bytes, late })
    }
}

/// Whether the folders of a path are not there, or such as are made for a file: then the file can lie
/// over the layers before they are mounted. A folder of somebody else would become
/// root's by that, and a link would be lost with all that is behind it. One that is a stranger's
/// in a user namespace lets nobody write to it, and takes no file otherwise.
fn is_plain(layers: &[PathBuf], folder: &str, own_user: bool) -> bool {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let mut above = ends.filter_map(|end| folder.get(..end)).filter(|above| !above.is_empty());
    above.all(|above| {
        let mut found = layers.iter().map(|layer| layer.join(above).symlink_metadata());
        found.all(|found| match found {
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            Ok(found) => {
                let is_ours = found.uid() == rustix::process::geteuid().as_raw();
                let is_usual = is_ours && found.mode() & 0o7777 == 0o755;
                found.is_dir() && (is_usual || own_user && !is_ours)
            }
        })
    })
}

impl Root {
    pub(crate) fn new(
        spec: &Spec,
        seat: &Path,
        group: &Group,
        own_user: bool,
    ) -> Result<Self, Error> {
        if spec.layers.is_empty() || spec.layers.len() > 500 {
            let what = format!("a root of {} layers cannot be mounted", spec.layers.len());
            return Err(Error::new(Kind::Spec, what));
        }
        let size = spec.limits.memory.map_or(String::new(), |bytes| format!(",size={bytes}"));
        // The one that is seen first comes first.
        let names: Vec<String> = (0..spec.layers.len()).rev().map(|at| format!("l/{at}")).collect();
        let marks = if spec.user_marks || own_user { ",userxattr" } else { "" };
        let overlay = format!("lowerdir={},upperdir=u,workdir=w{marks}", names.join(":"));
        let layer = |(at, path): (usize, &PathBuf)| {
            let whole = std::path::absolute(path).map_err(|e| Error::io("the layers", &e))?;
            Ok((text(format!("l/{at}"))?, of_path(&whole)?))
        };
        let hosts = match spec.network {
            Network::Own => {
                let [a, b, c, d] = ADDRESS;
                let name = &spec.hostname;
                format!("127.0.0.1 localhost\n::1 localhost\n{a}.{b}.{c}.{d} {name}\n").into_bytes()
            }
            Network::Host => std::fs::read("/etc/hosts").unwrap_or_default(),
        };
        let mut files = BTreeMap::from([("etc/hosts".to_owned(), hosts)]);
        if spec.network == Network::Host {
            let names = std::fs::read("/etc/resolv.conf").unwrap_or_default();
            files.insert("etc/resolv.conf".to_owned(), names);
        }
        for (path, bytes) in &spec.files {
            files.insert(parts(path)?.join("/"), bytes.clone());
        }
        let written =
            |(path, bytes): (String, Vec<u8>)| Written::new(&spec.layers, &path, bytes, own_user);
        let cgroup = |(dir, name): (&Path, &str)| {
            Ok((of_path(dir)?, text(format!("/sys/fs/cgroup{name}"))?))
        };
        Ok(Self {
            seat: of_path(seat)?,
            scratch: text(format!("mode=0755{size}"))?,
            layers: spec.layers.iter().enumerate().map(layer).collect::<Result<_, Error>>()?,
            overlay: text(overlay)?,
            written: files.into_iter().map(written).collect::<Result<_, Error>>()?,
            cgroups: group.seen().into_iter().map(cgroup).collect::<Result<_, Error>>()?,
            unified: group.is_unified(),
            // In a namespace, too, root of this machine may write to what is root's.
            covers: !own_user || rustix::process::geteuid().is_root(),
        })
    }
}

impl Program {
    pub(crate) fn new(spec: &Spec, own_user: bool) -> Result<Self, Error> {
        let name = spec.args.first().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::new(Kind::NoProgram, "no program is named"))?;
        let zero = |_| Error::new(Kind::Spec, "an argument or a variable has a zero in it");
        let env = spec.env.iter().map(|(name, value)| format!("{name}={value}"));
        let cwd = if spec.cwd.is_empty() { "/" } else { &spec.cwd };
        let gid = |group: &u32| Gid::from_raw(*group);
        Ok(Self {
            hostname: spec.hostname.clone().into_bytes(),
            cwd: text(cwd)?,
            folders: folders(cwd, "", true)?,
            candidates: candidates(name, spec)?,
            args: Words::new(spec.args.iter().cloned()).map_err(zero)?,
            env: Words::new(env).map_err(zero)?,
            user: Uid::from_raw(spec.user),
            group: Gid::from_raw(spec.group),
            // Without root there is one user and one group.
            groups: (!own_user).then(|| spec.groups.iter().map(gid).collect()),
            capabilities: CAPABILITIES,
            filters: seccomp::filters()?,
        })
    }
}

/// Where a program may be: as a shell looks for it.
fn candidates(name: &str, spec: &Spec) -> Result<Vec<CString>, Error> {
    if name.contains('/') {
        return Ok(vec![text(name)?]);
    }
    let path = spec.env.iter().rev().find(|(name, _)| name == "PATH");
    let path =
        path.map_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", |(_, p)| p);
    let folder = |folder: &str| if folder.is_empty() { ".".to_owned() } else { folder.to_owned() };
    path.split(':').map(|at| text(format!("{}/{name}", folder(at)))).collect()
}
