//! The report itself, and other results, as JSON.

use std::borrow::Cow;

use plimsoll_model::{Report, printable};
use serde::Serialize;

/// Writes the report as JSON, a field a line.
pub(crate) fn render(report: &Report) -> String {
    text(report)
}

/// Writes a result as JSON, a field a line.
pub(crate) fn text(result: &impl Serialize) -> String {
    // Every part of a result is a string, a finite number or a list: it can always be written.
    let text = serde_json::to_string_pretty(result).unwrap_or_default();
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match is_hostile(c) {
            // Such characters stand in strings only, and all of them in the first plane.
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out.push('\n');
    out
}

/// Whether a terminal obeys a character that JSON lets stand: it escapes the ASCII ones only.
fn is_hostile(c: char) -> bool {
    let mut bytes = [0; 4];
    !c.is_ascii() && matches!(printable(c.encode_utf8(&mut bytes)), Cow::Owned(_))
}
