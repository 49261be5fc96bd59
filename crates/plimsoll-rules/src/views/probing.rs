//! Probes: how long they wait, and how they are told to wait longer.

use plimsoll_model::{Edit, Sources};

use super::edits;
use crate::discover::Probe;

/// Seconds between attempts, and attempts, where a probe sets none; Kubernetes and Cloud Run agree.
const PERIOD: u32 = 10;
const FAILURES: u32 = 3;

/// Attempts of a probe, and the seconds between them.
pub(crate) fn attempts(probe: &Probe) -> (u32, u32) {
    (probe.failures.unwrap_or(FAILURES), probe.period.unwrap_or(PERIOD))
}

/// Seconds until a probe has failed.
pub(crate) fn window(probe: &Probe) -> u32 {
    let (attempts, period) = attempts(probe);
    probe.initial_delay.unwrap_or(0).saturating_add(period.saturating_mul(attempts))
}

/// The attempts it takes to wait for so many seconds, and the edit of a `failureThreshold` that is
/// written out.
pub(crate) fn wider(sources: &Sources, probe: &Probe, seconds: f64) -> Option<(u32, Vec<Edit>)> {
    /// What older pages of Cloud Run allow.
    const MOST: f64 = 240.0;
    let period = f64::from(attempts(probe).1.max(1));
    let missing = seconds - f64::from(probe.initial_delay.unwrap_or(0));
    if missing > MOST {
        return None;
    }
    let attempts = (missing / period).ceil().max(1.0) as u32;
    let edits = edits::number_of(sources, &probe.at, "failureThreshold", attempts)?;
    Some((attempts, edits))
}
