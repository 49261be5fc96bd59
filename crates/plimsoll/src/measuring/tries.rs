//! Tries the image that was built: loads, starts, asks, stops.

use plimsoll_measure::checks::{self, Checked, Subject};
use plimsoll_measure::engine::Engine;
use plimsoll_model::{CheckName, CheckState, ImageReport, ServiceCheck};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::check_plan::check_plan;

use super::{Work, said, say};
use crate::failure::Failure;
use crate::pipeline;

/// Tries an image that an engine has.
pub(super) fn run(
    work: &Work<'_>,
    (engine, image): (&dyn Engine, &str),
    service: &Service,
    report: Option<&ImageReport>,
) -> Result<Checked, Failure> {
    if !engine.capabilities().runs_containers {
        let why = format!("{} runs no containers", engine.about().name);
        return Ok(Checked { checks: untried(&why), ..Checked::default() });
    }
    let mut plan = pipeline::with_evidence(work.found, |review, _| check_plan(review, service));
    plan.starts.iter_mut().for_each(|start| work.options.complete(start));
    let starts = work.options.starts;
    let patience = work.options.patience();
    let subject = Subject { image, report, plan: &plan, starts, patience };
    let mut tell = |what: &str| say(service, what);
    Ok(checks::check(engine, &subject, &mut tell, work.cancel)?)
}

/// What is not tried of an image, and why.
pub(super) fn untried(why: &str) -> Vec<ServiceCheck> {
    let all = CheckName::ALL.into_iter().filter(|name| *name != CheckName::Builds);
    all.map(|name| said(name, CheckState::NotRun, why)).collect()
}
