//! Node packages: what lies in `node_modules/NAME`.

use std::collections::HashMap;

use plimsoll_model::OwnerKind;
use serde_json::Value;

use super::Owners;
use crate::View;
use crate::look::is_package;
use crate::paths::{PathId, ROOT};

pub(super) fn own(view: &View<'_>, owners: &mut Owners) {
    let paths = view.paths();
    let mut roots: HashMap<PathId, u32> = HashMap::new();
    for (path, bytes) in view.kept(|layer| &layer.texts) {
        let folder = paths.parent(path);
        if paths.name(path) != "package.json" || !is_package(&paths.text(folder)) {
            continue;
        }
        let value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let field = |key: &str| value.get(key).and_then(Value::as_str);
        let name = field("name").map_or_else(|| folder_name(view, folder), str::to_owned);
        let number = owners.package(OwnerKind::Npm, &name, field("version"));
        roots.insert(folder, number);
    }
    if roots.is_empty() {
        return;
    }
    // A folder's number is lower than those of what is in it.
    let mut of: Vec<u32> = vec![0; paths.len()];
    for path in paths.all().filter(|path| *path != ROOT) {
        let above = of[paths.parent(path).0 as usize];
        of[path.0 as usize] = roots.get(&path).copied().unwrap_or(above);
    }
    for (path, _, _) in view.seen() {
        let number = of[path.0 as usize];
        if number > 0 {
            owners.give(path, number);
        }
    }
}

/// `name` or `@scope/name`.
fn folder_name(view: &View<'_>, folder: PathId) -> String {
    let scope = view.paths().name(view.paths().parent(folder));
    let name = view.paths().name(folder);
    if scope.starts_with('@') { format!("{scope}/{name}") } else { name.to_owned() }
}
