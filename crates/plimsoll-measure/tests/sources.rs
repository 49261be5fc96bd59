//! What a review reads of a repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_measure::sources::{Limits, gather};
use plimsoll_model::{EntryKind, Sources};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path =
            std::env::temp_dir().join(format!("plimsoll-sources-{}-{name}", std::process::id()));
        for (file, text) in files {
            let full = path.join(file);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }
        Self(path)
    }

    fn git(&self, args: &[&str]) {
        let done = Command::new("git").args(args).current_dir(&self.0).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn read(folder: &Path) -> Sources {
    gather(folder, Limits::default(), &|_| false).unwrap()
}

#[test]
fn what_git_tracks_is_read_though_a_pattern_names_it() {
    let folder = Folder::new(
        "tracked",
        &[
            (".gitignore", "template\n*.yaml\n"),
            ("app/template/go/Dockerfile", "FROM a\n"),
            ("app/template/go/Dockerfile.mine", "FROM b\n"),
            ("app/template/built/Dockerfile", "FROM c\n"),
            ("app/k8s.yaml", "kind: Deployment\n"),
            ("app/mine.yaml", "kind: Service\n"),
        ],
    );
    let files = |folder: &str, sources: &Sources| -> Vec<String> {
        let below = sources.files.keys().filter(|p| p.starts_with(folder));
        below.cloned().collect()
    };
    assert_eq!(files("app", &read(&folder.0)), Vec::<String>::new(), "without git");
    folder.git(&["init", "-q"]);
    assert_eq!(files("app", &read(&folder.0)), Vec::<String>::new(), "without an index");
    folder.git(&["add", "-f", "app/template/go/Dockerfile", "app/k8s.yaml"]);
    let whole = read(&folder.0);
    assert_eq!(files("app", &whole), ["app/k8s.yaml", "app/template/go/Dockerfile"]);
    assert_eq!(whole.kind("app/template/built"), Some(EntryKind::Unread));
    assert!(whole.tree["app/template/go/Dockerfile.mine"].git_ignored);
    assert!(!whole.tree["app/k8s.yaml"].git_ignored);
    let mut part = files("", &read(&folder.0.join("app")));
    part.retain(|path| !path.contains("mine") && !path.contains("built"));
    assert_eq!(part, ["k8s.yaml", "template/go/Dockerfile"], "a folder of a repository");
}

#[test]
fn an_index_that_is_none_changes_nothing() {
    let files = [(".gitignore", "template\n"), ("template/Dockerfile", "FROM a\n")];
    let folder = Folder::new("broken", &files);
    folder.git(&["init", "-q"]);
    fs::write(folder.0.join(".git/index"), "no index").unwrap();
    assert_eq!(read(&folder.0).kind("template"), Some(EntryKind::Unread));
    fs::remove_file(folder.0.join(".git/index")).unwrap();
    fs::create_dir(folder.0.join(".git/index")).unwrap();
    assert_eq!(read(&folder.0).kind("template"), Some(EntryKind::Unread));
}

#[test]
fn of_the_variables_of_compose_only_what_names_a_build_is_kept() {
    let folder = Folder::new(
        "compose",
        &[
            (
                "app/compose.yaml",
                "services:\n  a:\n    image: r.example/a:${TAG:-1}\n    build: {context: .}\n    environment: [KEY=$KEY]\n",
            ),
            ("app/.env", "# TAG\nTAG=2\nKEY=s3cret\n"),
            ("other/.env", "TAG=3\n"),
        ],
    );
    let whole = read(&folder.0);
    assert_eq!(whole.text("app/.env"), Some("TAG=2\n"));
    assert_eq!(whole.text("other/.env"), None);
    fs::write(folder.0.join(".gitignore"), ".env\n").unwrap();
    assert_eq!(read(&folder.0).text("app/.env"), None, "what is ignored is nobody's");
}
