//! Arguments as words: quoted ones, plain ones, and `name=value` pairs.

use std::ops::Range;

use super::lines::Logical;
use super::{Pair, Word};

/// The blanks between plain words; other Unicode spaces do not part them.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0b' | '\x0c' | '\r')
}

/// Where a range begins and ends without the white space around it.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text[range.clone()].trim_start();
    let start = range.end - inner.len();
    start..start + inner.trim_end().len()
}

/// Splits at blanks.
pub(super) fn plain(line: &Logical, range: Range<usize>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in line.text[range.clone()].char_indices() {
        let at = range.start + at;
        match (is_blank(c), start) {
            (true, Some(from)) => {
                words.push(line.word(from..at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    if let Some(from) = start {
        words.push(line.word(from..range.end));
    }
    words
}

/// Splits at white space outside quotes and escapes; both stay in the words.
pub(super) fn quoted(text: &str, range: Range<usize>, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut open: Option<usize> = None;
    let mut quote = None;
    let mut end = range.end;
    let mut chars = text[range.clone()].char_indices();
    while let Some((at, c)) = chars.next() {
        let at = range.start + at;
        if quote.is_none() && c.is_whitespace() {
            words.extend(open.take().map(|from| from..at));
            continue;
        }
        open.get_or_insert(at);
        if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '\'' | '"') {
            quote = Some(c);
        }
        // Between single quotes nothing is an escape; at the very end it counts for nothing.
        if c == escape && quote != Some('\'') && chars.next().is_none() {
            end = at;
        }
    }
    words.extend(open.filter(|from| *from < end).map(|from| from..end));
    words
}

/// Reads the variables of ENV and LABEL, or says what is wrong with them and where.
pub(super) fn pairs(
    line: &Logical,
    range: Range<usize>,
    escape: char,
    name: &str,
) -> Result<Vec<Pair>, (String, Range<usize>)> {
    let words = quoted(&line.text, range.clone(), escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    if !line.text[first.clone()].contains('=') {
        return legacy(line, range, name).map(|pair| vec![pair]);
    }
    let mut pairs = Vec::with_capacity(words.len());
    for word in words {
        let text = &line.text[word.clone()];
        let Some(equals) = text.find('=') else {
            let quoted = super::dump::quote(text);
            let message =
                format!("Syntax error - can't find = in {quoted}. Must be of the form: name=value");
            return Err((message, word));
        };
        let equals = word.start + equals;
        let (key, value) = (line.word(word.start..equals), line.word(equals + 1..word.end));
        pairs.push(Pair { key, value, equals: true });
    }
    Ok(pairs)
}

/// The form `ENV name value`, where the value is all the rest.
fn legacy(line: &Logical, range: Range<usize>, name: &str) -> Result<Pair, (String, Range<usize>)> {
    let text = &line.text[range.clone()];
    let Some(gap) = text.find(is_blank) else {
        return Err((format!("{name} must have two arguments"), range));
    };
    let value = text.len() - text[gap..].trim_start_matches(is_blank).len();
    let (gap, value) = (range.start + gap, range.start + value);
    Ok(Pair { key: line.word(range.start..gap), value: line.word(value..range.end), equals: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> =
            quoted(text, 0..text.len(), '\\').into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn quotes_and_escapes_hold_words_together() {
        check(" a  b\t", &["a", "b"]);
        check("a=\"b c\" d='e f'", &["a=\"b c\"", "d='e f'"]);
        check("a\\ b c", &["a\\ b", "c"]);
        check("'a\\' b", &["'a\\'", "b"]);
        check("\"a\\\" b\" c", &["\"a\\\" b\"", "c"]);
        check("a b\\", &["a", "b"]);
        check("a \\", &["a"]);
        check("''", &["''"]);
    }
}
