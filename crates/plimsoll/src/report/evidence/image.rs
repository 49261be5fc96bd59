//! What the image of a service holds.

use plimsoll_model::{ImageReport, bytes, count};

use super::{Cell, Table};

/// How many of the largest are shown; `plimsoll image` shows all.
const MOST: usize = 10;

pub(super) fn tables(image: &ImageReport) -> Vec<Table> {
    let all = [layers(image), owners(image), waste(image), needless(image)];
    let worth = |table: &Table| !table.rows.is_empty();
    all.into_iter().filter(worth).collect()
}

fn size(value: u64) -> Cell {
    Cell::Number(bytes(value as f64))
}

fn number(value: u64) -> Cell {
    Cell::Number(count(value as f64))
}

fn layers(image: &ImageReport) -> Table {
    let rows = image.layers.iter().enumerate().map(|(at, layer)| {
        vec![
            Cell::Number(at.to_string()),
            size(layer.bytes),
            number(layer.files),
            Cell::Number(layer.line.map_or(String::new(), |line| line.to_string())),
            Cell::Code(layer.step.clone().unwrap_or_default()),
        ]
    });
    let seen = bytes(image.visible_bytes as f64);
    let files = count(image.visible_files as f64);
    let unpacked = bytes(image.unpacked_bytes as f64);
    Table {
        title: format!("Image: {unpacked}"),
        lead: format!("A container sees {seen} of it, in {files} files."),
        columns: &["Layer", "Size", "Files", "Line", "Made by"],
        rows: rows.collect(),
    }
}

fn owners(image: &ImageReport) -> Table {
    let rows = image.owners.iter().take(MOST).map(|owner| {
        let version = owner.version.as_deref().map_or(String::new(), |v| format!(" {v}"));
        let name = if owner.name.is_empty() { "/" } else { &owner.name };
        vec![
            Cell::Code(format!("{name}{version}")),
            Cell::Text(owner.kind.name().to_owned()),
            size(owner.bytes),
            number(owner.files),
            Cell::Number(owner.layer.to_string()),
        ]
    });
    Table {
        title: "Whose the bytes are".to_owned(),
        lead: largest(image.owners.len()),
        columns: &["Name", "Kind", "Size", "Files", "Layer"],
        rows: rows.collect(),
    }
}

fn waste(image: &ImageReport) -> Table {
    let waste = &image.waste;
    let rows = waste.largest.iter().take(MOST).map(|file| {
        let how = if file.deleted { "deleted" } else { "replaced" };
        vec![
            Cell::Code(file.path.clone()),
            size(file.bytes),
            Cell::Text(format!("layer {}, {how} by layer {}", file.layer, file.by)),
        ]
    });
    Table {
        title: format!("Pulled and never seen: {}", bytes(waste.bytes as f64)),
        lead: largest(waste.largest.len()),
        columns: &["Path", "Size", "Where"],
        rows: rows.collect(),
    }
}

fn needless(image: &ImageReport) -> Table {
    let rows = image.needless.iter().map(|one| {
        let first = one.largest.first().map_or(String::new(), |first| first.path.clone());
        vec![
            Cell::Text(one.kind.name().to_owned()),
            size(one.bytes),
            number(one.files),
            Cell::Code(first),
        ]
    });
    Table {
        title: "Needless in an image that runs a service".to_owned(),
        lead: String::new(),
        columns: &["What", "Size", "Files", "The largest"],
        rows: rows.collect(),
    }
}

fn largest(all: usize) -> String {
    if all > MOST { format!("The largest {MOST} of {}.", count(all as f64)) } else { String::new() }
}
