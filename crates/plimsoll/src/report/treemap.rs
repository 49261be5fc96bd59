//! A squarified treemap as SVG: areas are bytes, and it needs no script.

mod layout;

use std::fmt::Write as _;

use plimsoll_model::{FolderSize, bytes, count};

use self::layout::{Rect, squarify};
use super::escape;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
/// Rectangles of a level at the most; the rest is one rectangle of its own.
const MOST: usize = 60;
/// The line that a tile with parts keeps for its name.
const NAME: f64 = 17.0;

/// A tile.
pub(crate) struct Tile {
    /// What stands on it, where there is room.
    pub(crate) name: String,
    /// What is said of it where a pointer rests.
    pub(crate) title: String,
    pub(crate) bytes: u64,
    /// What of it has tiles of its own; the rest of its bytes is left empty.
    pub(crate) parts: Vec<Tile>,
}

/// Draws folders by their bytes. Empty where nothing is sent.
pub(crate) fn svg(folders: &[FolderSize]) -> String {
    let tile = |folder: &FolderSize| {
        let name = if folder.path.is_empty() { "." } else { &folder.path };
        let size = in_files(folder.bytes, folder.files);
        let title = format!("{name}: {size}");
        Tile { name: name.to_owned(), title, bytes: folder.bytes, parts: Vec::new() }
    };
    nested("What is sent to the builder, by folder", folders.iter().map(tile).collect())
}

/// `12.0 MB in 300 files`.
pub(crate) fn in_files(size: u64, files: u64) -> String {
    format!("{} in {} files", bytes(size as f64), count(files as f64))
}

/// Draws tiles and, where there is room, their parts. Empty where they have no bytes.
pub(crate) fn nested(label: &str, tiles: Vec<Tile>) -> String {
    let tiles = largest(tiles);
    if tiles.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<svg class=\"treemap\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
        escape(label)
    );
    let total = tiles.iter().map(|tile| tile.bytes).sum();
    let page = Rect { x: 0.0, y: 0.0, w: WIDTH, h: HEIGHT };
    for (at, (tile, rect)) in tiles.iter().zip(lay(&tiles, total, page)).enumerate() {
        draw(&mut out, at, 0, tile, rect);
    }
    out.push_str("</svg>\n");
    out
}

fn largest(tiles: Vec<Tile>) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = tiles.into_iter().filter(|tile| tile.bytes > 0).collect();
    tiles.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
    if tiles.len() > MOST {
        let rest = tiles.split_off(MOST);
        let bytes = rest.iter().map(|tile| tile.bytes).sum();
        let name = format!("{} smaller ones", rest.len());
        let title = format!("{name}: {}", plimsoll_model::bytes(bytes as f64));
        tiles.push(Tile { name, title, bytes, parts: Vec::new() });
    }
    tiles
}

/// Where tiles lie that are parts of a whole; what they leave of it stays free.
fn lay(tiles: &[Tile], whole: u64, free: Rect) -> Vec<Rect> {
    let scale = free.w * free.h / whole.max(1) as f64;
    let areas: Vec<f64> = tiles.iter().map(|tile| tile.bytes as f64 * scale).collect();
    squarify(&areas, free)
}

/// Draws a tile and its parts. One folder often has nearly everything, so that what is in it has
/// colours of its own, too; deeper ones are darker than what they lie in.
fn draw(out: &mut String, colour: usize, depth: u32, tile: &Tile, r: Rect) {
    let class = match depth {
        0 => format!("t{}", colour % 8),
        1 => format!("t{} inner", colour % 8),
        _ => "part".to_owned(),
    };
    let (w, h) = ((r.w - 1.0).max(0.0), (r.h - 1.0).max(0.0));
    let _ = write!(
        out,
        "<g><title>{}</title><rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>",
        escape(&tile.title),
        r.x,
        r.y,
    );
    let inner = Rect { x: r.x + 2.0, y: r.y + NAME, w: r.w - 5.0, h: r.h - NAME - 3.0 };
    let has_parts = !tile.parts.is_empty() && inner.w > 24.0 && inner.h > 16.0;
    write_name(out, tile, r, has_parts);
    out.push_str("</g>\n");
    if has_parts {
        let rects = lay(&tile.parts, tile.bytes, inner);
        let parts = tile.parts.iter().zip(rects).enumerate();
        for (at, (part, rect)) in parts.filter(|(_, (_, r))| r.w > 2.0 && r.h > 2.0) {
            draw(out, colour + at + 1, depth + 1, part, rect);
        }
    }
}

fn write_name(out: &mut String, tile: &Tile, r: Rect, has_parts: bool) {
    let room = ((r.w - 10.0) / 7.0).max(0.0) as usize;
    let mut line = |class: &str, y: f64, text: &str| {
        let (x, y) = (r.x + 5.0, r.y + y);
        let _ = write!(out, "<text{class} x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
    };
    let size = bytes(tile.bytes as f64);
    let together = tile.name.chars().count() + size.chars().count() + 2;
    if has_parts && room >= together {
        line("", 13.0, &format!("{}  {size}", escape(&tile.name)));
    } else if r.h > 20.0 && room > 3 {
        line("", if has_parts { 13.0 } else { 15.0 }, &fit(&tile.name, room));
        if !has_parts && r.h > 38.0 && room > 8 {
            line(" class=\"size\"", 31.0, &size);
        }
    }
}

/// As much of a name as fits: of a path its end, of others their beginning.
fn fit(name: &str, room: usize) -> String {
    let length = name.chars().count();
    if length <= room {
        return escape(name);
    }
    let kept = room.saturating_sub(1);
    match name.contains('/') {
        true => {
            let tail: String = name.chars().skip(length - kept).collect();
            format!("…{}", escape(&tail))
        }
        false => {
            let start: String = name.chars().take(kept).collect();
            format!("{}…", escape(&start))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_text() {
        let folder = FolderSize { path: "<script>".into(), bytes: 10, files: 1 };
        assert!(!svg(&[folder]).contains("<script>"));
        assert_eq!(svg(&[]), "");
    }

    #[test]
    fn parts_lie_within_their_tile() {
        let part = Tile { name: "b".into(), title: "a/b".into(), bytes: 50, parts: Vec::new() };
        let tile = Tile { name: "a".into(), title: "a".into(), bytes: 100, parts: vec![part] };
        let svg = nested("all", vec![tile]);
        let rect = "<title>a/b</title><rect class=\"t1 inner\" x=\"2.0\" y=\"17.0\"";
        assert!(svg.contains(rect), "{svg}");
    }
}
