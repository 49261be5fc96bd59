//! Python's bytecode: sources that are compiled anew each time a container starts.

use std::collections::{HashMap, HashSet};

use plimsoll_model::{Bytecode, ImageFolder};

use crate::View;
use crate::index::Kind;
use crate::paths::{PathId, ROOT};

/// How many folders are named.
const MOST_FOLDERS: usize = 10;

pub(super) fn bytecode(view: &View<'_>) -> Bytecode {
    let paths = view.paths();
    let compiled = compiled(view);
    let library = libraries(view);
    let mut all = Bytecode::default();
    let mut folders: HashMap<PathId, (u64, u64)> = HashMap::new();
    for (path, _, entry) in view.seen().filter(|(_, _, e)| e.kind == Kind::File && e.size > 0) {
        let Some(stem) = paths.name(path).strip_suffix(".py") else { continue };
        let folder = paths.parent(path);
        let Some(root) = library[folder.0 as usize] else { continue };
        all.sources += 1;
        if compiled.contains(&(folder, stem)) {
            continue;
        }
        all.missing += 1;
        all.missing_bytes += entry.size;
        let sum = folders.entry(root).or_insert((0, 0));
        *sum = (sum.0 + entry.size, sum.1 + 1);
    }
    let named = |(path, (bytes, files)): (PathId, (u64, u64))| ImageFolder {
        path: paths.text(path),
        bytes,
        files,
    };
    all.folders = folders.into_iter().map(named).collect();
    all.folders.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    all.folders.truncate(MOST_FOLDERS);
    all
}

/// The sources that have bytecode: their folder, and their name without its end.
pub(super) fn compiled<'i>(view: &View<'i>) -> HashSet<(PathId, &'i str)> {
    let paths = view.paths();
    let code = view.seen().filter_map(|(path, _, _)| {
        let name = paths.name(path);
        let folder = paths.parent(path);
        let inside = name.ends_with(".pyc") && paths.name(folder) == "__pycache__";
        inside.then(|| (paths.parent(folder), name.split('.').next().unwrap_or_default()))
    });
    code.collect()
}

/// For each folder, the library of Python that it belongs to: the standard one, or packages.
fn libraries(view: &View<'_>) -> Vec<Option<PathId>> {
    let paths = view.paths();
    let mut of: Vec<Option<PathId>> = vec![None; paths.len()];
    for path in paths.all().filter(|path| *path != ROOT) {
        let name = paths.name(path);
        let python = |name: &str| name.starts_with("python3") && !name.contains("config");
        let above = of[paths.parent(path).0 as usize];
        let packages = matches!(name, "site-packages" | "dist-packages");
        let standard = python(name) && paths.name(paths.parent(path)).starts_with("lib");
        // Tests and templates of the standard library are not what starts.
        let idle = matches!(name, "test" | "tests" | "lib2to3" | "idlelib" | "turtledemo");
        of[path.0 as usize] =
            if packages || standard { Some(path) } else { above.filter(|_| !idle) };
    }
    of
}
