//! The ids of a working tree are those that git gives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use plimsoll_graph::{Kind, Tree, entry_at};

use super::DiskTree;
use crate::history::{History, Recipe, TreeOptions};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("plimsoll-disk-{}-{n}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.git(&["init", "-q", "-b", "main"]);
        folder
    }

    fn git(&self, args: &[&str]) -> String {
        git_in(&self.0, args)
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    /// The tree of the last commit.
    fn tree(&self) -> String {
        self.git(&["rev-parse", "HEAD^{tree}"])
    }

    fn read(&self, below: &str, options: TreeOptions) -> DiskTree {
        let folder = self.0.join(below);
        let history = History::open(&folder).unwrap();
        let recipe = Recipe { dockerfile: "Dockerfile".to_owned(), ..Recipe::default() };
        DiskTree::read(&history, &folder, &recipe, options, &AtomicUsize::new(0)).unwrap()
    }

    fn root(&self) -> String {
        self.read("", TreeOptions::default()).root().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn git_in(folder: &Path, args: &[&str]) -> String {
    let set = ["user.name=Ada", "user.email=ada@example.org", "protocol.file.allow=always"];
    let done = Command::new("git")
        .current_dir(folder)
        .args(set.iter().flat_map(|set| ["-c", set]))
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Files, programs, links, names that git sorts in its own way, a large file.
fn filled() -> Folder {
    let folder = Folder::new();
    for path in ["a", "a.b", "b/x", "b.c", "b-d", "bé/ü", "deep/er/still/f"] {
        folder.write(path, path);
    }
    folder.write("large", &"line\n".repeat(100_000));
    folder.write("run.sh", "#!/bin/sh\n");
    fs::set_permissions(folder.0.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("nowhere/é", folder.0.join("link")).unwrap();
    symlink("b", folder.0.join("folder-link")).unwrap();
    folder.commit();
    folder
}

#[test]
fn a_clean_tree_is_the_commit() {
    let folder = filled();
    assert_eq!(folder.root(), folder.tree());
    // Without an index every file is hashed, and the ids are the same.
    fs::remove_file(folder.0.join(".git/index")).unwrap();
    assert_eq!(folder.root(), folder.tree());
    fs::write(folder.0.join(".git/index"), "DIRC no index").unwrap();
    assert_eq!(folder.root(), folder.tree());
}

#[test]
fn a_changed_tree_is_the_next_commit() {
    let folder = filled();
    let before = folder.root();
    folder.write("b/x", "another");
    let root = folder.root();
    assert_ne!(root, before);
    folder.commit();
    assert_eq!(root, folder.tree());
    let inner = folder.read("b", TreeOptions::default()).root().to_string();
    assert_eq!(inner, folder.git(&["rev-parse", "HEAD:b"]));
}

#[test]
fn an_edit_right_after_the_commit_is_seen() {
    let folder = filled();
    for text in ["1", "2", "3", "4"] {
        folder.write("same-size", text);
        folder.git(&["add", "-A"]);
        folder.write("same-size", "x");
        let id = folder.git(&["hash-object", "same-size"]);
        let tree = folder.read("", TreeOptions::default());
        let entry = entry_at(&tree, tree.root(), "same-size").unwrap().unwrap();
        assert_eq!(entry.id.to_string(), id, "after {text}");
    }
}

#[test]
fn a_file_that_git_keeps_in_another_form_is_unchanged() {
    let folder = Folder::new();
    folder.write(".gitattributes", "*.txt text eol=crlf\n");
    folder.write("a.txt", "one\r\ntwo\r\n");
    folder.commit();
    // The index is trusted only for what was there clearly before it was written.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(100);
    for name in ["a.txt", ".gitattributes"] {
        fs::File::options()
            .write(true)
            .open(folder.0.join(name))
            .unwrap()
            .set_modified(old)
            .unwrap();
    }
    folder.git(&["status"]);
    assert_eq!(folder.root(), folder.tree());
}

#[test]
fn submodules_are_as_in_a_checkout() {
    let inner = filled();
    let folder = Folder::new();
    folder.write("Dockerfile", "FROM scratch\n");
    folder.git(&["submodule", "add", "-q", inner.0.to_str().unwrap(), "vendor/inner"]);
    folder.commit();
    let with = folder.read("", TreeOptions { submodules: true });
    assert_eq!(with.root().to_string(), folder.tree());
    let at = entry_at(&with, with.root(), "vendor/inner").unwrap().unwrap();
    assert_eq!((at.kind, at.id.to_string()), (Kind::Sealed, inner.git(&["rev-parse", "HEAD"])));
    // Where the workflow fetches none, what lies there is there all the same.
    let without = folder.read("", TreeOptions::default());
    let at = entry_at(&without, without.root(), "vendor/inner/b/x").unwrap();
    assert!(at.is_some());
    folder.git(&["submodule", "deinit", "-q", "-f", "vendor/inner"]);
    assert_eq!(folder.root(), folder.tree());
    let empty = folder.read("", TreeOptions::default());
    let at = entry_at(&empty, empty.root(), "vendor/inner").unwrap().unwrap();
    assert_eq!((at.kind, empty.entries(at.id).unwrap().len()), (Kind::Folder, 0));
}

#[test]
fn what_is_ignored_is_not_read() {
    let folder = filled();
    folder.write(".dockerignore", "deep\n!deep/er\n*.b\n");
    fs::create_dir(folder.0.join("deep/other")).unwrap();
    folder.write("deep/other/x", "x");
    let tree = folder.read("", TreeOptions::default());
    let there = |path: &str| entry_at(&tree, tree.root(), path).unwrap().is_some();
    assert!(there("deep/er/still/f") && there(".dockerignore") && there("b/x"));
    assert!(!there("a.b") && !there("deep/other/x"));
}
