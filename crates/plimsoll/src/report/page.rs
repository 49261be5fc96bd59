//! A page for the terminal in the making.

use std::fmt::Write as _;

use plimsoll_model::{count, printable};

use super::replay::{Paint, shortened};
use crate::ui::{self, Colour};

/// How many lines a list has unless all are asked for.
const SHORT: usize = 10;

/// A page in the making.
pub(super) struct Page {
    pub(super) out: String,
    pub(super) paint: Paint,
    pub(super) most: usize,
    pub(super) width: usize,
}

impl Page {
    /// A page as wide as the terminal; where it is full, lists have no end.
    pub(super) fn new(full: bool, colour: Colour) -> Self {
        Self {
            out: String::new(),
            paint: Paint(colour.on()),
            most: if full { usize::MAX } else { SHORT },
            width: ui::width(),
        }
    }

    pub(super) fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// What comes next, and what is said of it at once.
    pub(super) fn title(&mut self, title: &str, said: &str) {
        let bold = self.paint.bold(title);
        let fits = 4 + title.chars().count() + said.chars().count() <= self.width;
        match said {
            "" => self.line(&format!("\n  {bold}")),
            _ if fits => self.line(&format!("\n  {bold}  {said}")),
            _ => {
                self.line(&format!("\n  {bold}"));
                self.wrapped("  ", said);
            }
        }
    }

    /// The rows that are shown, and how many are not.
    pub(super) fn shown<'r, T>(&self, rows: &'r [T]) -> (&'r [T], usize) {
        let shown = rows.len().min(self.most);
        (&rows[..shown], rows.len() - shown)
    }

    pub(super) fn more(&mut self, left: usize) {
        if left > 0 {
            let _ = writeln!(self.out, "    … {} more: --full", count(left as f64));
        }
    }

    /// A text of a repository or an image, short enough for what is left of the line.
    pub(super) fn fit(&self, text: &str, used: usize) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        shortened(&printable(&text), self.width.saturating_sub(used).max(20))
    }

    /// A text over as many lines as it takes; each further line begins below the first word.
    pub(super) fn wrapped(&mut self, begin: &str, text: &str) {
        let text = printable(text);
        let left = begin.chars().count();
        let room = self.width.saturating_sub(left + 1).max(20);
        let mut line = begin.to_owned();
        let mut used = 0;
        for word in text.split_whitespace() {
            let wide = word.chars().count();
            if used > 0 && used + 1 + wide > room {
                self.line(&line);
                line = " ".repeat(left);
                used = 0;
            }
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += wide;
        }
        self.line(line.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let mut page = Page { width: 32, ..Page::new(true, Colour::Never) };
        page.wrapped("  note: ", "one two three four five\u{1b}[2J six");
        assert_eq!(page.out, "  note: one two three four\n        five\\u{1b}[2J six\n");
    }
}
