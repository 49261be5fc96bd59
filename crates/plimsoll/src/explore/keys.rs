//! What each key does to the state.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::sight::Scope;
use super::state::{Mode, State, Tab};

impl State<'_> {
    /// Takes a key.
    pub(super) fn key(&mut self, key: KeyEvent) {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            self.is_done |= key.code == KeyCode::Char('c');
            return;
        }
        match self.mode {
            Mode::Typing => self.type_key(key.code),
            Mode::Help => self.mode = Mode::Moving,
            Mode::Moving => self.move_key(key.code),
        }
    }

    fn type_key(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter | KeyCode::Down | KeyCode::Tab => self.mode = Mode::Moving,
            KeyCode::Esc => {
                self.mode = Mode::Moving;
                self.set_filter(String::new());
            }
            KeyCode::Backspace => {
                let mut text = std::mem::take(&mut self.filter);
                text.pop();
                self.set_filter(text);
            }
            KeyCode::Char(c) if self.filter.chars().count() < 60 => {
                let text = format!("{}{c}", self.filter);
                self.set_filter(text);
            }
            _ => {}
        }
    }

    fn move_key(&mut self, code: KeyCode) {
        let (page, last) = (self.page.max(1), self.len());
        match code {
            KeyCode::Char('q') => self.is_done = true,
            KeyCode::Esc if self.filter.is_empty() => self.is_done = true,
            KeyCode::Esc => self.set_filter(String::new()),
            KeyCode::Char('?') => self.mode = Mode::Help,
            KeyCode::Char('/') => self.mode = Mode::Typing,
            KeyCode::Tab => self.show(self.tab.beside(1)),
            KeyCode::BackTab => self.show(self.tab.beside(Tab::ALL.len() - 1)),
            KeyCode::Char(digit @ '1'..='5') => {
                self.show(Tab::ALL[digit as usize - '1' as usize]);
            }
            KeyCode::Char('[') => self.look_at(self.layer.saturating_sub(1), self.scope),
            KeyCode::Char(']') => self.look_at(self.layer + 1, self.scope),
            KeyCode::Char('a') => self.look_at(self.layer, other(self.scope)),
            KeyCode::Char('s') => self.sort(),
            KeyCode::Up | KeyCode::Char('k') => self.go(self.cursor().saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.go(self.cursor() + 1),
            KeyCode::PageUp => self.go(self.cursor().saturating_sub(page)),
            KeyCode::PageDown => self.go(self.cursor() + page),
            KeyCode::Home | KeyCode::Char('g') => self.go(0),
            KeyCode::End | KeyCode::Char('G') => self.go(last),
            KeyCode::Enter | KeyCode::Char(' ') => self.enter(),
            KeyCode::Right | KeyCode::Char('l') => self.open(true),
            KeyCode::Left | KeyCode::Char('h') => self.open(false),
            _ => {}
        }
    }
}

fn other(scope: Scope) -> Scope {
    match scope {
        Scope::UpTo => Scope::Alone,
        Scope::Alone => Scope::UpTo,
    }
}
