//! Reserved words and what they open: branches, loops, cases, functions, tests and arrays.

use super::{Frame, Open, Parser, Word, close};
use crate::shell::{Bashism, Loop, Separator};

impl Parser<'_> {
    /// Handles a reserved word; `true` where it is one.
    pub(super) fn reserved(&mut self, word: &Word, frame: &mut Frame) -> bool {
        let Some(text) = word.text().filter(|_| !word.quoted) else { return false };
        match text {
            "if" => frame.open.push(Open::If(false)),
            "while" | "until" => frame.open.push(Open::Loop(Loop::While)),
            "for" | "select" => {
                frame.open.push(Open::Loop(Loop::For));
                self.skip_words(frame);
            }
            "case" => {
                frame.open.push(Open::Case(false));
                self.blanks();
                self.word(frame);
                self.blanks();
                self.word(frame);
            }
            "then" | "else" => {
                if let Some(Open::If(branch)) =
                    frame.open.iter_mut().rev().find(|o| matches!(o, Open::If(_)))
                {
                    *branch = true;
                }
            }
            "elif" | "do" | "!" => {}
            "{" => frame.open.push(self.function.take().map_or(Open::Group, Open::Function)),
            "function" => {
                self.bash(Bashism::Function, word.span.start as usize, "function".len());
                self.blanks();
                self.function = self.word(frame).text().map(Into::into);
                self.blanks();
                self.empty_parentheses();
            }
            "fi" => close(frame, |o| matches!(o, Open::If(_))),
            "done" => close(frame, |o| matches!(o, Open::Loop(_))),
            "esac" => close(frame, |o| matches!(o, Open::Case(_))),
            "}" => close(frame, |o| matches!(o, Open::Group | Open::Function(_))),
            "[[" => {
                self.bash(Bashism::Test, word.span.start as usize, 2);
                self.test();
                return true;
            }
            _ => return false,
        }
        // The list goes on: what stands next is a command, joined as this one was.
        if !matches!(text, "!" | "{") {
            frame.before = Separator::Seq;
        }
        true
    }

    /// Reads `name in words` of a loop's head.
    pub(super) fn skip_words(&mut self, frame: &mut Frame) {
        self.blanks();
        if self.starts("((") {
            return self.arithmetic();
        }
        while !self.at_end_of_command(frame) {
            let before = self.at;
            self.word(frame);
            self.blanks();
            if self.at == before {
                return;
            }
        }
    }

    /// Skips `[[ … ]]`, in which `&&`, `<` and `(` are no operators.
    pub(super) fn test(&mut self) {
        while !self.done() && !self.starts("]]") {
            match self.peek(0) {
                b'\'' | b'"' => self.skip_quoted(),
                b'\n' if self.peek(1) == b'\n' => return,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 2).min(self.bytes.len());
    }

    pub(super) fn skip_quoted(&mut self) {
        let quote = self.peek(0);
        self.at += 1;
        while !self.done() && self.peek(0) != quote {
            self.at += if quote == b'"' && self.peek(0) == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }

    /// Reads a pattern of a `case`, or its end.
    pub(super) fn pattern(&mut self, frame: &mut Frame) {
        if self.peek(0) == b'(' || self.peek(0) == b'|' {
            self.at += 1;
            return;
        }
        let word = self.word(frame);
        if word.text() == Some("esac") && !word.quoted {
            close(frame, |o| matches!(o, Open::Case(_)));
        }
    }

    /// Takes `()`, where it stands here.
    pub(super) fn empty_parentheses(&mut self) -> bool {
        if self.peek(0) != b'(' {
            return false;
        }
        let rest = self.bytes.get(self.at + 1..).unwrap_or(&[]);
        let blanks = rest.iter().take_while(|b| **b == b' ').count();
        let empty = rest.get(blanks) == Some(&b')');
        if empty {
            self.at += blanks + 2;
        }
        empty
    }

    /// Skips the words of an array that is assigned.
    pub(super) fn array(&mut self) {
        if self.peek(0) != b'(' {
            return;
        }
        self.bash(Bashism::Array, self.at, 1);
        while !self.done() && self.peek(0) != b')' {
            match self.peek(0) {
                b'\'' | b'"' => self.skip_quoted(),
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 1).min(self.bytes.len());
    }
}
