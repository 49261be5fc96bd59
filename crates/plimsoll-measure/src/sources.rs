//! Reads what a review needs of a repository: its tree, and the text of the files that matter.
//!
//! Nothing is followed out of the repository, nothing but regular files is opened, and what
//! is read is bounded: see [`Limits`].

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File};
use std::io::{self, Read};
use std::path::Path;

use plimsoll_model::{EntryKind, Problem, SourceFile, Sources};
use plimsoll_syntax::compose::is_compose_name;
use plimsoll_syntax::dockerfile::is_dockerfile_name;
use plimsoll_syntax::gitignore::GitIgnore;
use plimsoll_syntax::gitmodules;

use crate::tracked::Tracked;

/// How much is read at the most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file; a larger one is a problem, not read.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// Paths in the tree.
    pub entries: usize,
    /// Folders below one another.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 4 << 20, total_bytes: 128 << 20, entries: 1_000_000, depth: 64 }
    }
}

/// Reads the repository at `root`. Whatever cannot be read is in [`Sources::problems`].
///
/// # Errors
/// Only where the root itself is no folder that can be listed.
pub fn gather(root: &Path, limits: Limits, left_out: &dyn Fn(&str) -> bool) -> io::Result<Sources> {
    let name = root.canonicalize()?.file_name().map(|n| n.to_string_lossy().into_owned());
    fs::read_dir(root)?;
    let sources = Sources { name: name.unwrap_or_default(), ..Sources::default() };
    let ignores = GitIgnore::default();
    let (tracked, submodules) = (Tracked::new(root), Vec::new());
    let mut walk = Walk { root, limits, left_out, sources, ignores, tracked, submodules, read: 0 };
    walk.submodules();
    let mut folders = vec![Folder { path: String::new(), depth: 0, ignored: false }];
    while let Some(folder) = folders.pop() {
        walk.folder(&folder, &mut folders);
    }
    walk.compose_variables();
    Ok(walk.sources)
}

/// A folder that is still to be listed.
struct Folder {
    path: String,
    /// Folders above it.
    depth: usize,
    /// Whether `.gitignore` names it or a folder above: only what git tracks is part of it.
    ignored: bool,
}

struct Walk<'a> {
    root: &'a Path,
    limits: Limits,
    left_out: &'a dyn Fn(&str) -> bool,
    sources: Sources,
    ignores: GitIgnore,
    tracked: Tracked<'a>,
    submodules: Vec<String>,
    read: u64,
}

impl Walk<'_> {
    fn submodules(&mut self) {
        let Ok(text) = read_text(&self.root.join(".gitmodules"), self.limits.file_bytes) else {
            return;
        };
        self.submodules = gitmodules::paths(text.text.lines()).map(str::to_owned).collect();
    }

    fn folder(&mut self, of: &Folder, folders: &mut Vec<Folder>) {
        let folder = of.path.as_str();
        let listed =
            fs::read_dir(self.root.join(folder)).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match listed {
            Ok(entries) => entries,
            Err(error) => return self.unread(folder, &error.to_string()),
        };
        entries.sort_by_key(DirEntry::file_name);
        if entries.iter().any(|e| e.file_name() == ".gitignore")
            && let Ok(file) =
                read_text(&self.root.join(folder).join(".gitignore"), self.limits.file_bytes)
        {
            self.ignores.add(folder, &file.text);
        }
        for entry in entries {
            if self.sources.tree.len() >= self.limits.entries {
                return self.problem(
                    folder,
                    format!("more than {} paths: the rest was not read", self.limits.entries),
                );
            }
            self.entry(of, &entry, folders);
        }
    }

    fn entry(&mut self, of: &Folder, entry: &DirEntry, folders: &mut Vec<Folder>) {
        let Folder { path: folder, depth, .. } = of;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
        let Ok(file_type) = entry.file_type() else {
            return self.unread(&path, "its type cannot be read");
        };
        if name == ".git" {
            return;
        }
        // What is left out of a review is there all the same: builds copy it.
        let left_out = (self.left_out)(&path);
        let named = of.ignored || self.ignores.matches(&path, file_type.is_dir());
        let ignored = named && !self.tracked.holds(&path, file_type.is_dir());
        if file_type.is_dir() {
            if left_out || ignored || is_third_party(&name) || self.submodules.contains(&path) {
                self.sources.insert_entry(&path, EntryKind::Unread, ignored);
            } else if *depth >= self.limits.depth {
                self.unread(&path, &format!("more than {} folders deep", self.limits.depth));
            } else {
                self.sources.insert_entry(&path, EntryKind::Folder, false);
                folders.push(Folder { path, depth: depth + 1, ignored: named });
            }
        } else if file_type.is_symlink() {
            self.sources.insert_entry(&path, EntryKind::Symlink, ignored);
            // Only the text of the link is read; what it points to is never opened.
            if let Ok(to) = fs::read_link(entry.path()) {
                self.sources.links.insert(path, to.to_string_lossy().into_owned());
            }
        } else if file_type.is_file() {
            self.sources.insert_entry(&path, EntryKind::File, ignored);
            if !left_out && !ignored && matters(&path) {
                self.file(path);
            }
        } else {
            self.sources.insert_entry(&path, EntryKind::Special, ignored);
            if !left_out && matters(&path) {
                self.problem(&path, "it is no regular file and was not opened".to_owned());
            }
        }
    }

    /// Reads the `.env` beside each compose file, which says what its variables stand for. Only
    /// what a build or an image is named by is kept: the rest may be secret.
    fn compose_variables(&mut self) {
        let compose = self.sources.files.iter().filter(|(path, _)| is_compose_name(name_of(path)));
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (path, file) in compose {
            let folder = path.rsplit_once('/').map_or(String::new(), |(f, _)| format!("{f}/"));
            wanted.entry(format!("{folder}.env")).or_default().extend(naming_variables(&file.text));
        }
        for (path, names) in wanted {
            let entry = self.sources.tree.get(&path);
            let ours = entry.is_some_and(|e| e.kind == EntryKind::File && !e.git_ignored);
            if !ours || names.is_empty() {
                continue;
            }
            let Ok(file) = read_text(&self.root.join(&path), self.limits.file_bytes) else {
                continue;
            };
            let kept = file.text.lines().filter(|line| {
                let name = line.split('=').next().unwrap_or("").trim();
                names.iter().any(|n| n == name)
            });
            let text: String = kept.flat_map(|line| [line, "\n"]).collect();
            self.sources.files.insert(path, SourceFile { text, lossy: file.lossy });
        }
    }

    fn file(&mut self, path: String) {
        if self.read >= self.limits.total_bytes {
            return self.problem(&path, "the limit on text read in all is reached".to_owned());
        }
        match read_text(&self.root.join(&path), self.limits.file_bytes) {
            Ok(file) => {
                self.read += file.text.len() as u64;
                self.sources.files.insert(path, file);
            }
            Err(error) => self.problem(&path, error.to_string()),
        }
    }

    fn unread(&mut self, path: &str, reason: &str) {
        if !path.is_empty() {
            self.sources.insert_entry(path, EntryKind::Unread, false);
        }
        self.problem(path, reason.to_owned());
    }

    fn problem(&mut self, path: &str, reason: String) {
        self.sources.problems.push(Problem { path: path.to_owned(), reason });
    }
}

