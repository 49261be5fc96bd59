//! The signal that asks a program to end.

use crate::Error;

/// Signals by their numbers, from 1.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The first and the last of the signals that have no names; C libraries keep two for themselves.
const REAL_TIME: (i32, i32) = (34, 64);

/// The number of `SIGINT`, `INT`, `15` or `RTMIN+3`; SIGTERM where nothing is said.
pub(super) fn number(said: &str) -> Result<i32, Error> {
    if said.is_empty() {
        return Ok(15);
    }
    let upper = said.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let named = NAMES.iter().position(|known| *known == name).map(|at| at as i32 + 1);
    let signal = named.or_else(|| name.parse().ok()).or_else(|| real_time(name));
    let unknown = || Error::Start(format!("the image's stop signal `{said}` is not known"));
    signal.filter(|signal| (1..=REAL_TIME.1).contains(signal)).ok_or_else(unknown)
}

fn real_time(name: &str) -> Option<i32> {
    let (first, last) = REAL_TIME;
    let signal = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
        (Some(""), _) => first,
        (_, Some("")) => last,
        (Some(more), _) => first.checked_add(more.strip_prefix('+')?.parse().ok()?)?,
        (_, Some(less)) => last.checked_sub(less.strip_prefix('-')?.parse().ok()?)?,
        _ => return None,
    };
    (first..=last).contains(&signal).then_some(signal)
}

#[cfg(test)]
mod tests {
    #[test]
    fn signals_have_names_and_numbers() {
        let said =
            ["", "SIGTERM", "SIGINT", "int", "15", "9", "WINCH", "SYS", "RTMIN+3", "SIGRTMAX-1"];
        let numbers: Vec<i32> = said.iter().map(|said| super::number(said).unwrap()).collect();
        assert_eq!(numbers, [15, 15, 2, 2, 15, 9, 28, 31, 37, 63]);
        for unknown in ["0", "65", "-1", "SIG", "NO", "RTMIN+31", "RTMIN-1", "RTMAX-99999999999"] {
            assert!(super::number(unknown).is_err(), "{unknown}");
        }
    }
}
