//! From events to the tree.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::node::{Data, Id, Style, Value};
use super::{Yaml, YamlError};
use crate::Span;

/// Mappings and lists below one another, at the most.
pub const MAX_DEPTH: usize = 128;

/// Nodes that a document may expand to when every alias is followed.
pub const MAX_EXPANDED: usize = 1_000_000;

/// Lines of one text that are joined to the one above, at the most.
const MAX_JOINED: usize = 1_000;

/// Bytes that are read again for it, in all.
const JOINED_BYTES: usize = 16 << 20;

/// Reads a YAML text of one or more documents. Total: an error ends the reading, and what was
/// read before it is kept.
///
/// A list in brackets may end at the indentation of its key, as Docker, GitHub and kubectl read
/// it. The parser refuses that: such a line is joined to the one above, byte for byte.
#[must_use]
pub fn parse(source: &str) -> Yaml {
    let mut text = Cow::Borrowed(source.strip_prefix('\u{feff}').unwrap_or(source));
    let mut left = MAX_JOINED.min(JOINED_BYTES / text.len().max(1));
    loop {
        let (yaml, outdented) = read(source, &text);
        match outdented.filter(|_| left > 0).and_then(|at| joined(&text, at)) {
            Some(repaired) => text = Cow::Owned(repaired),
            None => return yaml,
        }
        left -= 1;
    }
}

/// The text with the line of a byte joined to the one above, whose comment is blanked; it is as
/// long as before. `None` where the byte is no closing bracket at the beginning of a line.
fn joined(text: &str, at: usize) -> Option<String> {
    let (before, rest) = text.split_at_checked(at)?;
    if !rest.starts_with([']', '}']) {
        return None;
    }
    let end = before.rfind('\n')?;
    if !before[end..].trim().is_empty() {
        return None;
    }
    let start = before[..end].rfind('\n').map_or(0, |i| i + 1);
    let kept = start + comment(&before[start..end]).unwrap_or(end - start);
    let blank = " ".repeat(end + 1 - kept);
    Some([&text[..kept], &blank, &text[end + 1..]].concat())
}

/// Where the comment of a line begins, or its carriage return.
fn comment(line: &str) -> Option<usize> {
    let (mut quote, mut before) = (None, b' ');
    for (i, byte) in line.bytes().enumerate() {
        match (quote, byte) {
            (None, b'#') if matches!(before, b' ' | b'\t') => return Some(i),
            (None, b'\r') => return Some(i),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close && before != b'\\' => quote = None,
            _ => {}
        }
        before = byte;
    }
    None
}

/// Reads a text, and where it ends because of a line in brackets that is not indented enough.
fn read(source: &str, text: &str) -> (Yaml, Option<usize>) {
    let mut builder = Builder::new(source, text);
    let mut parser = Parser::new_from_str(text);
    let mut outdented = None;
    loop {
        match parser.next_event() {
            None => break,
            Some(Ok((event, span))) => {
                let span = builder.offsets.span(span.start, span.end);
                if !builder.event(event, span) {
                    break;
                }
            }
            Some(Err(error)) => {
                let at = builder.offsets.byte(error.marker());
                builder.error(error.info(), Span::new(at, at));
                // Outside of brackets the indentation decides where a line belongs.
                if error.info() == "invalid indentation" {
                    outdented = at.checked_sub(builder.offsets.shift);
                }
                break;
            }
        }
    }
    (builder.finish(), outdented)
}

/// Turns the parser's character indices into bytes of the source.
struct Offsets {
    /// Bytes of a byte order mark.
    shift: usize,
    /// Where each character begins; `None` where characters are bytes.
    chars: Option<Vec<u32>>,
    length: usize,
}

impl Offsets {
    fn new(source: &str, text: &str) -> Self {
        let chars = || text.char_indices().map(|(i, _)| Span::new(i, i).start).collect();
        let shift = source.len() - text.len();
        Self { shift, chars: (!text.is_ascii()).then(chars), length: text.len() }
    }

    fn byte(&self, marker: &Marker) -> usize {
        let index = marker.index();
        let byte = match &self.chars {
            None => index.min(self.length),
            Some(chars) => chars.get(index).map_or(self.length, |b| *b as usize),
        };
        byte + self.shift
    }

    fn span(&self, start: Marker, end: Marker) -> Span {
        Span::new(self.byte(&start), self.byte(&end))
    }
}

/// A mapping or list that is still open.
struct Open {
    id: Id,
    /// For a mapping, the key that waits for its value.
    key: Option<Id>,
    keys: HashSet<Box<str>>,
    expanded: usize,
}

