//! Two images, started in turns.

use serde::{Deserialize, Serialize};

use super::{BOOT_SCHEMA_VERSION, Boot, BootOutcome, BootReport, PairedDifference};

/// Two images, started in turns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BootComparison {
    /// [`BOOT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The one that is judged.
    pub subject: BootReport,
    /// The one it is held against.
    pub against: BootReport,
    /// Times to the first good answer: the subject against the other.
    pub ready: PairedDifference,
    /// CPU-seconds until then.
    pub cpu: PairedDifference,
    /// The working set at that moment.
    pub memory: PairedDifference,
    /// What makes the machine a bad place to measure on, where something does.
    pub noise: Vec<String>,
}

impl BootComparison {
    /// Compares start by start: those at the same place of both are a pair, where both became ready.
    #[must_use]
    pub fn of(subject: BootReport, against: BootReport, noise: Vec<String>) -> Self {
        let of = |what: fn(&Boot) -> Option<f64>| paired(&subject.boots, &against.boots, what);
        let working_set = |boot: &Boot| boot.memory.map(|memory| memory.working_set as f64);
        Self {
            schema_version: BOOT_SCHEMA_VERSION,
            ready: of(|boot| boot.ready),
            cpu: of(|boot| boot.cpu),
            memory: of(working_set),
            subject,
            against,
            noise,
        }
    }
}

/// The difference of something, from the pairs of which both became ready.
pub(super) fn paired(
    subject: &[Boot],
    against: &[Boot],
    what: impl Fn(&Boot) -> Option<f64>,
) -> PairedDifference {
    let value = |boot: &Boot| what(boot).filter(|_| boot.outcome == BootOutcome::Ready);
    let pairs = subject.iter().zip(against).filter_map(|(a, b)| value(a).zip(value(b)));
    let (subject, against): (Vec<f64>, Vec<f64>) = pairs.unzip();
    PairedDifference::of(&subject, &against)
}
