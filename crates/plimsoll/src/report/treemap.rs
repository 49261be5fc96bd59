//! A squarified treemap as SVG: areas are bytes, and it needs no script.

use std::fmt::Write as _;

use plimsoll_model::{FolderSize, bytes, count};

use super::escape;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
/// Rectangles at the most; the rest is one rectangle of its own.
const MOST: usize = 60;

#[derive(Clone, Copy)]
struct Rect {
    x: f64,
    y: f64,
    w: f64,
    h: f64,
}

/// Draws folders by their bytes. Empty where nothing is sent.
pub(crate) fn svg(folders: &[FolderSize]) -> String {
    let items = largest(folders);
    let total: f64 = items.iter().map(|i| i.bytes as f64).sum();
    if total <= 0.0 {
        return String::new();
    }
    let areas: Vec<f64> = items.iter().map(|i| i.bytes as f64 / total * WIDTH * HEIGHT).collect();
    let rects = squarify(&areas, Rect { x: 0.0, y: 0.0, w: WIDTH, h: HEIGHT });
    let mut out = format!(
        "<svg class=\"treemap\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"What is sent to the builder, by folder\">\n"
    );
    for (i, (item, rect)) in items.iter().zip(rects).enumerate() {
        tile(&mut out, i, item, rect);
    }
    out.push_str("</svg>\n");
    out
}

fn largest(folders: &[FolderSize]) -> Vec<FolderSize> {
    let mut items: Vec<FolderSize> = folders.iter().filter(|f| f.bytes > 0).cloned().collect();
    items.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
    if items.len() > MOST {
        let rest = items.split_off(MOST);
        let bytes = rest.iter().map(|f| f.bytes).sum();
        let files = rest.iter().map(|f| f.files).sum();
        items.push(FolderSize { path: format!("{} smaller folders", rest.len()), bytes, files });
    }
    items
}

fn tile(out: &mut String, index: usize, item: &FolderSize, r: Rect) {
    let size = format!("{} in {} files", bytes(item.bytes as f64), count(item.files as f64));
    let path = escape(if item.path.is_empty() { "." } else { &item.path });
    let _ = write!(
        out,
        "<g><title>{path}: {size}</title><rect class=\"t{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
        index % 8,
        r.x,
        r.y,
        (r.w - 1.0).max(0.0),
        (r.h - 1.0).max(0.0)
    );
    let room = ((r.w - 10.0) / 7.0) as usize;
    if r.h > 20.0 && room > 3 {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            r.x + 5.0,
            r.y + 15.0,
            fit(&item.path, room)
        );
    }
    if r.h > 38.0 && room > 8 {
        let _ = write!(
            out,
            "<text class=\"size\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            r.x + 5.0,
            r.y + 31.0,
            bytes(item.bytes as f64)
        );
    }
    out.push_str("</g>\n");
}

/// The end of a path that fits: its last parts say the most.
fn fit(path: &str, room: usize) -> String {
    let path = if path.is_empty() { "." } else { path };
    let length = path.chars().count();
    if length <= room {
        return escape(path);
    }
    let tail: String = path.chars().skip(length - room + 1).collect();
    format!("…{}", escape(&tail))
}

/// Lays areas, largest first, into rows whose tiles are as square as can be
/// (Bruls, Huizing and van Wijk).
fn squarify(areas: &[f64], mut free: Rect) -> Vec<Rect> {
    let mut rects = Vec::with_capacity(areas.len());
    let mut rest = areas;
    while !rest.is_empty() {
        let side = free.w.min(free.h).max(f64::MIN_POSITIVE);
        let mut n = 1;
        while n < rest.len() && worst(&rest[..=n], side) <= worst(&rest[..n], side) {
            n += 1;
        }
        let (row, after) = rest.split_at(n);
        place(row, &mut free, &mut rects);
        rest = after;
    }
    rects
}

/// The worst ratio of sides of a row along a side.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let (low, high) = row.iter().fold((f64::MAX, 0.0_f64), |(l, h), a| (l.min(*a), h.max(*a)));
    let (s2, w2) = (sum * sum, side * side);
    (w2 * high / s2).max(s2 / (w2 * low))
}

fn place(row: &[f64], free: &mut Rect, rects: &mut Vec<Rect>) {
    let sum: f64 = row.iter().sum();
    let wide = free.w >= free.h;
    let side = if wide { free.h } else { free.w };
    let thick = if side > 0.0 { sum / side } else { 0.0 };
    let mut at = if wide { free.y } else { free.x };
    for area in row {
        let long = if thick > 0.0 { area / thick } else { 0.0 };
        rects.push(if wide {
            Rect { x: free.x, y: at, w: thick, h: long }
        } else {
            Rect { x: at, y: free.y, w: long, h: thick }
        });
        at += long;
    }
    if wide {
        free.x += thick;
        free.w = (free.w - thick).max(0.0);
    } else {
        free.y += thick;
        free.h = (free.h - thick).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fill_the_page_and_stay_on_it() {
        let areas: Vec<f64> =
            [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0].iter().map(|a| a / 24.0 * WIDTH * HEIGHT).collect();
        let rects = squarify(&areas, Rect { x: 0.0, y: 0.0, w: WIDTH, h: HEIGHT });
        let covered: f64 = rects.iter().map(|r| r.w * r.h).sum();
        assert!((covered - WIDTH * HEIGHT).abs() < 1.0);
        for r in rects {
            assert!(
                r.x >= 0.0 && r.y >= 0.0 && r.x + r.w < WIDTH + 0.1 && r.y + r.h < HEIGHT + 0.1
            );
        }
    }

    #[test]
    fn hostile_names_are_text() {
        let folder = FolderSize { path: "<script>".into(), bytes: 10, files: 1 };
        assert!(!svg(&[folder]).contains("<script>"));
        assert_eq!(svg(&[]), "");
    }
}
