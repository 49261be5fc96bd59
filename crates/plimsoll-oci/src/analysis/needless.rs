//! What has no business in an image that runs a service.

use std::collections::{HashMap, HashSet};

use plimsoll_model::{Needless, NeedlessKind, NeedlessPath, OwnerKind};

use super::owners::Package;
use super::{Owners, bytecode};
use crate::View;
use crate::index::{Entry, Kind};
use crate::paths::{PathId, ROOT};

/// How many of the largest of a kind are named.
const MOST_PATHS: usize = 20;

/// Folders of which all is needless.
const FOLDERS: [(&str, NeedlessKind); 30] = [
    ("var/lib/apt/lists", NeedlessKind::PackageLists),
    ("var/cache/apt", NeedlessKind::PackageCache),
    ("var/cache/apk", NeedlessKind::PackageCache),
    ("var/cache/dnf", NeedlessKind::PackageCache),
    ("var/cache/yum", NeedlessKind::PackageCache),
    ("usr/local/share/.cache", NeedlessKind::PackageCache),
    ("usr/local/cargo/registry", NeedlessKind::PackageCache),
    ("root/.npm", NeedlessKind::PackageCache),
    ("root/.bun", NeedlessKind::PackageCache),
    ("root/.m2", NeedlessKind::PackageCache),
    ("root/.gradle", NeedlessKind::PackageCache),
    ("root/.nuget", NeedlessKind::PackageCache),
    ("root/.cargo/registry", NeedlessKind::PackageCache),
    ("root/.local/share/pnpm/store", NeedlessKind::PackageCache),
    ("root/go/pkg/mod", NeedlessKind::PackageCache),
    ("go/pkg/mod", NeedlessKind::PackageCache),
    ("usr/include", NeedlessKind::Headers),
    ("usr/local/include", NeedlessKind::Headers),
    ("usr/local/go", NeedlessKind::Compiler),
    ("usr/local/rustup", NeedlessKind::Compiler),
    ("usr/local/cargo/bin", NeedlessKind::Compiler),
    ("root/.rustup", NeedlessKind::Compiler),
    ("root/.cargo/bin", NeedlessKind::Compiler),
    ("usr/share/locale", NeedlessKind::Locales),
    ("usr/share/i18n", NeedlessKind::Locales),
    ("usr/share/doc", NeedlessKind::Docs),
    ("usr/share/man", NeedlessKind::Docs),
    ("usr/share/info", NeedlessKind::Docs),
    ("usr/local/share/man", NeedlessKind::Docs),
    ("usr/local/share/doc", NeedlessKind::Docs),
];

/// Caches in any home: `.cache/pip`.
const CACHES: [&str; 9] =
    ["pip", "pypoetry", "uv", "yarn", "pnpm", "go-build", "node-gyp", "pipenv", "node"];

pub(super) fn needless(view: &View<'_>, owners: &Owners) -> Vec<Needless> {
    let folders = Folders::of(view);
    let compiled = bytecode::compiled(view);
    let sources = sources(view, &compiled);
    let mut all: HashMap<NeedlessKind, Group> = HashMap::new();
    for (path, seat, entry) in view.seen().filter(|(_, _, entry)| entry.size > 0) {
        let of_file = || of_file(view, path, &sources);
        let of_owner = || owners.of_path(path).and_then(of_package);
        let kind = folders.of_path(path).or_else(of_file).or_else(of_owner);
        let Some(kind) = kind.filter(|kind| is_needless(view, path, *kind)) else { continue };
        all.entry(kind).or_default().add(view, owners, path, seat.layer, entry);
    }
    let mut all: Vec<Needless> =
        all.into_iter().map(|(kind, group)| group.told(view, kind)).collect();
    all.sort_by_key(|one| (std::cmp::Reverse(one.bytes), one.kind));
    all
}

/// What a kind does not mean: licences must be kept, and so must the locale that is used.
fn is_needless(view: &View<'_>, path: PathId, kind: NeedlessKind) -> bool {
    let name = view.paths().name(path);
    match kind {
        NeedlessKind::Docs => !matches!(name, "copyright" | "LICENSE" | "NOTICE"),
        NeedlessKind::Locales => !name.starts_with("C."),
        _ => true,
    }
}

/// The sources of Python that are there, as bytecode names them.
fn sources<'i>(
    view: &View<'i>,
    compiled: &HashSet<(PathId, &'i str)>,
) -> HashSet<(PathId, &'i str)> {
    let paths = view.paths();
    let files = view.seen().filter_map(|(path, _, _)| {
        let stem = paths.name(path).strip_suffix(".py")?;
        Some((paths.parent(path), stem)).filter(|source| compiled.contains(source))
    });
    files.collect()
}

fn of_file(
    view: &View<'_>,
    path: PathId,
    sources: &HashSet<(PathId, &str)>,
) -> Option<NeedlessKind> {
    let paths = view.paths();
    let name = paths.name(path);
    if name.ends_with(".a") {
        return Some(NeedlessKind::StaticLibraries);
    }
    if name.ends_with(".js.map") || name.ends_with(".css.map") || name.ends_with(".mjs.map") {
        return Some(NeedlessKind::SourceMaps);
    }
    let folder = paths.parent(path);
    if name.ends_with(".pyc") && paths.name(folder) == "__pycache__" {
        let stem = name.split('.').next().unwrap_or_default();
        let orphan = !sources.contains(&(paths.parent(folder), stem));
        return orphan.then_some(NeedlessKind::OrphanBytecode);
    }
    let tool = matches!(name, "cc1" | "cc1plus" | "lto1" | "rustc" | "javac" | "collect2");
    tool.then_some(NeedlessKind::Compiler)
}

