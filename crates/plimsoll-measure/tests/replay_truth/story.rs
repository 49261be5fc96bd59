//! Histories that a shell script writes, and how they are built.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_measure::history::{Commit, History, Recipe};

use crate::engine::{builder, run};

/// What the scripts begin with.
const PRELUDE: &str = r#"
set -euo pipefail
umask 022
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
put() { mkdir -p "$(dirname "$1")"; cat > "$1"; }
commit() { git add -A; git commit -q -m "$1"; }
git init -q -b main .
"#;

/// A history on disk.
pub(crate) struct Story {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) recipe: Recipe,
}

impl Story {
    /// Runs a script, and reads how its history is built from the comments at its top.
    pub(crate) fn tell(script: &Path, work: &Path) -> Self {
        let text = fs::read_to_string(script).unwrap();
        let name = script.file_stem().unwrap().to_str().unwrap().to_owned();
        let folder = work.join(&name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut recipe =
            Recipe { dockerfile: "Dockerfile".to_owned(), git_folder: true, ..Recipe::default() };
        for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
            match line.split_once(": ") {
                Some(("dockerfile", path)) => path.clone_into(&mut recipe.dockerfile),
                Some(("context", path)) => path.clone_into(&mut recipe.context),
                Some(("target", target)) => recipe.target = Some(target.to_owned()),
                Some(("changing", name)) => {
                    recipe.changing_args.insert(name.to_owned());
                }
                Some(("arg", arg)) => {
                    let (name, value) = arg.split_once('=').unwrap();
                    recipe.args.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        let mut shell = Command::new("bash");
        shell.args(["-c", &format!("{PRELUDE}{text}")]).env("NONCE", work.join("nonce"));
        run(shell.current_dir(&folder));
        Self { name, folder, recipe }
    }

    /// The commits, oldest first.
    pub(crate) fn commits(&self, history: &History) -> Vec<Commit> {
        let head = history.resolve("HEAD").unwrap();
        let mut commits: Vec<Commit> =
            history.first_parents(head).collect::<Result<_, _>>().unwrap();
        commits.reverse();
        commits
    }

    pub(crate) fn check_out(&self, commit: &Commit) {
        let id = commit.id.to_string();
        run(Command::new("git").args(["checkout", "-q", &id]).current_dir(&self.folder));
    }
}

/// The scripts that `wanted` takes, by their text, and that `PLIMSOLL_CASE` names if it is set.
pub(crate) fn scripts(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay");
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    if let Ok(only) = std::env::var("PLIMSOLL_CASE") {
        scripts.retain(|script| script.to_str().unwrap().contains(&only));
    }
    scripts.retain(|script| wanted(&fs::read_to_string(script).unwrap()));
    scripts
}

/// A folder for histories, and in it a file that no build has seen. While the lock is held, no
/// other test asks this engine: one of them throws its cache away.
pub(crate) fn workshop(name: &str) -> (PathBuf, File) {
    let engine = builder().unwrap_or_else(|| "docker".to_owned());
    let lock = std::env::temp_dir().join(format!("plimsoll-truth-{engine}.lock"));
    let lock = File::create(lock).unwrap();
    lock.lock().unwrap();
    let work = std::env::temp_dir().join(format!("plimsoll-truth-{name}-{}", std::process::id()));
    fs::create_dir_all(&work).unwrap();
    let nonce = format!("{:?} {}", std::time::SystemTime::now(), std::process::id());
    fs::write(work.join("nonce"), &nonce).unwrap();
    (work, lock)
}