struct Builder<'a> {
    source: &'a str,
    offsets: Offsets,
    nodes: Vec<Data>,
    /// How many nodes each one expands to.
    expanded: Vec<usize>,
    roots: Vec<Id>,
    open: Vec<Open>,
    anchors: HashMap<usize, Id>,
    errors: Vec<YamlError>,
    duplicates: Vec<Span>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a str, text: &str) -> Self {
        Self {
            source,
            offsets: Offsets::new(source, text),
            nodes: Vec::new(),
            expanded: Vec::new(),
            roots: Vec::new(),
            open: Vec::new(),
            anchors: HashMap::new(),
            errors: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    fn error(&mut self, message: &str, span: Span) {
        self.errors.push(YamlError { message: message.to_owned(), span });
    }

    /// Takes an event; `false` ends the reading.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
            Event::DocumentEnd => self.anchors.clear(),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => {
                let style = style_of(style);
                let span = trimmed(self.source, span, style);
                let value = Value::Scalar { text: text.into(), style };
                let id = self.add(value, span, tag.as_deref(), 1);
                self.anchor(anchor, id);
                self.place(id);
            }
            Event::SequenceStart(anchor, tag) => {
                return self.begin(Value::List(Vec::new()), span, anchor, tag.as_deref());
            }
            Event::MappingStart(anchor, tag) => {
                return self.begin(Value::Map(Vec::new()), span, anchor, tag.as_deref());
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
        }
        true
    }

    fn add(&mut self, value: Value, span: Span, tag: Option<&Tag>, expanded: usize) -> Id {
        let tag = tag.map(|t| t.to_string().into());
        self.nodes.push(Data { value, span, tag });
        self.expanded.push(expanded);
        self.nodes.len() - 1
    }

    fn anchor(&mut self, anchor: usize, id: Id) {
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
    }

    /// An alias is the anchor's node; one of an open node, or one too large, is empty.
    fn alias(&mut self, anchor: usize, span: Span) {
        let target = self.anchors.get(&anchor).copied();
        let inside = |id: Id| self.open.iter().any(|o| o.id == id);
        let so_far: usize = self.open.iter().map(|o| o.expanded).fold(0, usize::saturating_add);
        let size = target.map_or(1, |id| self.expanded[id]);
        let fits = so_far.saturating_add(size) <= MAX_EXPANDED;
        let value = match target {
            Some(id) if fits && !inside(id) => Value::Alias(id),
            Some(_) if !fits => {
                self.error(&format!("aliases expand to more than {MAX_EXPANDED} nodes"), span);
                Value::null()
            }
            _ => {
                self.error("an alias names a node that is not complete", span);
                Value::null()
            }
        };
        let expanded = if matches!(value, Value::Alias(_)) { size } else { 1 };
        let id = self.add(value, span, None, expanded);
        self.place(id);
    }

    fn begin(&mut self, value: Value, span: Span, anchor: usize, tag: Option<&Tag>) -> bool {
        if self.open.len() >= MAX_DEPTH {
            self.error(
                &format!("more than {MAX_DEPTH} mappings and lists below one another"),
                span,
            );
            return false;
        }
        let id = self.add(value, span, tag, 1);
        self.anchor(anchor, id);
        self.open.push(Open { id, key: None, keys: HashSet::new(), expanded: 1 });
        true
    }

    fn end(&mut self, span: Span) {
        let Some(open) = self.open.pop() else { return };
        self.close(&open, Some(span));
        self.place(open.id);
    }

    /// Sets the end of a mapping or list: its last child's, or its closing bracket's.
    fn close(&mut self, open: &Open, end: Option<Span>) {
        let last = match &self.nodes[open.id].value {
            Value::List(items) => items.last().copied(),
            Value::Map(entries) => entries.last().map(|e| e.1),
            _ => None,
        };
        let child = last.map_or(0, |id| self.nodes[id].span.end);
        let bracket = end.filter(|e| matches!(e.text(self.source), "]" | "}")).map_or(0, |e| e.end);
        let start = self.nodes[open.id].span.start;
        self.nodes[open.id].span.end = child.max(bracket).max(start);
        self.expanded[open.id] = open.expanded;
    }

    /// Puts a complete node where it belongs.
    fn place(&mut self, id: Id) {
        let expanded = self.expanded[id];
        let Some(open) = self.open.last_mut() else {
            self.roots.push(id);
            return;
        };
        open.expanded = open.expanded.saturating_add(expanded);
        match (&mut self.nodes[open.id].value, open.key.take()) {
            (Value::List(items), _) => items.push(id),
            (Value::Map(entries), Some(key)) => entries.push((key, id)),
            (_, _) => {
                open.key = Some(id);
                if let Value::Scalar { text, .. } = &self.nodes[id].value
                    && text.as_ref() != "<<"
                    && !open.keys.insert(text.clone())
                {
                    self.duplicates.push(self.nodes[id].span);
                }
            }
        }
    }

    /// Closes what an error left open.
    fn finish(mut self) -> Yaml {
        while let Some(open) = self.open.pop() {
            self.close(&open, None);
            self.place(open.id);
        }
        Yaml {
            source: self.source.into(),
            nodes: self.nodes,
            roots: self.roots,
            errors: self.errors,
            duplicates: self.duplicates,
        }
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// Block scalars end where their text does, not before the next key.
fn trimmed(source: &str, span: Span, style: Style) -> Span {
    if matches!(style, Style::SingleQuoted | Style::DoubleQuoted) {
        return span;
    }
    let kept = span.text(source).trim_end().len();
    Span::new(span.start as usize, span.start as usize + kept)
}
