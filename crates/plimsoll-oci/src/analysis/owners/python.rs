//! Python distributions: each lists its files in RECORD.

use std::collections::HashMap;

use plimsoll_model::OwnerKind;

use super::{Owners, text};
use crate::View;
use crate::paths::PathId;

pub(super) fn own(view: &View<'_>, owners: &mut Owners) {
    for (path, bytes) in view.kept(|layer| &layer.texts) {
        let folder = view.paths().parent(path);
        let info = view.paths().name(folder);
        let (name, base) = match view.paths().name(path) {
            // Paths are those from the folder that holds `name-1.0.dist-info`.
            "RECORD" => (info.strip_suffix(".dist-info"), view.paths().parent(folder)),
            "installed-files.txt" => (info.strip_suffix(".egg-info"), folder),
            _ => continue,
        };
        let Some((name, version)) = name.map(|name| name.split_once('-').unwrap_or((name, "")))
        else {
            continue;
        };
        // What the system installed is the system's.
        if owners.of_path(path).is_some() {
            continue;
        }
        let version = version.split("-py").next();
        let number = owners.package(OwnerKind::Pip, &name.replace('_', "-"), version);
        for line in text(bytes).lines() {
            let file = first_field(line);
            if let Some(path) = below(view, base, &file) {
                owners.give(path, number);
            }
        }
        owners.give(path, number);
    }
    bytecode(view, owners);
}

/// The first field of a line of CSV.
fn first_field(line: &str) -> String {
    match line.strip_prefix('"') {
        Some(rest) => rest.split("\",").next().unwrap_or(rest).replace("\"\"", "\""),
        None => line.split(',').next().unwrap_or(line).to_owned(),
    }
}

fn below(view: &View<'_>, base: PathId, file: &str) -> Option<PathId> {
    if file.starts_with('/') {
        return view.paths().find(file);
    }
    file.split('/').filter(|part| !matches!(*part, "" | ".")).try_fold(
        base,
        |at, part| match part {
            ".." => Some(view.paths().parent(at)),
            part => view.paths().below(at, part),
        },
    )
}

/// Bytecode is its source's: not every installer lists it.
fn bytecode(view: &View<'_>, owners: &mut Owners) {
    let paths = view.paths();
    let mut of_source: HashMap<(PathId, &str), u32> = HashMap::new();
    for (path, _, _) in view.seen() {
        let number = owners.of[path.0 as usize];
        if let Some(stem) = paths.name(path).strip_suffix(".py").filter(|_| number > 0) {
            of_source.insert((paths.parent(path), stem), number);
        }
    }
    for (path, _, _) in view.seen() {
        let folder = paths.parent(path);
        if !paths.name(path).ends_with(".pyc") || paths.name(folder) != "__pycache__" {
            continue;
        }
        let stem = paths.name(path).split('.').next().unwrap_or_default();
        if let Some(number) = of_source.get(&(paths.parent(folder), stem)) {
            owners.give(path, *number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_field;

    #[test]
    fn a_path_may_be_quoted() {
        assert_eq!(first_field("a/b.py,sha256=x,12"), "a/b.py");
        assert_eq!(first_field("\"a,\"\"b\"\".py\",sha256=x,12"), "a,\"b\".py");
    }
}
