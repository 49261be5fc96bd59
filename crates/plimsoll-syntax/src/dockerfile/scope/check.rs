//! What BuildKit checks once it has a value: base names, platforms, signals and ports.

use super::super::stages::Base;
use super::super::{dump::quote, platform, port, reference};
use super::Value;

/// What is wrong with the expanded name in a FROM.
pub(super) fn image(source: &str, value: &Value, base: Base) -> Option<String> {
    let text = value.text();
    if text.is_empty() {
        return Some(format!("base name ({source}) should not be blank"));
    }
    let valid = base != Base::Image || reference::is_valid(text);
    let why = "invalid reference format";
    (!valid).then(|| format!("failed to parse stage name {}: {why}", quote(text)))
}

/// What is wrong with an expanded `--platform`.
pub(super) fn platform(source: &str, text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(format!("empty platform value from expression {source}"));
    }
    let bad = platform::parse(text, "amd64").is_none();
    bad.then(|| format!("failed to parse platform {source}: invalid platform {}", quote(text)))
}

const SIGNALS: [&str; 36] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL",
    "PIPE", "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP",
    "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
];

/// What is wrong with an expanded signal.
pub(in crate::dockerfile) fn signal(text: &str) -> Option<String> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let offset = |sign: &str, most: u32| {
        name.strip_prefix(sign)
            .and_then(|n| n.parse().ok())
            .is_some_and(|n| (1..=most).contains(&n))
    };
    let number = text.parse::<i64>().is_ok_and(|number| number != 0);
    let valid = number || SIGNALS.contains(&name) || offset("RTMIN+", 15) || offset("RTMAX-", 14);
    (!valid).then(|| format!("invalid signal: {text}"))
}

/// What is wrong with one expanded word of EXPOSE.
pub(super) fn port(text: &str) -> Option<String> {
    port::read(text).map_or_else(Some, |port| port.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_ports_and_platforms() {
        assert!(["SIGTERM", "quit", "9", "SIGRTMIN+3"].iter().all(|s| signal(s).is_none()));
        assert!(["", "SIGFOO", "0", "RTMIN+16"].iter().all(|s| signal(s).is_some()));
        assert!(["80", "80-90/tcp", "53/UDP", "127.0.0.1:80:80"].iter().all(|p| port(p).is_none()));
        assert!(["x", "80/foo", "90-80", "70000", "80:"].iter().all(|p| port(p).is_some()));
        assert!(
            ["linux/amd64", "linux/arm64/v8", "linux"].iter().all(|p| platform("", p).is_none())
        );
        assert!(["", "linux/", "a/b/c/d", "linux/{{x"].iter().all(|p| platform("", p).is_some()));
    }
}
