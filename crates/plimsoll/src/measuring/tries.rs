//! Tries the image that was built: loads, starts, asks, stops.

use std::time::Duration;

use plimsoll_measure::checks::{self, Checked, Subject};
use plimsoll_model::{CheckName, CheckState, ImageReport, ServiceCheck};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::check_plan::check_plan;

use super::{Bearings, said};
use crate::failure::Failure;
use crate::pipeline;

pub(super) fn run(
    bearings: &Bearings<'_>,
    service: &Service,
    image: &str,
    report: Option<&ImageReport>,
) -> Result<Checked, Failure> {
    if !bearings.engine.capabilities().runs_containers {
        return Ok(cannot(&bearings.engine.about().name));
    }
    let mut plan = pipeline::with_evidence(bearings.found, |review, _| check_plan(review, service));
    for start in &mut plan.starts {
        start.unknown.retain(|name| bearings.options.env.iter().all(|(given, _)| given != name));
        start.env.extend(bearings.options.env.iter().cloned());
    }
    let starts = bearings.options.starts;
    let patience = Duration::from_secs(bearings.options.start_timeout.into());
    let subject = Subject { image, report, plan: &plan, starts, patience };
    let mut tell = |what: &str| bearings.say(service, what);
    Ok(checks::check(bearings.engine, &subject, &mut tell, bearings.cancel)?)
}

/// An engine that builds and runs nothing.
fn cannot(engine: &str) -> Checked {
    Checked { checks: untried(&format!("{engine} runs no containers")), ..Checked::default() }
}

/// What is not tried of an image, and why.
pub(super) fn untried(why: &str) -> Vec<ServiceCheck> {
    let all = CheckName::ALL.into_iter().filter(|name| *name != CheckName::Builds);
    all.map(|name| said(name, CheckState::NotRun, why)).collect()
}
