//! The name of a run: when it began, and a part that no other run has.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::time::{Timestamp, two_digits};
use crate::Date;

/// How many digits the second part has.
const DIGITS: usize = 6;

/// The name of a run, `20261124-223015-4f9a1c`: sorted by name is sorted by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId {
    started: Timestamp,
    unique: String,
}

/// The text is no name of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRunId;

impl RunId {
    /// The name of a run that began then; `unique` is six digits, 0 to 9 and a to f.
    #[must_use]
    pub fn new(started: Timestamp, unique: &str) -> Option<Self> {
        let digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = unique.len() == DIGITS && unique.bytes().all(digit);
        fits.then(|| Self { started, unique: unique.to_owned() })
    }

    /// When the run began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }
}

impl fmt::Display for NoRunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run has a name like 20261124-223015-4f9a1c")
    }
}

impl std::error::Error for NoRunId {}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.started.date().ymd();
        let (hour, minute, second) = self.started.hms();
        write!(f, "{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{}", self.unique)
    }
}

impl FromStr for RunId {
    type Err = NoRunId;

    fn from_str(text: &str) -> Result<Self, NoRunId> {
        let parts: Vec<&str> = text.split('-').collect();
        let [day, time, unique] = parts[..] else { return Err(NoRunId) };
        let date = date(day).ok_or(NoRunId)?;
        let [hour, minute, second] = pairs(time).ok_or(NoRunId)?;
        let started = Timestamp::from_hms(date, hour, minute, second).ok_or(NoRunId)?;
        Self::new(started, unique).ok_or(NoRunId)
    }
}

fn date(text: &str) -> Option<Date> {
    let [century, year, month, day] = pairs(text)?;
    Date::from_ymd(i32::try_from(century * 100 + year).ok()?, month, day)
}

/// Pairs of digits, exactly so many.
fn pairs<const N: usize>(text: &str) -> Option<[u32; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut all = [0; N];
    for (i, number) in all.iter_mut().enumerate() {
        *number = two_digits(text.get(2 * i..2 * i + 2)?)?;
    }
    Some(all)
}

impl TryFrom<String> for RunId {
    type Error = NoRunId;

    fn try_from(text: String) -> Result<Self, NoRunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.to_string()
    }
}
