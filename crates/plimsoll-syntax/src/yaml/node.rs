//! Nodes of the tree.

use std::collections::HashSet;

use super::Yaml;
use crate::{Cooked, Span};

pub(super) type Id = usize;

#[derive(Debug)]
pub(super) struct Data {
    pub(super) value: Value,
    pub(super) span: Span,
    pub(super) tag: Option<Box<str>>,
}

#[derive(Debug)]
pub(super) enum Value {
    Scalar { text: Box<str>, style: Style },
    List(Vec<Id>),
    Map(Vec<(Id, Id)>),
    Alias(Id),
}

impl Value {
    pub(super) fn null() -> Self {
        Self::Scalar { text: "".into(), style: Style::Plain }
    }
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`.
    SingleQuoted,
    /// `"…"`.
    DoubleQuoted,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// A text, number or truth value.
    Scalar,
    /// A list.
    List,
    /// A mapping.
    Map,
}

/// A node of the tree. Aliases are followed; the span of an alias is its own.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    yaml: &'a Yaml,
    id: Id,
    /// The node as it stands: an alias keeps its own place.
    at: Id,
}

impl<'a> Node<'a> {
    pub(super) fn new(yaml: &'a Yaml, at: Id) -> Self {
        // An alias never names an alias: anchors stand on scalars, lists and mappings.
        let id = match yaml.nodes[at].value {
            Value::Alias(target) => target,
            _ => at,
        };
        Self { yaml, id, at }
    }

    fn data(self) -> &'a Data {
        &self.yaml.nodes[self.id]
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match &self.data().value {
            Value::Scalar { text, style: Style::Plain }
                if is_null(text) && self.data().tag.is_none() =>
            {
                Kind::Null
            }
            Value::Scalar { .. } | Value::Alias(_) => Kind::Scalar,
            Value::List(_) => Kind::List,
            Value::Map(_) => Kind::Map,
        }
    }

    /// The bytes of the source it stands at.
    #[must_use]
    pub fn span(self) -> Span {
        self.yaml.nodes[self.at].span
    }

    /// Its tag, such as `!reference`.
    #[must_use]
    pub fn tag(self) -> Option<&'a str> {
        self.data().tag.as_deref()
    }

    /// The style of a scalar.
    #[must_use]
    pub fn style(self) -> Option<Style> {
        match &self.data().value {
            Value::Scalar { style, .. } => Some(*style),
            _ => None,
        }
    }

    /// The text of a scalar, whatever its type; `None` for nothing, lists and mappings.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        match &self.data().value {
            Value::Scalar { text, .. } if self.kind() == Kind::Scalar => Some(text),
            _ => None,
        }
    }

    /// A truth value as YAML 1.2 and GitHub read it.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.as_str()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        self.as_str()?.trim().parse().ok()
    }

    /// The value of a key of a mapping, merges included; the last one where it stands twice.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// The key and the value of a key of a mapping.
    #[must_use]
    pub fn get_entry(self, key: &str) -> Option<(Node<'a>, Node<'a>)> {
        let Value::Map(own) = &self.data().value else { return None };
        let node = |id| Node::new(self.yaml, id);
        let direct = own.iter().rev().find(|(k, _)| node(*k).as_str() == Some(key));
        match direct {
            Some((k, v)) => Some((node(*k), node(*v))),
            None if self.merges().next().is_some() => {
                self.entries().find(|(k, _)| k.as_str() == Some(key))
            }
            None => None,
        }
    }

    /// The node at the end of a path of keys.
    #[must_use]
    pub fn get_path(self, path: &[&str]) -> Option<Node<'a>> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The keys and values of a mapping in their order, then what `<<` merges in.
    pub fn entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'a> {
        let mut all = Vec::new();
        let mut seen: HashSet<&'a str> = HashSet::new();
        let mut visited: HashSet<Id> = HashSet::new();
        let mut maps = vec![self];
        // Each mapping is visited once, so merges of merges cost what the file weighs.
        while let Some(map) = maps.pop() {
            if !visited.insert(map.id) {
                continue;
            }
            let merged = map.id != self.id;
            for (key, value) in map.own_entries() {
                if !merged || key.as_str().is_none_or(|k| !seen.contains(k)) {
                    all.push((key, value));
                }
            }
            seen.extend(map.own_entries().filter_map(|(k, _)| k.as_str()));
            let merges: Vec<Node<'a>> = map.merges().collect();
            maps.extend(merges.into_iter().rev());
        }
        all.into_iter()
    }

    fn raw_entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'a> {
        let entries: &'a [(Id, Id)] = match &self.data().value {
            Value::Map(entries) => entries,
            _ => &[],
        };
        entries.iter().map(move |(k, v)| (Node::new(self.yaml, *k), Node::new(self.yaml, *v)))
    }

    fn own_entries(self) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'a> {
        self.raw_entries().filter(|(k, _)| !k.is_merge())
    }

    fn is_merge(self) -> bool {
        self.as_str() == Some("<<") && self.style() == Some(Style::Plain)
    }

    /// The mappings that `<<` names.
    fn merges(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let values = self.raw_entries().filter(|(k, _)| k.is_merge()).map(|(_, v)| v);
        values.flat_map(|v| match v.kind() {
            Kind::Map => vec![v],
            _ => v.items().collect(),
        })
    }

    /// The items of a list.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let items: &'a [Id] = match &self.data().value {
            Value::List(items) => items,
            _ => &[],
        };
        items.iter().map(move |id| Node::new(self.yaml, *id))
    }

    /// The text of a scalar with the way back to the bytes it came from: exact for plain,
    /// quoted and literal text, by the word for folded text and escapes.
    #[must_use]
    pub fn cooked(self) -> Cooked {
        let mut cooked = Cooked::default();
        let Some(text) = self.as_str() else { return cooked };
        let span = self.data().span;
        // The span of a block scalar begins with its text, after `|` or `>`.
        let (mut at, end) = (span.start as usize, span.end as usize);
        for line in text.split_inclusive('\n') {
            let (body, newline) = line.strip_suffix('\n').map_or((line, ""), |b| (b, "\n"));
            match find(&self.yaml.source, at, end, body) {
                Some(found) => {
                    cooked.push(body, found);
                    at = found + body.len();
                }
                None => at = self.words(&mut cooked, body, at, end),
            }
            cooked.push_made(newline, at);
        }
        cooked
    }

    /// Maps a line word by word; a word that is not found stays where the last one ended.
    fn words(self, cooked: &mut Cooked, line: &str, mut at: usize, end: usize) -> usize {
        for word in line.split_inclusive(' ') {
            let bare = word.trim_end_matches(' ');
            if let Some(found) = find(&self.yaml.source, at, end, bare) {
                cooked.push(bare, found);
                at = found + bare.len();
            } else {
                cooked.push_made(bare, at);
            }
            cooked.push_made(&word[bare.len()..], at);
        }
        at
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Finds a piece near `at`: far away it would be another one, and the search would cost.
fn find(source: &str, at: usize, end: usize, piece: &str) -> Option<usize> {
    if piece.is_empty() {
        return Some(at);
    }
    let mut window = end.min(at.saturating_add(piece.len()).saturating_add(512));
    while !source.is_char_boundary(window) {
        window -= 1;
    }
    source.get(at..window)?.find(piece).map(|i| at + i)
}
