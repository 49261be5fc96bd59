//! Reads the expressions that moby writes for patterns, with Go's syntax and Go's errors.
//!
//! There are no groups but the `(.*/)?` that moby writes, so an expression is a few
//! alternatives, each a row of pieces. Classes by Unicode property (`\pL`) are refused.

use super::set::{self, Set};

/// What one piece of an expression matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// One character.
    One(Set),
    /// Any folders and the `/` after them, or nothing: `(.*/)?`.
    Folders,
    /// A place, not a character.
    Place(Place),
}

/// A condition on a place in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Where the path begins.
    Start,
    /// Where the path ends.
    End,
    /// Between a word character and none.
    WordEdge,
    /// Anywhere else.
    NoWordEdge,
}

/// A piece and how often it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeated {
    pub(super) piece: Piece,
    pub(super) least: u16,
    /// None where there is no limit.
    pub(super) most: Option<u16>,
}

/// A row of pieces.
pub(super) type Row = Vec<Repeated>;

const FOLDERS: &str = "(.*/)?";

/// Reads an expression into its alternatives; none where Go would refuse it.
pub(super) fn parse(text: &str) -> Option<Vec<Row>> {
    let mut rows = vec![Row::new()];
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if next == '|' {
            rows.push(Row::new());
            rest = &rest[1..];
            continue;
        }
        let row = rows.last_mut()?;
        rest = match rest.strip_prefix("\\Q") {
            Some(quoted) => quote(quoted, row),
            None => repeated(rest, row)?,
        };
    }
    Some(rows)
}

/// `\Q…\E`, as Go reads it.
fn quote<'a>(text: &'a str, row: &mut Row) -> &'a str {
    let (quoted, rest) = text.split_once("\\E").unwrap_or((text, ""));
    let ones = quoted.chars().map(|c| Piece::One(Set::of(c)));
    row.extend(ones.map(|piece| Repeated { piece, least: 1, most: Some(1) }));
    rest
}

/// Reads one piece with its repetition.
fn repeated<'a>(text: &'a str, row: &mut Row) -> Option<&'a str> {
    let (piece, rest) = piece(text)?;
    let (least, most, after) = match repetition(rest) {
        Repetition::None => (1, Some(1), rest),
        Repetition::Times(least, most, after) => (least, most, after),
        Repetition::Invalid => return None,
    };
    // Go refuses a repetition of a repetition.
    if !matches!(repetition(after), Repetition::None) && after.len() < rest.len()
        || matches!(piece, Piece::Folders) && after.len() < rest.len()
    {
        return None;
    }
    row.push(Repeated { piece, least, most });
    Some(after)
}

fn piece(text: &str) -> Option<(Piece, &str)> {
    if let Some(rest) = text.strip_prefix(FOLDERS) {
        return Some((Piece::Folders, rest));
    }
    let next = text.chars().next()?;
    let rest = &text[next.len_utf8()..];
    match next {
        '^' => Some((Piece::Place(Place::Start), rest)),
        '$' => Some((Piece::Place(Place::End), rest)),
        '.' => Some((Piece::One(Set::not('\n')), rest)),
        '[' => set::class(rest).map(|(set, rest)| (Piece::One(set), rest)),
        '\\' => escaped(rest),
        '(' | ')' | '*' | '+' | '?' => None,
        '{' if !matches!(repetition(text), Repetition::None) => None,
        _ => Some((Piece::One(Set::of(next)), rest)),
    }
}

fn escaped(text: &str) -> Option<(Piece, &str)> {
    let next = text.chars().next()?;
    let place = match next {
        'A' => Some(Place::Start),
        'z' => Some(Place::End),
        'b' => Some(Place::WordEdge),
        'B' => Some(Place::NoWordEdge),
        _ => None,
    };
    if let Some(place) = place {
        return Some((Piece::Place(place), &text[1..]));
    }
    if let Some(class) = set::perl_class(next) {
        return Some((Piece::One(class), &text[1..]));
    }
    set::escape(text).map(|(c, rest)| (Piece::One(Set::of(c)), rest))
}

enum Repetition<'a> {
    None,
    Times(u16, Option<u16>, &'a str),
    Invalid,
}

fn repetition(text: &str) -> Repetition<'_> {
    let Some(first) = text.chars().next() else { return Repetition::None };
    match first {
        '*' => Repetition::Times(0, None, &text[1..]),
        '+' => Repetition::Times(1, None, &text[1..]),
        '?' => Repetition::Times(0, Some(1), &text[1..]),
        '{' => counted(&text[1..]).unwrap_or(Repetition::None),
        _ => Repetition::None,
    }
}

/// `2}`, `2,}` or `2,5}`; none where it is plain text.
fn counted(text: &str) -> Option<Repetition<'_>> {
    let (inside, rest) = text.split_once('}')?;
    let (least, most) = match inside.split_once(',') {
        None => (count(inside)?, Some(count(inside)?)),
        Some((least, "")) => (count(least)?, None),
        Some((least, most)) => (count(least)?, Some(count(most)?)),
    };
    let fits = least <= 1000 && most.is_none_or(|most| most <= 1000 && least <= most);
    Some(if fits { Repetition::Times(least, most, rest) } else { Repetition::Invalid })
}

/// A count without leading zeros; one that is too large saturates.
fn count(digits: &str) -> Option<u16> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    (plain && !padded).then(|| digits.parse().unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_go_refuses() {
        for bad in ["^[l-O]$", "^\\y$", "^a{2}{3}$", "^(.*/)?{2}$", "^a{1001}$", "^\\1$", "^{2}{2}"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
        for good in ["^{x}$", "^a{2,3}$", "^[[^/]*]$", "^a|b$", "^a{,2}$", "^\\bin$", "^\\Qa.b\\E$"]
        {
            assert!(parse(good).is_some(), "{good}");
        }
    }
}
