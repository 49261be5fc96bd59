//! The rows of the screen: layers, files, lists.

use plimsoll_model::printable;
use plimsoll_oci::Kind;
use ratatui::style::Style;

use super::details::size;
use super::paint::Painter;
use super::sight::Change;
use super::state::{State, Tab};
use super::tree::Node;

/// The first row that is shown: the chosen one stays in the middle where it can.
fn first(chosen: usize, all: usize, height: u16) -> usize {
    let height = usize::from(height);
    chosen.saturating_sub(height / 2).min(all.saturating_sub(height))
}

/// The layers: number, size, what of it is wasted, and the step.
pub(super) fn layers(painter: &mut Painter<'_>, state: &State<'_>) {
    let theme = painter.theme;
    let all = &state.report.layers;
    let start = first(state.layer, all.len(), painter.height());
    let rows = all.iter().enumerate().skip(start).take(usize::from(painter.height()));
    for (y, (at, layer)) in rows.enumerate() {
        let y = y as u16;
        let wasted = if layer.wasted_bytes > 0 { "!" } else { " " };
        painter.put(0, y, &format!("{at:>3} {:>7}", size(layer.bytes)), 11, theme.plain());
        painter.put(11, y, wasted, 1, theme.warn());
        let mut x = 13;
        if painter.width() >= 40 && layer.wasted_bytes > 0 {
            x = painter.put(
                x,
                y,
                &format!("{} wasted ", size(layer.wasted_bytes)),
                16,
                theme.warn(),
            );
        }
        let step = layer.step.as_deref().unwrap_or("nothing is told of it");
        let room = painter.width().saturating_sub(x + 2);
        painter.put(x, y, &printable(&one_line(step)), room, theme.dim());
        let edge = painter.width() - 1;
        if at == state.layer {
            painter.row(y, theme.chosen());
        }
        painter.put(edge, y, "│", 1, theme.dim());
    }
    for y in all.len().saturating_sub(start)..usize::from(painter.height()) {
        painter.put(painter.width() - 1, y as u16, "│", 1, theme.dim());
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().take(40).collect::<Vec<_>>().join(" ")
}

/// What is beside the layers.
pub(super) fn main(painter: &mut Painter<'_>, state: &State<'_>) {
    let start = first(state.cursor(), state.len(), painter.height());
    for y in 0..painter.height() {
        let row = start + usize::from(y);
        if row >= state.len() {
            break;
        }
        match state.tree.rows.get(row).filter(|_| state.tab == Tab::Files) {
            Some(node) => file(painter, y, state, *node),
            None => item(painter, y, state, row),
        }
        if row == state.cursor() {
            painter.row(y, painter.theme.chosen());
        }
    }
    if state.len() == 0 {
        let said =
            if state.filter.is_empty() { "nothing here" } else { "nothing has this in its name" };
        painter.put(1, 0, said, u16::MAX, painter.theme.dim());
    }
}

/// The part of the whole as a bar of eight cells.
fn bar(part: u64, whole: u64) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (part as f64 / whole.max(1) as f64 * 64.0).round().clamp(0.0, 64.0) as usize;
    let full = "█".repeat(eighths / 8);
    let rest =
        if eighths.is_multiple_of(8) { String::new() } else { PARTS[eighths % 8].to_string() };
    format!("{full}{rest}")
}

fn file(painter: &mut Painter<'_>, y: u16, state: &State<'_>, node: Node) {
    let theme = painter.theme;
    let (path, sight) = (node.path, &state.sight);
    let (mark, style) = mark(painter, sight.change(path));
    painter.put(0, y, mark, 1, style);
    if sight.is_hidden(state.analysis, path) {
        painter.put(1, y, "×", 1, theme.bad());
    }
    let bytes = sight.bytes(path);
    painter.put(2, y, &format!("{:>8}", size(bytes)), 8, theme.plain());
    let mut x = 11;
    if painter.width() >= 50 {
        painter.put(x, y, &bar(bytes, sight.bytes(plimsoll_oci::ROOT)), 8, theme.dim());
        x += 9;
    }
    if painter.width() >= 70 {
        let mode = sight.entry(path).map_or(String::new(), |entry| format!("{:04o}", entry.mode));
        painter.put(x, y, &mode, 4, theme.dim());
        x += 5;
    }
    if painter.width() >= 84 {
        let owner = state.analysis.owners.of_path(path);
        let owner = owner.map_or(String::new(), |o| format!("{} {}", o.kind.name(), o.name));
        painter.put(x, y, &printable(&owner), 20, theme.dim());
        x += 21;
    }
    name(painter, (x, y), state, node, style);
}

fn name(
    painter: &mut Painter<'_>,
    (x, y): (u16, u16),
    state: &State<'_>,
    node: Node,
    style: Style,
) {
    // Deep folders would leave no room for their names.
    let indent = node.depth.saturating_mul(2).min(painter.width().saturating_sub(x) / 2);
    let fold = match node.open {
        Some(true) => "▾ ",
        Some(false) => "▸ ",
        None => "  ",
    };
    let name = state.paths().name(node.path);
    let entry = state.sight.entry(node.path);
    let is_folder = entry.map_or(node.open.is_some(), |entry| entry.kind == Kind::Folder);
    let slash = if is_folder { "/" } else { "" };
    let target = state.sight.target(node.path).map_or(String::new(), |to| format!(" -> {to}"));
    let text = format!("{fold}{name}{slash}{target}");
    let plain = style == painter.theme.plain() && is_folder;
    let style = if plain { painter.theme.folder() } else { style };
    painter.put(x + indent, y, &printable(&text), u16::MAX, style);
}

fn mark(painter: &Painter<'_>, change: Change) -> (&'static str, Style) {
    match change {
        Change::None => (" ", painter.theme.plain()),
        Change::Added => ("+", painter.theme.good()),
        Change::Changed => ("~", painter.theme.warn()),
        Change::Deleted => ("-", painter.theme.bad()),
    }
}

fn item(painter: &mut Painter<'_>, y: u16, state: &State<'_>, row: usize) {
    let theme = painter.theme;
    let Some(item) = state.item(row) else { return };
    let mut x = 1;
    if let Some(bytes) = item.bytes {
        painter.put(x, y, &format!("{:>8}", size(bytes)), 8, theme.plain());
        x += 9;
        if painter.width() >= 50 {
            let whole = state.report.visible_bytes.max(state.report.waste.bytes);
            painter.put(x, y, &bar(bytes, whole), 8, theme.dim());
            x += 9;
        }
    }
    let indent = if item.is_part { 2 } else { 0 };
    let style = if item.is_part { theme.plain() } else { theme.bold() };
    let x = painter.put(x + indent, y, &printable(&item.name), u16::MAX, style);
    painter.put(x + 2, y, &printable(&item.note), u16::MAX, theme.dim());
}
