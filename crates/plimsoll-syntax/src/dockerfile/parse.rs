//! The parser: lines in, nodes out.

use std::ops::Range;

use super::directives::Reader;
use super::lines::{Lines, Logical, MAX_LINE, continued};
use super::tree::{Comment, Dockerfile, ErrorStage, Node, SyntaxError, Warning, WarningKind};
use super::{Keyword, Word, flags, heredoc, json, words};
use crate::Span;

/// The largest source that [`parse`] reads, in bytes; it bounds the memory of the tree.
pub const MAX_SOURCE: usize = 1 << 20;

/// Parses a Dockerfile; every text gives a tree.
///
/// After an error the parser goes on where BuildKit would stop. A source of more than
/// [`MAX_SOURCE`] bytes gives an empty tree with an error of [`ErrorStage::Limit`].
#[must_use]
pub fn parse(source: &str) -> Dockerfile {
    let file = Dockerfile { escape: '\\', ..Dockerfile::default() };
    let start = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let lines = Lines::new(source, start);
    let mut parser = Parser { lines, file, line: Logical::default(), above: 0 };
    if source.len() > MAX_SOURCE {
        let message = format!("a Dockerfile of more than {MAX_SOURCE} bytes is not analysed");
        parser.error(message, Span::new(0, 0), ErrorStage::Limit);
        return parser.file;
    }
    parser.run(start);
    parser.file
}

struct Parser<'s> {
    lines: Lines<'s>,
    file: Dockerfile,
    /// The instruction being gathered.
    line: Logical,
    /// The first of the comments that stand directly above the next instruction.
    above: usize,
}

/// What a node looks like before its arguments are read.
struct Head {
    name: Range<usize>,
    rest: Range<usize>,
}

impl Parser<'_> {
    fn error(&mut self, message: String, span: Span, stage: ErrorStage) {
        self.file.errors.push(SyntaxError { message, span, stage });
    }

    fn run(&mut self, start: usize) {
        let mut reader = Reader::new();
        while let Some(line) = self.lines.next() {
            let text = line.text.trim_start();
            let at = line.start + line.text.len() - text.len();
            let span = Span::new(if at == start { 0 } else { at }, line.start + line.text.len());
            let (found, errors) = (&mut self.file.directives, &mut self.file.errors);
            let escape = reader.line(text, span, found, errors);
            self.file.escape = escape.unwrap_or(self.file.escape);
            if text.starts_with('#') {
                self.comment(text, at);
            } else if text.is_empty() {
                self.above = self.file.comments.len();
            } else {
                self.instruction(text, at);
            }
        }
        self.finish();
    }

    fn finish(&mut self) {
        if let Some(span) = self.lines.too_long {
            let message = format!("dockerfile line greater than max allowed size of {MAX_LINE}");
            self.error(message, span, ErrorStage::Parse);
        } else if self.file.nodes.is_empty() {
            let message = "file with no instructions".to_owned();
            self.error(message, Span::default(), ErrorStage::Parse);
        }
    }

    fn comment(&mut self, text: &str, at: usize) {
        let span = Span::new(at, at + text.len());
        let text = text.get(1..).unwrap_or("").trim().to_owned();
        self.file.comments.push(Comment { text, span });
    }

    /// Reads one instruction that begins with `text`, its continued lines and heredocs.
    fn instruction(&mut self, text: &str, at: usize) {
        let comments = self.above..self.file.comments.len();
        let errors = self.file.errors.len();
        let mut span = self.gather(text, at);
        let line = std::mem::take(&mut self.line);
        let all = words::trim(&line.text, 0..line.text.len());
        let mut node = self.node(&line, all, comments);
        let opened = if takes_heredocs(&node) && line.text.contains("<<") {
            heredoc::opened(&line.text)
        } else {
            Ok(Vec::new())
        };
        match opened {
            Ok(heredocs) if self.file.errors.len() == errors => node.heredocs = heredocs,
            Ok(_) => {}
            Err(message) => self.error(message, span, ErrorStage::Parse),
        }
        for heredoc in &mut node.heredocs {
            let Some(last) = heredoc::fill(heredoc, &mut self.lines) else {
                span = span.to(heredoc.content_span);
                self.error("unterminated heredoc".to_owned(), node.span, ErrorStage::Parse);
                break;
            };
            span = span.to(last);
        }
        node.span = span;
        self.file.nodes.push(node);
        self.line = line;
        self.above = self.file.comments.len();
    }

    /// Joins the line with those that continue it; returns the span of what adds text.
    fn gather(&mut self, text: &str, at: usize) -> Span {
        self.line.clear();
        let mut span = Span::new(at, at + text.len());
        let mut empty = None;
        let mut last = span;
        let mut more = self.append(text, at);
        while more {
            let Some(line) = self.lines.next() else { break };
            last = line.span();
            let trimmed = line.text.trim_start();
            if trimmed.starts_with('#') {
                self.comment(trimmed, line.start + line.text.len() - trimmed.len());
            } else if trimmed.is_empty() {
                empty.get_or_insert(line.span());
            } else {
                more = self.append(line.text, line.start);
                span = span.to(line.span());
            }
        }
        if let Some(span) = empty {
            let (kind, node) = (WarningKind::EmptyContinuation, self.file.nodes.len());
            self.file.warnings.push(Warning { kind, span, last, node });
        }
        span
    }

    /// Adds a line; returns whether the next one continues it.
    fn append(&mut self, text: &str, at: usize) -> bool {
        let before = continued(text, self.file.escape);
        self.line.push(before.unwrap_or(text), at);
        before.is_some()
    }

    fn node(&mut self, line: &Logical, all: Range<usize>, comments: Range<usize>) -> Node {
        let Head { name, rest } = head(&line.text, all.clone());
        let (flags, start) = flags::read(line, rest.clone());
        let args = words::trim(&line.text, start..rest.end);
        let name = line.word(name);
        let mut node = Node {
            keyword: Keyword::read(&name.text),
            name,
            span: line.span(all),
            flags,
            args: Vec::new(),
            pairs: Vec::new(),
            child: None,
            json: false,
            cooked: line.cooked(args.clone()),
            heredocs: Vec::new(),
            comments,
        };
        if let Err((message, range)) = self.arguments(&mut node, line, args) {
            self.error(message, line.span(range), ErrorStage::Parse);
        }
        node
    }

    fn arguments(
        &mut self,
        node: &mut Node,
        line: &Logical,
        range: Range<usize>,
    ) -> Result<(), (String, Range<usize>)> {
        if range.is_empty() {
            return Ok(());
        }
        match node.keyword {
            Keyword::Add | Keyword::Copy | Keyword::Volume => {
                if !json_form(node, line, range.clone())? {
                    node.args = words::plain(line, range);
                }
            }
            Keyword::Cmd | Keyword::Entrypoint | Keyword::Run | Keyword::Shell => {
                json_or_text(node, line, range)?;
            }
            Keyword::Healthcheck => healthcheck(node, line, range)?,
            Keyword::Expose | Keyword::From => node.args = words::plain(line, range),
            Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => {
                node.args = vec![line.word(range)];
            }
            Keyword::Arg => {
                let words = words::quoted(&line.text, range, self.file.escape);
                node.args = words.into_iter().map(|word| line.word(word)).collect();
            }
            Keyword::Env | Keyword::Label => {
                let name = node.keyword.as_str();
                node.pairs = words::pairs(line, range, self.file.escape, name)?;
            }
            Keyword::Onbuild => node.child = self.child(line, range),
            Keyword::Unknown => {}
        }
        Ok(())
    }

    /// The instruction inside ONBUILD; what stands inside a chain of ONBUILDs is not read, as
    /// BuildKit refuses the chain.
    fn child(&mut self, line: &Logical, range: Range<usize>) -> Option<Box<Node>> {
        let mut names = line.text[range.clone()].splitn(3, words::is_blank);
        let chained = |name: Option<&str>| name.map(Keyword::read) == Some(Keyword::Onbuild);
        let mut range = range;
        if chained(names.next()) {
            let end = line.text[range.clone()].find(words::is_blank);
            range.end = end.map_or(range.end, |end| range.start + end);
        }
        Some(Box::new(self.node(line, range, 0..0)))
    }
}

