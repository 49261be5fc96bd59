//! The parser: one pass over the bytes, with a stack for what is open.

mod compound;
mod words;

use super::word::Word;
use super::{Bashism, Command, Loop, Redirect, Script, Separator};
use crate::Span;

/// Substitutions inside one another that are looked into.
const MAX_DEPTH: usize = 16;

/// Reads shell text. Total: whatever the text, there is a script.
#[must_use]
pub fn parse(text: &str) -> Script {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        function: None,
        script: Script::default(),
    };
    let mut frame = Frame::default();
    parser.list(&mut frame);
    parser.script.commands.shrink_to_fit();
    parser.script
}

/// What is open around a command.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Open {
    Subshell,
    Group,
    /// An `if`; its branch has begun.
    If(bool),
    Loop(Loop),
    /// A `case`; its body is being read, not a pattern.
    Case(bool),
    Function(Box<str>),
}

/// One list of commands: the text, or the inside of a substitution.
#[derive(Default)]
struct Frame {
    open: Vec<Open>,
    before: Separator,
    /// The byte that ends the list: `)` or a backtick.
    end: Option<u8>,
    heredocs: Vec<Heredoc>,
}

struct Heredoc {
    /// The command and its redirect.
    command: usize,
    redirect: usize,
    delimiter: Box<str>,
    strip_tabs: bool,
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    /// A function's name that waits for its body.
    function: Option<Box<str>>,
    script: Script,
}

impl<'a> Parser<'a> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn starts(&self, sign: &str) -> bool {
        self.bytes[self.at.min(self.bytes.len())..].starts_with(sign.as_bytes())
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Notes a construct of bash.
    fn bash(&mut self, what: Bashism, start: usize, length: usize) {
        self.script.bash.push((what, Span::new(start, start + length)));
    }

    /// Skips blanks, continued lines and comments.
    fn blanks(&mut self) {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.peek(1) == b'\n' => self.at += 2,
                b'\\' if self.peek(1) == b'\r' && self.peek(2) == b'\n' => self.at += 3,
                b'#' => self.skip_line(),
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        while !self.done() && self.peek(0) != b'\n' {
            self.at += 1;
        }
    }

    fn list(&mut self, frame: &mut Frame) {
        loop {
            self.blanks();
            if self.done() || (frame.end == Some(b'`') && self.peek(0) == b'`') {
                return;
            }
            if self.operator(frame) {
                continue;
            }
            if frame.end == Some(b')') && self.peek(0) == b')' {
                return;
            }
            let before = self.at;
            self.command(frame);
            // Whatever stands here that nothing took is passed over: the loop always goes on.
            if self.at == before {
                self.at += 1;
            }
        }
    }

    /// Takes an operator, if one stands here. A `)` that ends the list is none.
    fn operator(&mut self, frame: &mut Frame) -> bool {
        let pattern = frame.open.last() == Some(&Open::Case(false));
        let (length, separator) = match (self.peek(0), self.peek(1)) {
            (b'\n', _) => {
                self.at += 1;
                self.heredoc_bodies(frame);
                frame.before = Separator::Seq;
                return true;
            }
            (b';', b';') => {
                if let Some(Open::Case(body)) = frame.open.last_mut() {
                    *body = false;
                }
                (2, Separator::Seq)
            }
            (b';', _) => (1, Separator::Seq),
            (b'&', b'&') => (2, Separator::And),
            (b'&', b'>') => return false,
            (b'&', _) => (1, Separator::Background),
            (b'|', b'|') => (2, Separator::Or),
            (b'|', b'&') => {
                self.bash(Bashism::BothStreams, self.at, 2);
                (2, Separator::Pipe)
            }
            (b'|', _) if !pattern => (1, Separator::Pipe),
            (b'(', b'(') if !pattern => {
                self.arithmetic();
                return true;
            }
            (b'(', _) if !pattern => {
                let open = self.function.take().map_or(Open::Subshell, Open::Function);
                frame.open.push(open);
                (1, Separator::Start)
            }
            (b')', _) if pattern => {
                if let Some(Open::Case(body)) = frame.open.last_mut() {
                    *body = true;
                }
                (1, Separator::Start)
            }
            (b')', _) => {
                let inner = frame
                    .open
                    .iter()
                    .rposition(|o| matches!(o, Open::Subshell | Open::Function(_)));
                match inner {
                    Some(i) => frame.open.truncate(i),
                    None if frame.end == Some(b')') => return false,
                    None => {}
                }
                (1, frame.before)
            }
            _ => return false,
        };
        if separator == Separator::Pipe
            && let Some(last) = self.script.commands.last_mut()
        {
            last.piped = true;
        }
        frame.before = separator;
        self.at += length;
        true
    }

