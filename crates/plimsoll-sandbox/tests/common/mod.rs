//! A root made of busybox and of one program that tries what it should not, and a way to run things in it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each file uses its part of it")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use plimsoll_sandbox::{Container, Ended, Error, Host, Limits, Network, Spec};

/// Long enough for any machine: nothing may hang for ever.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A folder that is gone with its test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("jail-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(crate) fn link(&self, path: &str, to: impl AsRef<Path>) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(to, path).unwrap();
    }

    pub(crate) fn folder(&self, path: &str, mode: u32) {
        let path = self.0.join(path);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn busybox() -> PathBuf {
    let places = ["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from);
    let found = places.into_iter().find(|place| place.is_file());
    found.unwrap_or_else(|| panic!("busybox is not there: apt-get install busybox-static"))
}

/// The program that tries what a shell cannot; compiled once for a test.
fn probe() -> &'static Path {
    static PROBE: OnceLock<PathBuf> = OnceLock::new();
    PROBE.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/probe.c");
        let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probe");
        let time = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
        if made.is_file() && time(&made) > time(&source) {
            return made;
        }
        let new = made.with_extension(std::process::id().to_string());
        let mut cc = Command::new("cc");
        let done = cc.args(["-static", "-O1", "-o"]).arg(&new).arg(&source);
        assert!(done.status().unwrap().success(), "the probe is not compiled");
        fs::rename(&new, &made).unwrap();
        made
    })
}

/// The root that tests share: it is only read.
fn shared() -> PathBuf {
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join("root");
    // Tests are processes of their own.
    let lock = fs::File::create(made.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let time = |path: &Path| path.metadata().and_then(|m| m.modified()).ok();
    if time(&made.join("bin/probe")) < time(probe()) {
        let new = base();
        let whole = Path::new(env!("CARGO_TARGET_TMPDIR")).join(new.0.file_name().unwrap());
        // To another file system nothing can be moved at once.
        let copied = Command::new("cp").arg("-a").arg(&new.0).arg(&whole).status().unwrap();
        assert!(copied.success());
        let _ = fs::remove_dir_all(&made);
        fs::rename(&whole, &made).unwrap();
    }
    made
}

/// A root with a shell.
pub(crate) fn base() -> Folder {
    let root = Folder::new();
    let copy = |from: &Path, to: &str| root.file(to, fs::read(from).unwrap(), 0o755);
    let shell = copy(&busybox(), "bin/busybox");
    let applets = Command::new(shell).arg("--list").output().unwrap().stdout;
    for applet in String::from_utf8(applets).unwrap().lines().filter(|name| *name != "busybox") {
        symlink("busybox", root.0.join("bin").join(applet)).unwrap();
    }
    copy(probe(), "bin/probe");
    root.file("etc/passwd", "root:x:0:0:root:/:/bin/sh\n", 0o644);
    root.folder("tmp", 0o1777);
    root
}

/// What is run, and where.
pub(crate) struct Jail {
    pub(crate) host: Host,
    pub(crate) seat: Folder,
    pub(crate) spec: Spec,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) ended: Ended,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A root that was made for a process that cannot make one.
pub(crate) const HANDED: &str = "PLIMSOLL_TEST_ROOT";

impl Jail {
    pub(crate) fn new() -> Self {
        let seat = Folder::new();
        let host = Host::probe(&seat.0).unwrap();
        let handed = std::env::var_os(HANDED).map(PathBuf::from);
        let layer = handed.unwrap_or_else(shared);
        let spec = Spec {
            layers: vec![layer],
            env: vec![("PATH".to_owned(), "/bin".to_owned())],
            kept: 1 << 20,
            ..Spec::default()
        };
        Self { host, seat, spec }
    }

    pub(crate) fn over(mut self, layer: &Folder) -> Self {
        self.spec.layers.push(layer.0.clone());
        self
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.spec.args = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    pub(crate) fn sh(self, script: &str) -> Self {
        self.args(&["sh", "-c", script])
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.spec.limits = limits;
        self
    }

    pub(crate) fn network(mut self, network: Network) -> Self {
        self.spec.network = network;
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Spec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(crate) fn start(&self) -> Result<Container, Error> {
        self.host.prepare(&self.spec)?.start()
    }

    pub(crate) fn run(&self) -> Done {
        finish(self.start().unwrap_or_else(|error| panic!("not started: {error}")))
    }

    pub(crate) fn error(&self) -> Error {
        match self.start() {
            Ok(container) => panic!("it was started: {:?}", finish(container)),
            Err(error) => error,
        }
    }
}

pub(crate) fn finish(mut container: Container) -> Done {
    let ended = container.wait(LONG);
    let (out, err) = container.printed();
    let (out, err) = (out.text(), err.text());
    let ended = ended.unwrap_or_else(|| panic!("it runs yet: {out}{err}"));
    Done { ended, out, err }
}

/// Runs a script in a jail; what it printed.
pub(crate) fn sh(script: &str) -> String {
    let done = Jail::new().sh(script).run();
    format!("{}{}", done.out, done.err)
}

/// Waits for something that is about to be; false where it never is.
pub(crate) fn soon(mut is: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        if is() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    is()
}

/// Every folder of every tree of cgroups that has `part` in its name.
pub(crate) fn cgroups(part: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![(PathBuf::from("/sys/fs/cgroup"), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            if entry.file_name().to_string_lossy().contains(part) {
                found.push(entry.path());
            }
            if depth < 5 {
                waiting.push((entry.path(), depth + 1));
            }
        }
    }
    found
}

/// The processes whose command line has `part` in it; one that has ended has none.
pub(crate) fn processes(part: &str) -> Vec<i32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let has = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(part)
    };
    all.filter(has).collect()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
