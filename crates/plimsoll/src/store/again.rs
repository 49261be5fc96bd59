//! Judges a recorded run again: the evidence and the terms come from its record, nothing else.

use plimsoll_model::{Report, printable};
use plimsoll_rules::review::Terms;

use super::{Drift, Record};
use crate::failure::Failure;
use crate::pipeline::{self, Found, VERSION};
use crate::report::json;

/// A run judged again.
pub(crate) struct Again {
    pub(crate) report: Report,
    /// The verdicts that fail, as the recorded `plimsoll.toml` names them.
    pub(crate) fail_on: Option<Vec<String>>,
    pub(crate) beside: Beside,
}

/// The report beside the recorded one.
pub(crate) enum Beside {
    /// They are the same, byte by byte.
    Same,
    /// They are not.
    Other(Box<Drift>),
    /// The recorded one is none that this version reads: why.
    Unreadable(String),
    /// There is none: the run was not judged when it was recorded.
    Alone,
}

/// Judges the run of a record.
pub(crate) fn judge(record: &Record) -> Result<Again, Failure> {
    let baseline = record.baseline()?;
    let found = Found::of(record.sources()?);
    let today = record.manifest.terms.today;
    let terms = Terms { today, baseline: baseline.as_ref(), version: VERSION };
    let report = pipeline::judge(&found, &record.measured()?, &terms);
    let beside = record.report()?.map_or(Beside::Alone, |then| beside(&then, &report));
    Ok(Again { report, fail_on: found.config.fail_on, beside })
}

fn beside(then: &str, report: &Report) -> Beside {
    if then == json::render(report) {
        return Beside::Same;
    }
    match serde_json::from_str::<Report>(then) {
        Ok(then) => Beside::Other(Box::new(Drift::between(&then, report))),
        Err(error) => Beside::Unreadable(error.to_string().chars().take(200).collect()),
    }
}

impl Beside {
    /// What is to be said, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Same => vec!["the report is the recorded one, byte by byte".to_owned()],
            Self::Other(drift) => drift.lines(),
            Self::Unreadable(why) => {
                let why = printable(why);
                vec![format!(
                    "the recorded report has a form that this version does not read: {why}"
                )]
            }
            Self::Alone => vec!["the run was not judged when it was recorded".to_owned()],
        }
    }
}
