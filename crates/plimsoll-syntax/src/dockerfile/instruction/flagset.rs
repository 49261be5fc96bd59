//! The flags that an instruction knows.

use super::{Errors, Piece};
use crate::dockerfile::Node;

/// How a flag is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `--link`, `--link=true`, `--link=false`.
    Bool,
    /// A value, once.
    One,
    /// A value, any number of times.
    Many,
}

/// The flags of a node.
pub(super) struct FlagSet<'a> {
    node: &'a Node,
}

impl<'a> FlagSet<'a> {
    /// Checks the flags of a node against those that its instruction knows.
    pub(super) fn read(node: &'a Node, known: &[(&str, Kind)], errors: &mut Errors<'_>) -> Self {
        let mut used = [false; 16];
        for flag in &node.flags {
            let name = &flag.name;
            let Some(index) = known.iter().position(|(known, _)| known == name) else {
                errors.push_at(format!("unknown flag: --{name}"), flag.span);
                continue;
            };
            let kind = known[index].1;
            if std::mem::replace(&mut used[index], true) && kind != Kind::Many {
                errors.push_at(format!("duplicate flag specified: --{name}"), flag.span);
            }
            let value = flag.value.as_deref();
            let truth =
                value.is_none_or(|v| ["true", "false"].contains(&v.to_lowercase().as_str()));
            match (kind, value) {
                (Kind::Bool, Some("")) | (Kind::One | Kind::Many, None) => {
                    errors.push_at(format!("missing a value on flag: --{name}"), flag.span);
                }
                (Kind::Bool, Some(value)) if !truth => {
                    let message =
                        format!("expecting boolean value for flag --{name}={value}, not: {value}");
                    errors.push_at(message, flag.span);
                }
                _ => {}
            }
        }
        Self { node }
    }

    /// The value of a flag; an empty one counts as none.
    pub(super) fn one(&self, name: &str) -> Option<Piece<'a>> {
        self.many(name).last().filter(|piece| !piece.text.is_empty())
    }

    /// The values of a flag.
    pub(super) fn many(&self, name: &str) -> impl Iterator<Item = Piece<'a>> {
        self.node.flags.iter().filter(move |flag| flag.name == name).map(Piece::value)
    }

    /// Whether a boolean flag is there and true.
    pub(super) fn is(&self, name: &str) -> bool {
        self.boolean(name).unwrap_or(false)
    }

    /// What a boolean flag says.
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        let flag = self.node.flags.iter().rfind(|flag| flag.name == name)?;
        Some(flag.value.as_deref().is_none_or(|value| value.eq_ignore_ascii_case("true")))
    }
}
