//! Text for people: sizes, times, counts, and hostile strings made harmless.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes control characters and direction overrides visible, so that text from a repository
/// cannot steer a terminal or hide what it says.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hostile(c) {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A number of bytes in decimal units, as container tools print them: `61.4 kB`, `1.20 GB`.
#[must_use]
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if value.abs() < 1000.0 {
        return format!("{value:.0} B");
    }
    let mut scaled = value / 1000.0;
    let mut unit = 0;
    while scaled.abs() >= 999.5 && unit + 1 < UNITS.len() {
        scaled /= 1000.0;
        unit += 1;
    }
    format!("{} {}", three_digits(scaled), UNITS[unit])
}

/// A time in seconds: `340 ms`, `2.41 s`, `6 min 12 s`.
#[must_use]
pub fn seconds(value: f64) -> String {
    if value.abs() < 1.0 {
        format!("{} ms", three_digits(value * 1000.0))
    } else if value.abs() < 120.0 {
        format!("{} s", three_digits(value))
    } else {
        format!("{:.0} min {:.0} s", (value / 60.0).floor(), value % 60.0)
    }
}

/// A whole number with thin groups of three: `18 432`.
#[must_use]
pub fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        v if v >= 99.95 => format!("{value:.0}"),
        v if v >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_like_container_tools() {
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(61_440.0), "61.4 kB");
        assert_eq!(bytes(999_600.0), "1.00 MB");
        assert_eq!(bytes(1.2e9), "1.20 GB");
        assert_eq!(count(18432.0), "18 432");
        assert_eq!(seconds(0.34), "340 ms");
        assert_eq!(seconds(372.0), "6 min 12 s");
    }

    #[test]
    fn hostile_text_is_made_visible() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert!(matches!(printable("plain é"), Cow::Borrowed(_)));
    }
}
