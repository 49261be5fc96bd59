//! HEALTHCHECK.

use std::time::Duration;

use super::flagset::{FlagSet, Kind};
use super::{Errors, Form, Instruction, Piece};
use crate::dockerfile::{Node, dump};

/// HEALTHCHECK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck<'a> {
    /// Removes the check of the base.
    None,
    /// Runs a command now and then.
    Cmd(Probe<'a>),
}

/// A health check; what is not set, or 0, takes Docker's default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe<'a> {
    /// The command.
    pub form: Form<'a>,
    /// `--interval`.
    pub interval: Option<Duration>,
    /// `--timeout`.
    pub timeout: Option<Duration>,
    /// `--start-period`.
    pub start_period: Option<Duration>,
    /// `--start-interval`.
    pub start_interval: Option<Duration>,
    /// `--retries`.
    pub retries: Option<u32>,
}

const FLAGS: [(&str, Kind); 5] = [
    ("interval", Kind::One),
    ("timeout", Kind::One),
    ("start-period", Kind::One),
    ("start-interval", Kind::One),
    ("retries", Kind::One),
];

pub(super) fn read<'a>(node: &'a Node, errors: &mut Errors<'_>) -> Instruction<'a> {
    let Some(kind) = node.args.first() else {
        errors.push("HEALTHCHECK requires at least one argument");
        return Instruction::Unknown;
    };
    let command = node.args.get(1..).unwrap_or(&[]);
    match kind.text.to_uppercase().as_str() {
        "NONE" => {
            if !command.is_empty() {
                errors.push("HEALTHCHECK NONE takes no arguments");
            }
            Instruction::Healthcheck(Healthcheck::None)
        }
        "CMD" => {
            if command.is_empty() {
                errors.push("missing command after HEALTHCHECK CMD");
            }
            let form = if node.json { Form::Exec(command) } else { Form::Shell(&node.cooked) };
            Instruction::Healthcheck(Healthcheck::Cmd(probe(node, form, errors)))
        }
        upper => {
            let quoted = dump::quote(upper);
            errors.push_at(format!("unknown type {quoted} in HEALTHCHECK (try CMD)"), kind.span);
            Instruction::Unknown
        }
    }
}

fn probe<'a>(node: &'a Node, form: Form<'a>, errors: &mut Errors<'_>) -> Probe<'a> {
    let flags = FlagSet::read(node, &FLAGS, errors);
    let mut time = |name| duration(flags.one(name)?, errors);
    let (interval, timeout) = (time("interval"), time("timeout"));
    let (start_period, start_interval) = (time("start-period"), time("start-interval"));
    let retries = flags.one("retries").and_then(|piece| retries(piece, errors));
    Probe { form, interval, timeout, start_period, start_interval, retries }
}

fn duration(piece: Piece<'_>, errors: &mut Errors<'_>) -> Option<Duration> {
    let quoted = dump::quote(piece.text);
    let Some((negative, nanos)) = go_duration(piece.text) else {
        errors.push_at(format!("time: invalid duration {quoted}"), piece.span);
        return None;
    };
    if nanos != 0.0 && (negative || nanos < 1e6) {
        errors.push_at(format!("Interval {quoted} cannot be less than 1ms"), piece.span);
        return None;
    }
    Duration::try_from_secs_f64(nanos / 1e9).ok()
}

/// Reads a duration of Go, such as `1m30s` or `1.5h`: its sign and its nanoseconds.
fn go_duration(text: &str) -> Option<(bool, f64)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    if unsigned == "0" {
        return Some((negative, 0.0));
    }
    let (mut rest, mut total) = (unsigned, 0.0);
    while !rest.is_empty() {
        let unit = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..unit].parse().ok()?;
        rest = &rest[unit..];
        let next = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let scale = match &rest[..next] {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += number * scale;
        rest = &rest[next..];
    }
    // Go counts nanoseconds in 63 bits.
    (!unsigned.is_empty() && total < 9.2e18).then_some((negative, total))
}

fn retries(piece: Piece<'_>, errors: &mut Errors<'_>) -> Option<u32> {
    let Ok(number) = piece.text.parse::<i32>() else {
        let quoted = dump::quote(piece.text);
        errors.push_at(format!("parsing {quoted}: invalid syntax"), piece.span);
        return None;
    };
    if number < 0 {
        errors.push_at(format!("--retries cannot be negative ({number})"), piece.span);
    }
    u32::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepts, refuses};
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(go_duration("1m30s"), Some((false, 90e9)));
        assert_eq!(go_duration("1.5h"), Some((false, 5400e9)));
        assert_eq!(go_duration("-5ms"), Some((true, 5e6)));
        assert_eq!(go_duration("0"), Some((false, 0.0)));
        assert!(["", "5", "s", "1x", "1 s", "1.2.3s"].iter().all(|t| go_duration(t).is_none()));
    }

    #[test]
    fn health_checks_are_checked() {
        refuses("HEALTHCHECK --interval=5 CMD a", "invalid duration \"5\"");
        refuses("HEALTHCHECK --timeout=5us CMD a", "cannot be less than 1ms");
        refuses("HEALTHCHECK --retries=-1 CMD a", "--retries cannot be negative (-1)");
        refuses("HEALTHCHECK NONE a", "HEALTHCHECK NONE takes no arguments");
        refuses("HEALTHCHECK CMD", "missing command after HEALTHCHECK CMD");
        refuses("HEALTHCHECK TCP 80", "unknown type \"TCP\" in HEALTHCHECK (try CMD)");
        accepts("HEALTHCHECK --interval=5s --start-interval=1s --retries=0 CMD [\"a\"]");
        accepts("HEALTHCHECK none");
    }
}
