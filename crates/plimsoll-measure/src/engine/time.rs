//! Times as engines write them: `2026-01-31T10:00:00.123456789Z`, or with an offset.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a time; none where it is not one, or the zero that engines write for "never".
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| text.as_bytes().get(*at) != Some(byte)) {
        return None;
    }
    let days = days(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let seconds = number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?;
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("", rest),
    };
    let nanos = format!("{fraction:0<9}").get(..9)?.parse::<u32>().ok()?;
    let seconds = u64::try_from(days * 86_400 + seconds - offset(zone)?).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

/// The seconds from one time to another; negative where the other is earlier.
pub(super) fn between(from: SystemTime, to: SystemTime) -> f64 {
    match to.duration_since(from) {
        Ok(later) => later.as_secs_f64(),
        Err(earlier) => -earlier.duration().as_secs_f64(),
    }
}

fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

/// The days since 1970 of a day in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let this_year = before + i64::from(leap && month > 2) + day - 1;
    Some((year - 1970) * 365 + leaps(year - 1) - leaps(1969) + this_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_nanosecond() {
        let seconds = |text| parse(text).map(|t| t.duration_since(UNIX_EPOCH).unwrap());
        assert_eq!(seconds("1970-01-01T00:00:01Z"), Some(Duration::from_secs(1)));
        let exact = Duration::new(1_769_853_600, 123_456_700);
        assert_eq!(seconds("2026-01-31T10:00:00.1234567Z"), Some(exact));
        assert_eq!(seconds("2026-01-31T11:30:00.1234567+01:30"), Some(exact));
        assert_eq!(seconds("2024-03-01T00:00:00Z"), Some(Duration::from_secs(1_709_251_200)));
        for text in ["", "0001-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-31", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
