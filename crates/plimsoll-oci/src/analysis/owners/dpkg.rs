//! Packages of Debian and Ubuntu, with and without dpkg in the image.

use std::collections::HashMap;

use plimsoll_model::OwnerKind;

use super::{Owners, text};
use crate::View;
use crate::index::Kind;

pub(super) fn own(view: &View<'_>, owners: &mut Owners) {
    let versions = versions(view);
    let mut folders = Resolved { view, known: HashMap::new() };
    for (path, bytes) in view.kept(|layer| &layer.texts) {
        let folder = view.paths().text(view.paths().parent(path));
        let name = view.paths().name(path);
        let list = match folder.as_str() {
            "var/lib/dpkg/info" => name.strip_suffix(".list"),
            // Distroless images keep a record for each package, and sums of its files beside it.
            "var/lib/dpkg/status.d" => name.strip_suffix(".md5sums"),
            _ => None,
        };
        let Some(package) = list else { continue };
        // `libc6:amd64` where several architectures can be installed.
        let name = package.split(':').next().unwrap_or(package);
        let number = owners.package(OwnerKind::Apt, name, versions.get(name).map(String::as_str));
        for line in text(bytes).lines() {
            let file = match line.starts_with('/') {
                true => line,
                false => line.split_once("  ").map_or(line, |(_, path)| path),
            };
            folders.give(file, number, owners);
        }
        owners.give(path, number);
    }
}

/// Finds files whose folders are links: lists say `/bin/x` where `/bin` leads to `/usr/bin`.
struct Resolved<'v, 'i> {
    view: &'v View<'i>,
    known: HashMap<String, Option<crate::PathId>>,
}

impl Resolved<'_, '_> {
    fn give(&mut self, file: &str, number: u32, owners: &mut Owners) {
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        let view = self.view;
        let folder = match self.known.get(folder) {
            Some(known) => *known,
            None => *self.known.entry(folder.to_owned()).or_insert_with(|| view.follow(folder)),
        };
        let Some(path) = folder.and_then(|folder| view.paths().below(folder, name)) else { return };
        if view.at(path).is_some_and(|entry| entry.kind != Kind::Folder) {
            owners.give(path, number);
        }
    }
}

fn versions(view: &View<'_>) -> HashMap<String, String> {
    let mut versions = HashMap::new();
    for (path, bytes) in view.kept(|layer| &layer.texts) {
        let path = view.paths().text(path);
        if path != "var/lib/dpkg/status" && !path.starts_with("var/lib/dpkg/status.d/") {
            continue;
        }
        let mut package = String::new();
        for line in text(bytes).lines() {
            if let Some(name) = line.strip_prefix("Package: ") {
                name.trim().clone_into(&mut package);
            } else if let Some(version) = line.strip_prefix("Version: ") {
                versions.insert(package.clone(), version.trim().to_owned());
            }
        }
    }
    versions
}
