//! Flags and their values.

use super::word::Word;
use crate::Span;

/// Which flags of a program take a value.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// These, and no others unless they are written `--flag=value`.
    These(&'static [&'static str]),
    /// All but these.
    AllBut(&'static [&'static str]),
}

impl Takes {
    fn value(self, flag: &str) -> bool {
        match self {
            Self::These(flags) => flags.contains(&flag),
            Self::AllBut(flags) => !flags.contains(&flag),
        }
    }
}

/// A flag as it stands in a command.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The name with its dashes: `--memory`, `-t`.
    pub name: Box<str>,
    /// Its value.
    pub value: Option<Word>,
    /// The bytes of the flag and its value.
    pub span: Span,
}

/// The arguments of a call, told apart.
#[derive(Clone, Debug, Default)]
pub struct Args<'a> {
    /// The flags, in order.
    pub flags: Vec<Flag>,
    /// The other arguments.
    pub positional: Vec<&'a Word>,
}

impl<'a> Args<'a> {
    /// Tells the arguments apart. After `--` everything is positional.
    #[must_use]
    pub fn parse(words: &'a [Word], takes: Takes) -> Self {
        let mut args = Self::default();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let head = word.head();
            if head == "--" && word.text().is_some() {
                args.positional.extend(words);
                break;
            }
            if !head.starts_with('-') || head == "-" {
                args.positional.push(word);
                continue;
            }
            if let Some((name, value)) = word.split_assignment() {
                args.flags.push(Flag { name: name.into(), value: Some(value), span: word.span });
                continue;
            }
            let attached =
                (!head.starts_with("--")).then(|| short_with_value(word, takes)).flatten();
            if let Some((name, value)) = attached {
                args.flags.push(Flag { name, value: Some(value), span: word.span });
                continue;
            }
            let next = words.next_if(|next| takes.value(head) && !is_long_flag(next));
            let span = next.map_or(word.span, |n| word.span.to(n.span));
            args.flags.push(Flag { name: head.into(), value: next.cloned(), span });
        }
        args
    }

    /// The values of a flag that goes by these names.
    pub fn values<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s Word> {
        self.all(names).filter_map(|f| f.value.as_ref())
    }

    /// The flags that go by these names.
    pub fn all<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s Flag> {
        self.flags.iter().filter(|f| names.contains(&f.name.as_ref()))
    }

    /// The last flag of these names: the one that counts.
    #[must_use]
    pub fn last(&self, names: &[&str]) -> Option<&Flag> {
        self.flags.iter().rev().find(|f| names.contains(&f.name.as_ref()))
    }

    /// Whether one of these flags is there.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        self.last(names).is_some()
    }
}

/// Whether a word that could be a value is a flag instead: long ones are never values.
fn is_long_flag(word: &Word) -> bool {
    !word.quoted && word.head().starts_with("--") && word.head().len() > 2
}

/// `-tname` as a flag with its value, where `-t` takes one.
fn short_with_value(word: &Word, takes: Takes) -> Option<(Box<str>, Word)> {
    let head = word.head();
    let end = head.char_indices().nth(2)?.0;
    let (name, value) = head.split_at(end);
    let Takes::These(flags) = takes else { return None };
    if !flags.contains(&name) {
        return None;
    }
    let mut parts = word.parts.clone();
    parts[0] = super::word::Part::Text(value.into());
    let start = word.span.start as usize + end;
    Some((
        name.into(),
        Word { parts, span: Span::new(start, word.span.end as usize), quoted: word.quoted },
    ))
}
