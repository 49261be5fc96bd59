//! Clones of real repositories: which of their Dockerfiles can be built, and at which commits.

use std::collections::BTreeSet;
use std::fs::{self, File};
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
    /// Files that stand for missing ones.
    stand_ins: Vec<String>,
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
        FILES.contains(&files.len()).then_some(Self { name, folder, files, stand_ins: Vec::new() })
    }

    /// Checks a commit out, as a runner does. Large files are missing in some clones: in place of
    /// each stands its id, which is another one where its content is.
    pub(crate) fn check_out(&mut self, commit: Id) -> bool {
        for path in std::mem::take(&mut self.stand_ins) {
            remove(&self.folder, &path);
        }
        let Some(missing) = self.missing(commit) else { return false };
        let mut wanted = String::from("/*\n");
        missing.iter().for_each(|(path, _)| wanted.push_str(&format!("!/{}\n", escaped(path))));
        fs::write(self.folder.join(".git/info/sparse-checkout"), wanted).unwrap();
        let mut checkout = git(&self.folder);
        checkout.args(["-c", "core.sparseCheckout=true", "checkout", "-q", "-f"]);
        let done = checkout.arg(commit.to_string()).output();
        for (path, id) in missing {
            let file = self.folder.join(&path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, id).unwrap();
            self.stand_ins.push(path);
        }
        done.is_ok_and(|output| output.status.success())
    }

    /// The files of a commit that the clone lacks, with their ids.
    fn missing(&self, commit: Id) -> Option<Vec<(String, String)>> {
        let mut list = git(&self.folder);
        list.args(["ls-tree", "-r", "-z", "--format=%(objectname) %(objecttype)%x09%(path)"]);
        let listed = list.arg(commit.to_string()).output().ok()?;
        let listed = String::from_utf8(listed.stdout).ok()?;
        let files = listed.split('\0').filter_map(|line| line.split_once(" blob\t"));
        let files: Vec<(&str, &str)> = files.collect();
        let ids = self.folder.with_extension("ids");
        fs::write(&ids, files.iter().map(|(id, _)| format!("{id}\n")).collect::<String>()).unwrap();
        let mut check = git(&self.folder);
        check.args(["cat-file", "--batch-check"]).stdin(File::open(&ids).unwrap());
        let checked = String::from_utf8(check.output().ok()?.stdout).ok()?;
        let lacks = checked.lines().zip(&files).filter(|(line, _)| line.ends_with(" missing"));
        Some(lacks.map(|(_, (id, path))| ((*path).to_owned(), (*id).to_owned())).collect())
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
        let mut recipes = Vec::new();
        for path in paths {
            if recipes.len() == most {
                break;
            }
            match self.recipe(path, tree, &head) {
                Ok(recipe) => recipes.push(recipe),
                Err(why) => println!("{} {path}: left out, {why}", self.name),
            }
        }
        recipes
    }

    /// The context is the nearest folder above the Dockerfile in which the files are that it
    /// copies. Where there is none, why not.
    fn recipe(&self, path: &str, tree: &GitTree, head: &Commit) -> Result<Recipe, String> {
        let mut why = "it copies nothing".to_owned();
        for folder in Path::new(path).ancestors().skip(1) {
            let recipe = Recipe {
                dockerfile: path.to_owned(),
                context: folder.to_str().unwrap().to_owned(),
                git_folder: true,
                ..Recipe::default()
            };
            match copies(&recipe, tree, head) {
                Ok(true) if self.size(&recipe.context) > MOST_BYTES => {
                    return Err("its context is too large".to_owned());
                }
                Ok(true) => return Ok(recipe),
                Ok(false) => {}
                Err(reason) => why = reason,
            }
        }
        Err(why)
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

    /// A script that makes users and paths; no other base has the same bytes in them. What a path is to be, a file or a folder, is guessed
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
                format!("mkdir -p $(dirname {path}); [ -e {path} ] || cat /nonce /story > {path}\n")
            } else {
                format!("[ -e {path} ] || {{ mkdir -p {path}; cat /nonce /story > {path}/x; }}\n")
            });
        }
        script
    }
}

/// Whether the build of a commit takes files from its context; an error where it fails.
fn copies(recipe: &Recipe, tree: &GitTree, commit: &Commit) -> Result<bool, String> {
    let moment = recipe.moment(tree, commit.tree, commit.id);
    let mut moment = moment.map_err(|error| error.to_string())?;
    let stub = stub(&moment.dockerfile).ok_or("it is refused or not for Linux")?;
    moment.dockerfile = stub.text.into();
    let keyed = Evaluator::default().build(tree, &moment);
    let keyed = keyed.map_err(|error| error.to_string())?;
    let mut inputs = keyed.graph.steps.iter().flat_map(|step| &step.inputs);
    Ok(inputs.any(|input| matches!(input, Input::Files { .. })))
}

/// Removes a file, and the folders that it leaves empty.
fn remove(folder: &Path, path: &str) {
    let _ = fs::remove_file(folder.join(path));
    for above in Path::new(path).ancestors().skip(1) {
        if above.as_os_str().is_empty() || fs::remove_dir(folder.join(above)).is_err() {
            break;
        }
    }
}

/// A path as a pattern that means it alone.
fn escaped(path: &str) -> String {
    let special = |c: char| "*?[\\".contains(c);
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
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
