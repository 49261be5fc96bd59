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
    if value.abs() < 0.9995 {
        format!("{} ms", three_digits(value * 1000.0))
    } else if value.abs() < 119.5 {
        format!("{} s", three_digits(value))
    } else {
        // Rounded first: 59.9 seconds are a minute.
        let whole = value.round();
        format!("{:.0} min {:.0} s", (whole / 60.0).trunc(), (whole % 60.0).abs())
    }
}

/// A change as a share: `+8.2 %`, `−12 %`, `±0 %`.
#[must_use]
pub fn change(value: f64) -> String {
    let percent = (value * 100.0).abs();
    match value {
        _ if percent < 0.05 => "±0 %".to_owned(),
        v if v < 0.0 => format!("−{}", share(-v)),
        v => format!("+{}", share(v)),
    }
}

/// A share: `8.2 %`, `12 %`.
#[must_use]
pub fn share(value: f64) -> String {
    let percent = value * 100.0;
    if percent.abs() < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}

/// An amount of US dollars, two digits of it at least: `$1.20`, `$0.00053`.
#[must_use]
pub fn dollars(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "" };
    let value = value.abs();
    if value >= 0.995 || value == 0.0 || !value.is_finite() {
        return format!("{sign}${value:.2}");
    }
    let digits = (1.0 - value.log10().floor()).clamp(2.0, 12.0) as usize;
    format!("{sign}${value:.digits$}")
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
        assert_eq!(
            [0.9996, 119.9, 179.9, -0.0123, -121.0].map(seconds),
            ["1.00 s", "2 min 0 s", "3 min 0 s", "-12.3 ms", "-2 min 1 s"]
        );
    }

    #[test]
    fn changes_and_amounts_say_what_their_digits_bear() {
        assert_eq!(
            [0.0819, -0.123, 0.0001, 1.5, -0.0996].map(change),
            ["+8.2 %", "−12 %", "±0 %", "+150 %", "−10 %"]
        );
        assert_eq!(
            [1.2, 0.000_528, 0.05, 0.0, -0.000_02, 31.0].map(dollars),
            ["$1.20", "$0.00053", "$0.050", "$0.00", "−$0.000020", "$31.00"]
        );
    }

    #[test]
    fn hostile_text_is_made_visible() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert!(matches!(printable("plain é"), Cow::Borrowed(_)));
    }
}
