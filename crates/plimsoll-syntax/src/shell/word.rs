//! Words: literal text, variables, and what only a shell can know.

use crate::Span;

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text, quotes and escapes taken off.
    Text(Box<str>),
    /// `$NAME`, `${NAME}`, `${NAME:-default}`.
    Variable {
        /// The name.
        name: Box<str>,
        /// What stands in where it is unset or empty.
        default: Option<Box<str>>,
    },
    /// `${{ … }}`, as it is written: an expression of GitHub.
    Expression(Box<str>),
    /// A substitution or an expansion that is not followed, as it is written.
    Opaque(Box<str>),
}

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its parts; neighbouring text is one part.
    pub parts: Vec<Part>,
    /// The bytes it stands at, quotes included.
    pub span: Span,
    /// Whether any of it is quoted.
    pub quoted: bool,
}

/// A word with its variables replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The text; what is unknown stands in it as it was written.
    pub text: String,
    /// The variables, expressions and substitutions that are unknown.
    pub unknown: Vec<String>,
}

impl Word {
    /// The text of a word that has no variables and no substitutions.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The text the word begins with.
    #[must_use]
    pub fn head(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            _ => "",
        }
    }

    /// Replaces what is known. `known` is asked for variables by their name, and for GitHub
    /// expressions by their text, braces included.
    pub fn resolve(&self, known: &dyn Fn(&str) -> Option<String>) -> Resolved {
        let mut out = Resolved::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.text.push_str(text),
                Part::Variable { name, default } => match (known(name), default) {
                    (Some(value), Some(default)) if value.is_empty() => out.text.push_str(default),
                    (Some(value), _) => out.text.push_str(&value),
                    (None, Some(default)) => out.text.push_str(default),
                    (None, None) => {
                        out.text.push_str("${");
                        out.text.push_str(name);
                        out.text.push('}');
                        out.unknown.push(name.to_string());
                    }
                },
                Part::Expression(text) => match known(text) {
                    Some(value) => out.text.push_str(&value),
                    None => out.missing(text),
                },
                Part::Opaque(text) => out.missing(text),
            }
        }
        out
    }

    /// The names of the variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|p| match p {
            Part::Variable { name, .. } => Some(name.as_ref()),
            _ => None,
        })
    }

    /// Splits at the first `=` of its leading text: `--name=value` into the name and a word.
    #[must_use]
    pub fn split_assignment(&self) -> Option<(&str, Word)> {
        let head = self.head();
        let (name, value) = head.split_once('=')?;
        let mut parts: Vec<Part> = self.parts.iter().skip(1).cloned().collect();
        if !value.is_empty() {
            parts.insert(0, Part::Text(value.into()));
        }
        // Quotes inside the name would shift this; nobody writes them there.
        let start = (self.span.start as usize + name.len() + 1).min(self.span.end as usize);
        let span = Span::new(start, self.span.end as usize);
        Some((name, Word { parts, span, quoted: self.quoted }))
    }

    pub(super) fn push_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            let mut joined = String::from(std::mem::take(last));
            joined.push_str(text);
            *last = joined.into();
        } else {
            self.push(Part::Text(text.into()));
        }
    }

    /// Adds a part. Nearly all words have one, and repositories millions of words: the first takes no
    /// room for others.
    pub(super) fn push(&mut self, part: Part) {
        if self.parts.is_empty() {
            self.parts.reserve_exact(1);
        }
        self.parts.push(part);
    }
}

impl Resolved {
    fn missing(&mut self, text: &str) {
        self.text.push_str(text);
        self.unknown.push(text.to_owned());
    }
}

impl Word {
    /// A word of text that did not come from a shell, such as an argument in YAML: its
    /// variables are told apart, quotes mean nothing.
    #[must_use]
    pub fn from_text(text: &str, span: Span) -> Self {
        let mut word = Self { span, quoted: true, ..Self::default() };
        let mut rest = text;
        while let Some(i) = rest.find('$') {
            word.push_text(&rest[..i]);
            rest = &rest[i..];
            let (part, length) = variable(rest);
            match part {
                Some(part) => word.push(part),
                None => word.push_text(&rest[..length]),
            }
            rest = &rest[length..];
        }
        word.push_text(rest);
        word
    }
}

/// The variable or expression a text begins with, and its length.
fn variable(text: &str) -> (Option<Part>, usize) {
    if text.starts_with("${{")
        && let Some(end) = text.find("}}")
    {
        return (Some(Part::Expression(text[..end + 2].into())), end + 2);
    }
    let named = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let part = |name: &str| Part::Variable { name: name.into(), default: None };
    let braced = text.strip_prefix("${").and_then(|t| t.split_once('}')).map(|(n, _)| n);
    if let Some(inner) = braced.filter(|n| named(n)) {
        return (Some(part(inner)), inner.len() + 3);
    }
    let length = text[1..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    if length == 0 { (None, 1) } else { (Some(part(&text[1..=length])), length + 1) }
}
