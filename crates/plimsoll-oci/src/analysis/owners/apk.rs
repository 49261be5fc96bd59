//! Packages of Alpine.

use plimsoll_model::OwnerKind;

use super::{Owners, text};
use crate::View;

pub(super) fn own(view: &View<'_>, owners: &mut Owners) {
    for (path, bytes) in view.kept(|layer| &layer.texts) {
        let path = view.paths().text(path);
        if path.ends_with("lib/apk/db/installed") {
            read(view, &text(bytes), owners);
        }
    }
}

/// A record a package: `P:` its name, `V:` its version, `F:` a folder, `R:` a file in it.
fn read(view: &View<'_>, installed: &str, owners: &mut Owners) {
    for record in installed.split("\n\n") {
        let field = |key: &str| record.lines().find_map(|line| line.strip_prefix(key));
        let Some(name) = field("P:") else { continue };
        let number = owners.package(OwnerKind::Apk, name, field("V:"));
        let mut folder = None;
        for line in record.lines() {
            if let Some(path) = line.strip_prefix("F:") {
                folder = view.follow(path);
            } else if let Some(file) = line.strip_prefix("R:") {
                let path = folder.and_then(|folder| view.paths().below(folder, file));
                path.into_iter().for_each(|path| owners.give(path, number));
            }
        }
    }
}
