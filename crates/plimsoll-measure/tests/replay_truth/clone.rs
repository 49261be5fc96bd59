//! Clones of real repositories: which of their Dockerfiles can be built, and at which commits.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_graph::{Evaluator, Id, Input, entry_at};
use plimsoll_measure::history::{Commit, GitTree, History, Recipe};
use plimsoll_syntax::dockerfile::is_dockerfile_name;

use crate::stub::stub;

/// How many files a repository has at least and at most.
const FILES: std::ops::RangeInclusive<usize> = 50..=13_000;
/// How many bytes a context has at most.
const MOST_BYTES: u64 = 200 << 20;
/// How far back commits are looked for.
const MOST_COMMITS: usize = 1_000;

/// A clone of a clone, which may be changed.
pub(crate) struct Clone {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// The files of its newest commit, with their sizes.
    files: Vec<(String, u64)>,
}

impl Clone {
    /// Clones a clone; none where it is too small, too large or not whole.
    pub(crate) fn of(original: &Path, work: &Path) -> Option<Self> {
        let name = original.file_name()?.to_str()?.to_owned();
        let folder = work.join(&name);
        let mut clone = git(work);
        clone.args(["clone", "-q", "--shared", "--no-checkout"]).arg(original).arg(&folder);
        if !clone.output().ok()?.status.success() {
            return None;
        }
        let listed = git(&folder).args(["ls-tree", "-r", "-l", "-z", "HEAD"]).output().ok()?;
        let text = String::from_utf8(listed.stdout).ok()?;
        let files: Vec<(String, u64)> = text.split('\0').filter_map(listed_file).collect();
        FILES.contains(&files.len()).then_some(Self { name, folder, files })
    }

    /// Checks a commit out, as a runner does.
    pub(crate) fn check_out(&self, commit: Id) -> bool {
        let mut checkout = git(&self.folder);
        checkout.args(["checkout", "-q", "-f", &commit.to_string()]);
        checkout.output().is_ok_and(|output| output.status.success())
    }

    /// Up to `most` Dockerfiles whose context can be told, with it.
    pub(crate) fn recipes(&self, history: &History, tree: &GitTree, most: usize) -> Vec<Recipe> {
        let Ok(head) = history.resolve("HEAD").and_then(|head| history.commit(head)) else {
            return Vec::new();
        };
        let named = |path: &str| is_dockerfile_name(path.rsplit('/').next().unwrap());
        let mut paths: Vec<&str> =
            self.files.iter().map(|(path, _)| path.as_str()).filter(|path| named(path)).collect();
        paths.sort_by_key(|path| (path.matches('/').count(), *path));
        let recipes = paths.iter().filter_map(|path| self.recipe(path, tree, &head));
        recipes.take(most).collect()
    }

    /// The context is the Dockerfile's folder or the root: that in which the files are that it
    /// copies.
    fn recipe(&self, path: &str, tree: &GitTree, head: &Commit) -> Option<Recipe> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        [folder, ""].into_iter().find_map(|context| {
            let recipe = Recipe {
                dockerfile: path.to_owned(),
                context: context.to_owned(),
                git_folder: true,
                ..Recipe::default()
            };
            let mut moment = recipe.moment(tree, head.tree, head.id).ok()?;
            moment.dockerfile = stub(&moment.dockerfile)?.text.into();
            let keyed = Evaluator::default().build(tree, &moment).ok()?;
            let mut inputs = keyed.graph.steps.iter().flat_map(|step| &step.inputs);
            let copies = inputs.any(|input| matches!(input, Input::Files { .. }));
            (copies && self.size(context) <= MOST_BYTES).then_some(recipe)
        })
    }

    fn size(&self, folder: &str) -> u64 {
        let within = |path: &str| {
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|p| p.starts_with('/'))
        };
        self.files.iter().filter(|(path, _)| within(path)).map(|(_, size)| size).sum()
    }

    /// The last commits that change the context or the Dockerfile, oldest first.
    pub(crate) fn commits(
        &self,
        history: &History,
        tree: &GitTree,
        recipe: &Recipe,
        most: usize,
    ) -> Vec<Commit> {
        let Ok(head) = history.resolve("HEAD") else { return Vec::new() };
        let look = |commit: &Commit| {
            [&recipe.context, &recipe.dockerfile]
                .map(|path| entry_at(tree, commit.tree, path).ok().flatten().map(|entry| entry.id))
        };
        let walk: Vec<Commit> =
            history.first_parents(head).take(MOST_COMMITS).map_while(Result::ok).collect();
        let mut found: Vec<Commit> = walk
            .windows(2)
            .filter(|pair| look(&pair[0]) != look(&pair[1]) && look(&pair[0])[1].is_some())
            .map(|pair| pair[0].clone())
            .take(most)
            .collect();
        found.reverse();
        found
    }

    /// A script that makes users and paths. What a path is to be, a file or a folder, is guessed
    /// from what has that name in the repository.
    pub(crate) fn prepare(&self, users: &BTreeSet<String>, taken: &BTreeSet<String>) -> String {
        let base = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
        let files: BTreeSet<String> = self.files.iter().map(|(path, _)| base(path)).collect();
        let mut script = String::from("cd /\n");
        for user in users.iter().filter(|user| is_plain(user)) {
            script.push_str(&format!(
                "getent group {user} || groupadd {user}\n\
                 getent passwd {user} || useradd -g {user} {user}\n"
            ));
        }
        for path in taken.iter().filter(|path| is_plain(path)) {
            let above = taken.iter().any(|other| other.starts_with(&format!("{path}/")));
            script.push_str(&if files.contains(&base(path)) && !above {
                format!("mkdir -p $(dirname {path}); [ -e {path} ] || echo x > {path}\n")
            } else {
                format!("[ -e {path} ] || {{ mkdir -p {path}; echo x > {path}/x; }}\n")
            });
        }
        script
    }
}

/// Whether a shell takes it as it is.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(plain)
}

/// Reads `100644 blob ID    SIZE\tPATH`.
fn listed_file(line: &str) -> Option<(String, u64)> {
    let (facts, path) = line.split_once('\t')?;
    let size = facts.split_whitespace().last()?;
    Some((path.to_owned(), size.parse().unwrap_or(0)))
}

/// Git with no configuration but that of the clone.
fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_NO_LAZY_FETCH", "1");
    git.env("GIT_TERMINAL_PROMPT", "0");
    git
}

/// The clones in a folder, by name; only those that `PLIMSOLL_CASE` names if it is set.
pub(crate) fn originals(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    if let Ok(only) = std::env::var("PLIMSOLL_CASE") {
        all.retain(|path| path.to_str().unwrap().contains(&only));
    }
    all.sort();
    all
}