/// Parts the name of the instruction from what follows it.
fn head(text: &str, all: Range<usize>) -> Head {
    let line = &text[all.clone()];
    let gap = line.find(words::is_blank).unwrap_or(line.len());
    let rest = line[gap..].trim_start_matches(words::is_blank);
    Head { name: all.start..all.start + gap, rest: all.end - rest.len()..all.end }
}

fn takes_heredocs(node: &Node) -> bool {
    let node = node.child.as_deref().unwrap_or(node);
    node.keyword.takes_heredocs() && !node.json
}

/// Takes the arguments as a JSON array; returns false if they are none.
fn json_form(
    node: &mut Node,
    line: &Logical,
    range: Range<usize>,
) -> Result<bool, (String, Range<usize>)> {
    match json::array(&line.text[range.clone()]) {
        json::Array::Strings(found) => {
            node.json = true;
            node.args.extend(found.into_iter().map(|(text, word)| {
                let word = range.start + word.start..range.start + word.end;
                Word { text, span: line.span(word) }
            }));
            Ok(true)
        }
        json::Array::Mixed => {
            let message = "when using JSON array syntax, arrays must be comprised of strings only";
            Err((message.to_owned(), range))
        }
        json::Array::Invalid => Ok(false),
    }
}

fn json_or_text(
    node: &mut Node,
    line: &Logical,
    range: Range<usize>,
) -> Result<(), (String, Range<usize>)> {
    if !range.is_empty() && !json_form(node, line, range.clone())? {
        node.args.push(line.word(range));
    }
    Ok(())
}

/// The type, then a command.
fn healthcheck(
    node: &mut Node,
    line: &Logical,
    range: Range<usize>,
) -> Result<(), (String, Range<usize>)> {
    let text = &line.text[range.clone()];
    let gap = text.find(char::is_whitespace).unwrap_or(text.len());
    let command = words::trim(&line.text, range.start + gap..range.end);
    node.args.push(line.word(range.start..range.start + gap));
    node.cooked = line.cooked(command.clone());
    json_or_text(node, line, command)
}