    /// Skips `(( … ))`.
    fn arithmetic(&mut self) {
        let mut depth = 0_usize;
        while !self.done() {
            match self.peek(0) {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\n' => return,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Reads the bodies that the line just ended has announced.
    fn heredoc_bodies(&mut self, frame: &mut Frame) {
        for heredoc in std::mem::take(&mut frame.heredocs) {
            let start = self.at;
            let mut end = self.at;
            while !self.done() {
                let line_start = self.at;
                self.skip_line();
                let line = self.slice(line_start, self.at).trim_end_matches('\r');
                self.at = (self.at + 1).min(self.bytes.len());
                let line = if heredoc.strip_tabs { line.trim_start_matches('\t') } else { line };
                if line == heredoc.delimiter.as_ref() {
                    break;
                }
                end = self.at;
            }
            let command = self.script.commands.get_mut(heredoc.command);
            if let Some(redirect) = command.and_then(|c| c.redirects.get_mut(heredoc.redirect)) {
                redirect.body = Some(Span::new(start, end));
            }
        }
    }

    /// Reads a simple command, or the reserved word that stands in its place.
    fn command(&mut self, frame: &mut Frame) {
        if frame.open.last() == Some(&Open::Case(false)) {
            return self.pattern(frame);
        }
        let start = self.at;
        let mut command = Command { before: frame.before, ..Command::default() };
        let mut heredocs: Vec<Heredoc> = Vec::new();
        let mut end = start;
        while !self.at_end_of_command(frame) {
            if self.redirect(&mut command, &mut heredocs, frame) {
                end = self.at;
                self.blanks();
                continue;
            }
            let word = self.word(frame);
            if word.span.end <= word.span.start {
                break;
            }
            end = self.at;
            if command.words.is_empty()
                && command.redirects.is_empty()
                && command.assignments.is_empty()
            {
                if self.reserved(&word, frame) {
                    return;
                }
                if self.peek(0) == b'(' && self.empty_parentheses() {
                    self.function = word.text().map(Into::into);
                    return;
                }
            }
            match assignment(&word).filter(|_| command.words.is_empty()) {
                Some((name, value)) => {
                    command.assignments.push((name, value));
                    self.array();
                }
                None => command.words.push(word),
            }
            self.blanks();
        }
        command.span = Span::new(start, end);
        frame.before = Separator::Seq;
        if !(command.words.is_empty()
            && command.assignments.is_empty()
            && command.redirects.is_empty())
        {
            self.push(command, heredocs, frame);
        }
    }

    fn at_end_of_command(&self, frame: &Frame) -> bool {
        match self.peek(0) {
            _ if self.done() => true,
            b'\n' | b';' | b'|' | b')' => true,
            b'&' => self.peek(1) != b'>',
            b'`' => frame.end == Some(b'`'),
            b'(' => true,
            _ => false,
        }
    }

    fn push(&mut self, mut command: Command, heredocs: Vec<Heredoc>, frame: &mut Frame) {
        let branch = |o: &Open| {
            matches!(o, Open::If(true) | Open::Loop(_) | Open::Case(_) | Open::Function(_))
        };
        command.conditional = command.before == Separator::Or || frame.open.iter().any(branch);
        command.in_loop = frame
            .open
            .iter()
            .rev()
            .find_map(|o| if let Open::Loop(l) = o { Some(*l) } else { None });
        command.function = frame
            .open
            .iter()
            .rev()
            .find_map(|o| if let Open::Function(f) = o { Some(f.clone()) } else { None });
        command.in_substitution = self.depth > 0;
        command.words.shrink_to_fit();
        let index = self.script.commands.len();
        frame.heredocs.extend(heredocs.into_iter().map(|h| Heredoc { command: index, ..h }));
        self.script.commands.push(command);
    }

    /// Reads a redirect, if one stands here.
    fn redirect(
        &mut self,
        command: &mut Command,
        heredocs: &mut Vec<Heredoc>,
        frame: &mut Frame,
    ) -> bool {
        const OPERATORS: [&str; 12] =
            ["<<<", "<<-", "&>>", "<<", "<>", "<&", "<", ">>", ">&", ">|", "&>", ">"];
        let digits = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let start = self.at;
        self.at += digits;
        let found = OPERATORS.iter().find(|o| self.starts(o));
        // `<(…)` is a word.
        let Some(operator) = found.filter(|o| !(matches!(**o, "<" | ">") && self.peek(1) == b'('))
        else {
            self.at = start;
            return false;
        };
        match *operator {
            "<<<" => self.bash(Bashism::HereString, self.at, 3),
            "&>" | "&>>" => self.bash(Bashism::BothStreams, self.at, operator.len()),
            _ => {}
        }
        self.at += operator.len();
        self.blanks();
        let target = self.word(frame);
        if matches!(*operator, "<<" | "<<-") {
            let delimiter =
                target.text().map_or_else(|| target.span.text(self.text).into(), Into::into);
            let redirect = command.redirects.len();
            heredocs.push(Heredoc {
                command: 0,
                redirect,
                delimiter,
                strip_tabs: *operator == "<<-",
            });
        }
        command.redirects.push(Redirect { operator: (*operator).into(), target, body: None });
        true
    }
}

fn close(frame: &mut Frame, is: impl Fn(&Open) -> bool) {
    if let Some(i) = frame.open.iter().rposition(is) {
        frame.open.truncate(i);
    }
}

/// `NAME=value` as a name and a word.
fn assignment(word: &Word) -> Option<(Box<str>, Word)> {
    let (name, value) = word.split_assignment()?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let valid = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| (name.into(), value))
}
