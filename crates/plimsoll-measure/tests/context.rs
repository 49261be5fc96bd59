//! Contexts measured on real folders.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test on real folders")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_measure::context::{
    Category, ContextReport, ContextRequest, Follow, IgnoreSource, Totals, measure,
    which_ignore_file, why,
};
use plimsoll_syntax::ignorefile::IgnoreFile;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A folder that goes away with its owner.
struct TempDir(PathBuf);

impl TempDir {
    /// Makes the files, each with as many bytes as told.
    fn with(files: &[(&str, usize)]) -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("plimsoll-context-{}-{number}", std::process::id());
        let root = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&root.0).unwrap();
        for (path, bytes) in files {
            let path = root.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![b'x'; *bytes]).unwrap();
        }
        root
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn request(&self, ignore: &str) -> ContextRequest {
        let source = IgnoreSource { path: ".dockerignore".to_owned(), text: ignore.to_owned() };
        let ignore = Some(source).filter(|source| !source.text.is_empty());
        ContextRequest { root: self.0.clone(), ignore, ..Default::default() }
    }

    fn measured(&self, ignore: &str) -> ContextReport {
        measure(&self.request(ignore)).unwrap()
    }

    fn followed(&self, ignore: &str, paths: &[&str]) -> ContextReport {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        measure(&ContextRequest { follow: Follow::Paths(paths), ..self.request(ignore) }).unwrap()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn totals(bytes: u64, files: u64, folders: u64, links: u64) -> Totals {
    Totals { bytes, files, folders, links }
}

fn project() -> TempDir {
    TempDir::with(&[
        ("app.py", 10),
        ("README.md", 20),
        ("src/a.py", 30),
        ("src/deep/er/b.py", 40),
        ("node_modules/x/index.js", 1000),
        ("node_modules/x/keep.js", 7),
        ("dist/app.js", 500),
    ])
}

#[test]
fn counts_all_without_an_ignore_file() {
    let report = project().measured("");
    assert_eq!(report.sent, totals(1607, 7, 6, 0));
    assert_eq!(report.unfiltered, None);
    assert_eq!(report.categories[0], (Category::DependencyFolders, totals(1007, 2, 0, 0)));
    assert_eq!(report.largest_files[0], ("node_modules/x/index.js".to_owned(), 1000));
    assert_eq!(report.largest_files.len(), 7);
    let summed: u64 = report.folders.iter().map(|(_, bytes, _)| bytes).sum();
    assert_eq!(summed, report.sent.bytes);
    assert!(report.folders.contains(&("src/deep/er".to_owned(), 40, 1)));
}

#[test]
fn leaves_out_what_is_ignored_and_counts_hits() {
    let report = project().measured("node_modules\ndist\n*.md\nabsent\n");
    assert_eq!(report.sent, totals(80, 3, 3, 0));
    assert_eq!(report.pattern_hits, [1, 1, 1, 0]);
}

#[test]
fn measures_what_is_left_out_when_asked() {
    let tree = project();
    let request = ContextRequest { measure_excluded: true, ..tree.request("node_modules\ndist") };
    let report = measure(&request).unwrap();
    assert_eq!(report.sent, totals(100, 4, 3, 0));
    assert_eq!(report.unfiltered, Some(totals(1607, 7, 6, 0)));
    assert_eq!(report.pattern_hits, [1, 1]);
    let follow = Follow::Paths(vec!["src/a.py".to_owned()]);
    let report = measure(&ContextRequest { follow, ..request }).unwrap();
    assert_eq!(report.sent, totals(30, 1, 1, 0));
    assert_eq!(report.unfiltered, Some(totals(1607, 7, 6, 0)));
}

#[test]
fn exceptions_bring_back_paths_and_the_folders_above_them() {
    let tree = project();
    let report = tree.measured("*\n!src/deep\n!node_modules/x/keep.js\n");
    assert_eq!(report.sent, totals(47, 2, 5, 0));
    assert_eq!(tree.measured("**\n!**/*.py").sent, totals(80, 3, 3, 0));
    assert_eq!(tree.measured("**\n!none/x").sent, totals(0, 0, 0, 0));
}

#[test]
fn follows_only_what_is_copied() {
    let tree = project();
    assert_eq!(tree.followed("", &["src"]).sent, totals(70, 2, 3, 0));
    assert_eq!(tree.followed("", &["./src/*.py", "/app.py"]).sent, totals(40, 2, 1, 0));
    assert_eq!(tree.followed("", &["*/x/keep.js"]).sent, totals(7, 1, 2, 0));
    assert_eq!(tree.followed("", &["src", "."]).sent, tree.measured("").sent);
    assert_eq!(tree.followed("", &[]).sent, Totals::default());
    assert_eq!(tree.followed("src/deep", &["src"]).sent, totals(30, 1, 1, 0));
}

#[cfg(unix)]
#[test]
fn links_are_counted_and_never_followed() {
    let tree = TempDir::with(&[("a/b", 5)]);
    std::os::unix::fs::symlink("..", tree.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("/etc", tree.path().join("etc")).unwrap();
    std::os::unix::fs::symlink("nowhere", tree.path().join("broken")).unwrap();
    assert_eq!(tree.measured("").sent, totals(5, 1, 1, 3));
    assert_eq!(tree.measured("etc").sent, totals(5, 1, 1, 2));
}

#[cfg(unix)]
#[test]
fn fifos_are_told_and_never_opened() {
    let tree = TempDir::with(&[("a", 5)]);
    let made = Command::new("mkfifo").arg(tree.path().join("pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        println!("no mkfifo here, nothing checked");
        return;
    }
    let report = tree.measured("");
    assert_eq!(report.sent, totals(5, 1, 0, 0));
    assert_eq!(report.special, ["pipe"]);
    assert!(tree.measured("pipe").special.is_empty());
}

#[cfg(unix)]
#[test]
fn unreadable_folders_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let tree = TempDir::with(&[("a", 5), ("closed/b", 6)]);
    let closed = tree.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let root = fs::read_dir(&closed).is_ok();
    let report = tree.measured("");
    let pruned = tree.measured("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    if root {
        println!("running as root, nothing checked");
        return;
    }
    assert_eq!(report.sent, totals(5, 1, 1, 0));
    assert_eq!(report.unreadable[0].0, "closed");
    assert!(pruned.unreadable.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let tree = TempDir::with(&[]);
    let folder = tree.path().join(std::ffi::OsStr::from_bytes(b"b\xffd"));
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("a"), "xyz").unwrap();
    assert_eq!(tree.measured("").largest_files, [("b\u{fffd}d/a".to_owned(), 3)]);
}

#[test]
fn the_dockerfile_travels_apart() {
    let tree = TempDir::with(&[("Dockerfile", 11), (".dockerignore", 2), ("a", 1)]);
    let dockerfile = Some("Dockerfile".to_owned());
    let report = measure(&ContextRequest { dockerfile, ..tree.request("*\n") }).unwrap();
    assert_eq!(report.sent, Totals::default());
    assert_eq!(report.dockerfile, totals(13, 2, 0, 0));
}

#[test]
fn faults_are_errors() {
    let tree = project();
    let kind = |ignore: &str| measure(&tree.request(ignore)).unwrap_err().kind();
    assert_eq!(kind("!\n"), std::io::ErrorKind::InvalidData);
    assert_eq!(kind("[l-O]\n"), std::io::ErrorKind::InvalidData);
    let absent = ContextRequest { root: tree.path().join("absent"), ..Default::default() };
    assert_eq!(measure(&absent).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn wide_and_deep_trees_add_up() {
    let names: Vec<String> =
        (0..250).map(|n| format!("d{}/e{}/f{n}/g/h/x", n % 9, n % 5)).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), 3)).collect();
    let report = TempDir::with(&files).measured("**/nothing");
    assert_eq!(report.sent, totals(750, 250, 9 + 45 + 250 * 3, 0));
    assert!(report.folders.len() <= 200);
    assert_eq!(report.folders.iter().map(|(_, _, files)| files).sum::<u64>(), 250);
    assert_eq!(report.largest_files.len(), 20);
}

#[test]
fn the_ignore_file_beside_the_dockerfile_wins() {
    let both = |path: &str| ["svc/Dockerfile.dockerignore", "svc/.dockerignore"].contains(&path);
    let found = which_ignore_file(both, "svc", "svc/Dockerfile");
    assert_eq!(found.as_deref(), Some("svc/Dockerfile.dockerignore"));
    let found = which_ignore_file(both, "svc/", "docker/Dockerfile");
    assert_eq!(found.as_deref(), Some("svc/.dockerignore"));
    let only = |path: &str| path == ".dockerignore";
    assert_eq!(which_ignore_file(only, ".", "Dockerfile").as_deref(), Some(".dockerignore"));
    assert_eq!(which_ignore_file(|_| false, "", "Dockerfile"), None);
}

#[test]
fn tells_why() {
    let file = IgnoreFile::parse("# all\n*\n\n!src\n");
    let because = |path: &str| why(&file.patterns, path).unwrap();
    assert_eq!(because("a/b").by, Some((2, "*".to_owned())));
    assert!(because("a/b").ignored);
    assert_eq!(because("src/a").by, Some((4, "!src".to_owned())));
    assert!(!because("src/a").ignored);
}
