//! Tries an image: loads what it declares, starts it as each environment would, asks its health
//! path, and asks it to stop.
//!
//! What comes of a try is a result, whatever it is; an error means that the engine did not do its
//! part.

pub(crate) mod last;
mod load;
mod start;

use std::time::Duration;

use plimsoll_model::{CheckPlan, ImageReport, ServiceCheck};

use crate::engine::{Cancel, Engine, EngineError};

/// What came of all tries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// Each try.
    pub checks: Vec<ServiceCheck>,
    /// From the start of a container to its first good answer, in seconds, for each start of the
    /// first environment.
    pub first_answers: Vec<f64>,
    /// From SIGTERM to the end, in seconds, in the first environment.
    pub stop: Option<f64>,
    /// What must be known to trust the times.
    pub caveats: Vec<String>,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The image's name.
    pub image: &'s str,
    /// What it holds, where that was looked at.
    pub report: Option<&'s ImageReport>,
    /// What is to be tried.
    pub plan: &'s CheckPlan,
    /// How many times it is started in its first environment.
    pub starts: u32,
    /// How long it may take to open its port, and then to answer.
    pub patience: Duration,
}

/// Tries an image.
///
/// # Errors
/// Where the engine cannot be reached, or somebody wishes to stop.
pub fn check(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    tell: &mut dyn FnMut(&str),
    cancel: &Cancel,
) -> Result<Checked, EngineError> {
    let mut checked = Checked::default();
    tell("loading what it declares");
    checked.checks.push(load::check(engine, subject, cancel)?);
    for (at, plan) in subject.plan.starts.iter().enumerate() {
        let place = plan.environment.as_deref().unwrap_or("no environment in particular");
        tell(&format!("starting it as in {place}"));
        start::check(engine, subject, plan, at == 0, &mut checked, cancel)?;
    }
    Ok(checked)
}
