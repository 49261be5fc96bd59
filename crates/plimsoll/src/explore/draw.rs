//! The state as a screen. Only rows that are visible are looked at.

use plimsoll_model::{count, printable};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::details::{self, size};
use super::paint::{Painter, Theme};
use super::rows;
use super::sight::Scope;
use super::state::{Mode, State, Tab};
use super::tree::Order;

/// The smallest screen.
const LEAST: (u16, u16) = (60, 15);

/// Draws it.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State<'_>, theme: Theme) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let said = format!("the screen is too small: {} × {} at least; q leaves", LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(said).wrap(Wrap { trim: true }), area);
        return;
    }
    let [head, tabs, body, below, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(4),
        Constraint::Length(1),
    ])
    .areas(area);
    let left = (area.width * 3 / 10).clamp(22, 48);
    let [layers, main] =
        Layout::horizontal([Constraint::Length(left), Constraint::Min(1)]).areas(body);
    state.page = usize::from(main.height);
    header(&mut Painter::new(frame, head, theme), state);
    tab_line(&mut Painter::new(frame, tabs, theme), state);
    rows::layers(&mut Painter::new(frame, layers, theme), state);
    rows::main(&mut Painter::new(frame, main, theme), state);
    bottom(&mut Painter::new(frame, below, theme), state);
    keys_line(&mut Painter::new(frame, foot, theme), state);
    if state.mode == Mode::Help {
        help(frame, area, theme);
    }
}

fn header(painter: &mut Painter<'_>, state: &State<'_>) {
    let report = state.report;
    let theme = painter.theme;
    let name = printable(&report.image).into_owned();
    let wasted = format!("{} wasted", size(report.waste.bytes));
    let platform = match painter.width() {
        ..90 => String::new(),
        _ => format!("  {}", printable(&report.platform)),
    };
    let said = format!(
        "{platform}  {} in {} layers, {} seen, ",
        size(report.unpacked_bytes),
        report.layers.len(),
        size(report.visible_bytes),
    );
    // The figures are worth more than the end of a long name.
    let room = usize::from(painter.width()).saturating_sub(said.len() + wasted.len()).max(12);
    let x = painter.put(0, 0, &tail(&name, room), room as u16, theme.bold());
    let x = painter.put(x, 0, &said, u16::MAX, theme.plain());
    let style = if report.waste.bytes > 0 { theme.warn() } else { theme.plain() };
    painter.put(x, 0, &wasted, u16::MAX, style);
}

fn tab_line(painter: &mut Painter<'_>, state: &State<'_>) {
    let theme = painter.theme;
    let mut x = 0;
    for (at, tab) in Tab::ALL.into_iter().enumerate() {
        let many = match tab {
            Tab::Files => String::new(),
            tab => format!(" {}", count(state.list(tab).len() as f64)),
        };
        let style = if tab == state.tab { theme.chosen() } else { theme.dim() };
        x = painter.put(x, 0, &format!(" {} {}{many} ", at + 1, tab.title()), u16::MAX, style);
    }
    let order = if state.tree.order == Order::Size { "by size" } else { "by name" };
    let scope = match state.scope {
        Scope::UpTo => format!("up to layer {}", state.layer),
        Scope::Alone => format!("layer {} alone", state.layer),
    };
    let said = if state.tab == Tab::Files { format!("{scope}, {order}") } else { String::new() };
    let start = painter.width().saturating_sub(said.chars().count() as u16);
    if start > x {
        painter.put(start, 0, &said, u16::MAX, theme.plain());
    }
}

fn bottom(painter: &mut Painter<'_>, state: &State<'_>) {
    let theme = painter.theme;
    let width = painter.width();
    painter.put(0, 0, &"─".repeat(usize::from(width)), u16::MAX, theme.dim());
    let [path, what, layer] = details::lines(state);
    painter.put(0, 1, &tail(&path, usize::from(width)), u16::MAX, theme.bold());
    painter.put(0, 2, &what, u16::MAX, theme.plain());
    painter.put(0, 3, &layer, u16::MAX, theme.dim());
}

fn keys_line(painter: &mut Painter<'_>, state: &State<'_>) {
    let theme = painter.theme;
    let filter = printable(&state.filter).into_owned();
    match (state.mode, filter.is_empty()) {
        (Mode::Typing, _) => {
            painter.put(0, 0, &format!("/{filter}▏ Enter keeps, Esc ends"), u16::MAX, theme.bold());
        }
        (_, false) => {
            let said =
                format!("/{filter}  {} rows; Esc shows all  ? keys", count(state.len() as f64));
            painter.put(0, 0, &said, u16::MAX, theme.bold());
        }
        _ => {
            let said = "? keys  Tab view  [ ] layer  a alone  / filter  q quit";
            painter.put(0, 0, said, u16::MAX, theme.dim());
        }
    }
}

/// The end of a text that fits: a path's last parts say the most.
fn tail(text: &str, room: usize) -> String {
    let length = text.chars().count();
    if length <= room {
        return text.to_owned();
    }
    let end: String = text.chars().skip((length + 1).saturating_sub(room)).collect();
    format!("…{end}")
}

const KEYS: [&str; 13] = [
    "↑ ↓ PgUp PgDn g G   move (also k and j)",
    "→ ← or Enter        open and close a folder",
    "Enter               in a list: go to its files",
    "Tab, 1 … 5          files, owners, waste, …",
    "[ ]                 the layer below, above",
    "a                   this layer alone, or all up to it",
    "s                   by size, by name",
    "/                   filter: name, /path or @owner",
    "q Esc Ctrl-C        leave",
    "",
    "+ added  ~ changed  - deleted by the layer",
    "× hidden by a later layer: pulled, never seen",
    "any key goes back",
];

fn help(frame: &mut Frame<'_>, area: Rect, theme: Theme) {
    let width = 58.min(area.width);
    let height = (KEYS.len() as u16 + 2).min(area.height);
    let middle = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    let lines: Vec<Line<'_>> = KEYS.iter().map(|line| Line::raw(format!(" {line}"))).collect();
    frame.render_widget(Clear, middle);
    let block = Block::bordered().title(" keys ").border_style(theme.dim());
    frame.render_widget(Paragraph::new(lines).block(block), middle);
}
