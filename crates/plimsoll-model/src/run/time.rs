//! A second in UTC, without a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Date;

const DAY: i64 = 86_400;

/// A second in UTC, written `2026-11-24T22:30:15Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    date: Date,
    /// Since midnight.
    second: u32,
}

/// The text is no time of the form `2026-11-24T22:30:15Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTimestamp;

impl Timestamp {
    /// The second of a Unix time.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        let second = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or(0);
        Self { date: Date::from_unix(seconds), second }
    }

    /// A second of a day, or `None` where there is no such time.
    #[must_use]
    pub fn from_hms(date: Date, hour: u32, minute: u32, second: u32) -> Option<Self> {
        let is = hour < 24 && minute < 60 && second < 60;
        is.then(|| Self { date, second: hour * 3600 + minute * 60 + second })
    }

    /// The day.
    #[must_use]
    pub fn date(self) -> Date {
        self.date
    }

    /// The hour, minute and second.
    #[must_use]
    pub fn hms(self) -> (u32, u32, u32) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }
}

impl fmt::Display for NoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time has the form 2026-11-24T22:30:15Z")
    }
}

impl std::error::Error for NoTimestamp {}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.hms();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.date)
    }
}

impl FromStr for Timestamp {
    type Err = NoTimestamp;

    fn from_str(text: &str) -> Result<Self, NoTimestamp> {
        let (date, time) = text.split_once('T').ok_or(NoTimestamp)?;
        let time = time.strip_suffix('Z').ok_or(NoTimestamp)?;
        let parts: Vec<u32> =
            time.split(':').map(two_digits).collect::<Option<_>>().ok_or(NoTimestamp)?;
        let [hour, minute, second] = parts[..] else { return Err(NoTimestamp) };
        let date = date.parse().map_err(|_| NoTimestamp)?;
        Self::from_hms(date, hour, minute, second).ok_or(NoTimestamp)
    }
}

/// The number that two digits are.
pub(super) fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

impl TryFrom<String> for Timestamp {
    type Error = NoTimestamp;

    fn try_from(text: String) -> Result<Self, NoTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}
