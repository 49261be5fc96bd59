//! The treemaps of a page: by folder, and by owner.

use plimsoll_model::{ImageFolder, ImageReport, Owner};

use crate::report::treemap::{self, Tile, in_files};

/// Levels of folders: more of them are too small to read.
const LEVELS: usize = 3;

/// What a container sees, by folder.
pub(super) fn folders(report: &ImageReport) -> String {
    treemap::nested("What a container sees, by folder", inside(&report.folders, "", LEVELS))
}

/// The folders that lie in one.
fn inside(all: &[ImageFolder], parent: &str, levels: usize) -> Vec<Tile> {
    if levels == 0 {
        return Vec::new();
    }
    let children = all.iter().filter(|folder| {
        let path = folder.path.as_str();
        !path.is_empty() && path.rsplit_once('/').map_or("", |(above, _)| above) == parent
    });
    let mut tiles: Vec<Tile> = children
        .map(|folder| Tile {
            name: folder.path.rsplit('/').next().unwrap_or_default().to_owned(),
            title: format!("/{}: {}", folder.path, in_files(folder.bytes, folder.files)),
            bytes: folder.bytes,
            parts: inside(all, &folder.path, levels - 1),
        })
        .collect();
    tiles.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    tiles
}

/// What a container sees, by package, or by folder where no package has it.
pub(super) fn owners(report: &ImageReport) -> String {
    let tile = |owner: &Owner| {
        let name = super::owner_name(owner.kind, &owner.name);
        let title = format!("{name}: {}", in_files(owner.bytes, owner.files));
        Tile { name, title, bytes: owner.bytes, parts: Vec::new() }
    };
    let tiles = report.owners.iter().map(tile).collect();
    treemap::nested("What a container sees, by whom it is from", tiles)
}