/// Reads a regular file as text; bytes that are no UTF-8 are replaced and noted.
///
/// # Errors
/// Where it cannot be opened, is no regular file, or is larger than `limit`.
fn read_text(path: &Path, limit: u64) -> io::Result<SourceFile> {
    // The listing said "regular file"; a link or FIFO put there since is refused unopened.
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if metadata.len() > limit {
        return Err(io::Error::other(format!(
            "it is larger than {} and was not read",
            plimsoll_model::bytes(limit as f64)
        )));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => SourceFile { text, lossy: false },
        Err(error) => {
            SourceFile { text: String::from_utf8_lossy(error.as_bytes()).into_owned(), lossy: true }
        }
    })
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The variables that a compose file names builds and images by.
fn naming_variables(text: &str) -> Vec<String> {
    const KEYS: [&str; 5] = ["build:", "context:", "dockerfile:", "target:", "image:"];
    let lines = text.lines().map(|l| l.trim_start().trim_start_matches("- "));
    let named = lines.filter(|l| KEYS.iter().any(|key| l.starts_with(key)));
    let plain = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    named
        .flat_map(|line| line.split('$').skip(1))
        .filter_map(|rest| rest.trim_start_matches('{').split(plain).next())
        .map(str::to_owned)
        .collect()
}

/// Folders of other people's code: listed, not entered.
fn is_third_party(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "node_modules",
        "vendor",
        "third_party",
        "bower_components",
        ".venv",
        "venv",
        "site-packages",
        "__pycache__",
        ".terraform",
    ];
    NAMES.contains(&name)
}

/// Whether a review reads the text of this file.
#[must_use]
pub fn matters(path: &str) -> bool {
    const NAMES: [&str; 41] = [
        "pyproject.toml",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "Pipfile",
        "Pipfile.lock",
        "setup.py",
        "setup.cfg",
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        ".npmrc",
        ".yarnrc.yml",
        "pip.conf",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
        "Directory.Build.props",
        "pnpm-workspace.yaml",
        "go.mod",
        "go.work",
        "Cargo.toml",
        ".gitignore",
        ".gcloudignore",
        ".gitmodules",
        ".gitattributes",
        "Cargo.lock",
        "packages.lock.json",
        ".python-version",
        ".nvmrc",
        "Makefile",
        "makefile",
        "GNUmakefile",
        "justfile",
        "Procfile",
        "plimsoll.toml",
        "gunicorn.conf.py",
        "nginx.conf",
    ];
    let name = name_of(path);
    let lower = name.to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|s| lower.ends_with(s));
    NAMES.contains(&name)
        || is_dockerfile_name(name)
        || ends(&[".dockerignore", ".yml", ".yaml", ".sh", ".bash", ".mk", ".hcl"])
        || ends(&[".csproj", ".fsproj", ".vbproj"])
        || (ends(&[".txt", ".in"])
            && (lower.contains("requirements")
                || lower.contains("constraints")
                || path.contains("requirements/")))
        || (is_script_folder(path) && !lower.contains('.'))
}

fn is_script_folder(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    let last = folder.rsplit('/').next().unwrap_or("");
    ["scripts", "script", "bin", "ci", ".ci", "hack", "tools", "deploy"].contains(&last)
}
