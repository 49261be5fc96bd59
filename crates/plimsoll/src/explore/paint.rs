//! Putting texts on a part of the screen, with or without colour.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// Whether colour is wanted. What colour says is said without it, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme(pub(super) bool);

impl Theme {
    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    pub(super) fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn good(self) -> Style {
        self.of(Color::Green)
    }

    pub(super) fn warn(self) -> Style {
        self.of(Color::Yellow)
    }

    pub(super) fn bad(self) -> Style {
        self.of(Color::Red)
    }

    pub(super) fn folder(self) -> Style {
        self.of(Color::Cyan)
    }

    fn of(self, colour: Color) -> Style {
        if self.0 { Style::new().fg(colour) } else { Style::new() }
    }
}

/// A part of the screen.
pub(super) struct Painter<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
    pub(super) theme: Theme,
}

impl<'b> Painter<'b> {
    pub(super) fn new(frame: &'b mut Frame<'_>, area: Rect, theme: Theme) -> Self {
        Self { buffer: frame.buffer_mut(), area, theme }
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    /// Puts a text that is fit for a terminal, cut at `most` columns and at the edge, and says
    /// where it ends.
    pub(super) fn put(&mut self, x: u16, y: u16, text: &str, most: u16, style: Style) -> u16 {
        let room = self.area.width.saturating_sub(x).min(most);
        if room == 0 || y >= self.area.height {
            return x;
        }
        let at = (self.area.x + x, self.area.y + y);
        let (end, _) = self.buffer.set_stringn(at.0, at.1, text, usize::from(room), style);
        end.saturating_sub(self.area.x)
    }

    /// Gives a whole row a style.
    pub(super) fn row(&mut self, y: u16, style: Style) {
        let row = Rect::new(self.area.x, self.area.y + y, self.area.width, 1);
        self.buffer.set_style(row.intersection(self.area), style);
    }
}