fn of_package(package: &Package) -> Option<NeedlessKind> {
    let name = package.name.as_str();
    let begins = |all: &[&str]| all.iter().any(|one| name.starts_with(one));
    let is = |all: &[&str]| all.contains(&name);
    let system = matches!(package.kind, OwnerKind::Apt | OwnerKind::Apk);
    if system && (name.ends_with("-dev") || begins(&["linux-libc-dev", "linux-headers"])) {
        return Some(NeedlessKind::Headers);
    }
    let base = name.ends_with("-base") || name.ends_with("-libs");
    let compiler = system
        && !base
        && (is(&[
            "gcc",
            "g++",
            "make",
            "cmake",
            "binutils",
            "rust",
            "cargo",
            "go",
            "libc-dev-bin",
        ]) || begins(&[
            "gcc-",
            "g++-",
            "cpp-",
            "clang",
            "llvm-",
            "binutils-",
            "rustc",
            "golang-",
        ]) || (name.starts_with("openjdk-") && name.contains("-jdk")));
    if compiler {
        return Some(NeedlessKind::Compiler);
    }
    let manager = match package.kind {
        OwnerKind::Apt => {
            is(&["apt", "apt-utils", "npm", "python3-pip", "aptitude"]) || begins(&["libapt-pkg"])
        }
        OwnerKind::Apk => is(&["apk-tools", "npm", "yarn", "py3-pip"]),
        OwnerKind::Pip => {
            is(&["pip", "setuptools", "wheel", "poetry", "pipenv", "uv", "pdm", "poetry-core"])
        }
        OwnerKind::Npm => is(&["npm", "yarn", "pnpm", "corepack"]),
        OwnerKind::Folder => false,
    };
    manager.then_some(NeedlessKind::PackageManager)
}

/// What folders are needless as a whole: for each path, the kind and the folder it lies in.
struct Folders(Vec<Option<NeedlessKind>>);

impl Folders {
    fn of(view: &View<'_>) -> Self {
        let paths = view.paths();
        let mut roots: HashMap<PathId, NeedlessKind> = HashMap::new();
        for (folder, kind) in FOLDERS {
            roots.extend(paths.find(folder).map(|path| (path, kind)));
        }
        let mut of = vec![None; paths.len()];
        for path in paths.all().filter(|path| *path != ROOT) {
            let parent = paths.parent(path);
            let here = || roots.get(&path).copied().or_else(|| by_name(view, parent, path));
            of[path.0 as usize] = of[parent.0 as usize].or_else(here);
        }
        Self(of)
    }

    fn of_path(&self, path: PathId) -> Option<NeedlessKind> {
        self.0.get(path.0 as usize).copied().flatten()
    }
}

fn by_name(view: &View<'_>, parent: PathId, path: PathId) -> Option<NeedlessKind> {
    let paths = view.paths();
    let (above, name) = (paths.name(parent), paths.name(path));
    let is_folder = || view.at(path).is_none_or(|entry| entry.kind == Kind::Folder);
    match name {
        // A folder of that name is a repository or what is left of one; a file only points to one.
        ".git" if ["HEAD", "objects"].iter().any(|name| paths.below(path, name).is_some()) => {
            Some(NeedlessKind::Git)
        }
        "_cacache" if above == ".npm" => Some(NeedlessKind::PackageCache),
        name if above == ".cache" && CACHES.contains(&name) => Some(NeedlessKind::PackageCache),
        "tests" | "test" if is_folder() && is_installed(view, parent) => Some(NeedlessKind::Tests),
        _ => None,
    }
}

/// Whether a folder is that of an installed package, or of the standard library of Python.
fn is_installed(view: &View<'_>, folder: PathId) -> bool {
    let paths = view.paths();
    let within = paths
        .up(folder)
        .skip(1)
        .any(|at| matches!(paths.name(at), "site-packages" | "dist-packages" | "node_modules"));
    within || paths.name(folder).starts_with("python3.")
}

/// Everything of a kind.
#[derive(Default)]
struct Group {
    bytes: u64,
    files: u64,
    /// By what is told: a folder, or a package's share.
    parts: HashMap<(PathId, Option<String>), (u64, u32)>,
}

impl Group {
    fn add(&mut self, view: &View<'_>, owners: &Owners, path: PathId, layer: u32, entry: &Entry) {
        self.bytes += entry.size;
        self.files += u64::from(entry.kind == Kind::File);
        // Single large files by their own name, the rest by their folder.
        let large = entry.size >= 1 << 20;
        let told = if large { path } else { view.paths().parent(path) };
        let part = self.parts.entry((told, owners.name(path))).or_insert((0, layer));
        part.0 += entry.size;
    }

    fn told(self, view: &View<'_>, kind: NeedlessKind) -> Needless {
        let mut parts: Vec<_> = self.parts.into_iter().collect();
        parts.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
        parts.truncate(MOST_PATHS);
        let path = |((path, owner), (bytes, layer)): ((PathId, Option<String>), (u64, u32))| {
            NeedlessPath { path: view.paths().text(path), bytes, layer: layer as usize, owner }
        };
        let largest = parts.into_iter().map(path).collect();
        Needless { kind, bytes: self.bytes, files: self.files, largest }
    }
}
