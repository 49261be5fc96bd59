//! Tries an image, and starts it cold: one that was built now, or one that is given.

use plimsoll_measure::boot::{Subject, Wishes};
use plimsoll_measure::engine::Engine;
use plimsoll_model::ServiceCheck;
use plimsoll_rules::discover::Service;
use plimsoll_rules::review::Measured;
use plimsoll_rules::views::start_plan::start_plan;

use super::{Bearings, Work, builds, figures, record, say, tries};
use crate::boots::{self, Held, Runtime};
use crate::failure::Failure;
use crate::images::Asked;
use crate::pipeline;

/// How often a given image is started where nobody says.
const STARTS: u32 = 20;

/// Tries what was built, by the engine that built it, or by our own runtime where that runs nothing.
pub(super) fn built(
    bearings: &Bearings<'_>,
    service: &Service,
    image: &str,
    measured: &mut Measured,
) -> Result<Vec<ServiceCheck>, Failure> {
    let work = bearings.work;
    let held = match bearings.runtime {
        Some(runtime) => Some((runtime, take(bearings, runtime, image)?)),
        None => None,
    };
    let by: (&dyn Engine, &str) = match &held {
        Some((runtime, held)) if !bearings.engine.capabilities().runs_containers => {
            (runtime.engine(), &held.name)
        }
        _ => (bearings.engine, image),
    };
    let checked = tries::run(&work, by, service, measured.images.get(&service.name))?;
    figures::of_tries(service, &checked, measured);
    if let Some((count, (runtime, held))) = work.options.boots.zip(held) {
        start(work, runtime, &held, service, count, measured)?;
    }
    Ok(checked.checks)
}

/// The image that was built, for our own runtime.
fn take(bearings: &Bearings<'_>, runtime: &Runtime, image: &str) -> Result<Held, Failure> {
    match builds::archive(bearings, image) {
        Some(archive) => runtime.take(&archive.display().to_string(), &Asked::default()),
        None => runtime.take_built(bearings.engine, image),
    }
}

/// Tries an image that exists: no engine is needed.
pub(super) fn given(
    work: Work<'_>,
    runtime: &Runtime,
    (service, image): (&Service, &str),
    measured: &mut Measured,
) -> Result<(), Failure> {
    let held = runtime.take(image, &Asked::default())?;
    let by = (runtime.engine(), &*held.name);
    let checked = tries::run(&work, by, service, measured.images.get(&service.name))?;
    figures::of_tries(service, &checked, measured);
    start(work, runtime, &held, service, work.options.boots.unwrap_or(STARTS), measured)?;
    record(work, service, checked.checks, measured);
    Ok(())
}

/// Starts it cold, under the settings of its first environment.
fn start(
    work: Work<'_>,
    runtime: &Runtime,
    held: &Held,
    service: &Service,
    count: u32,
    measured: &mut Measured,
) -> Result<(), Failure> {
    let plan = pipeline::with_evidence(work.found, |review, _| start_plan(review, service, None));
    let Some(mut plan) = plan else { return Ok(()) };
    work.options.complete(&mut plan);
    say(service, "starting it cold");
    let subject = Subject {
        name: &service.name,
        image: &held.name,
        id: &held.id,
        plan: &plan,
        command: None,
        files: &[],
        patience: work.options.patience(),
        host_network: false,
    };
    let wishes = Wishes { boots: count, ..boots::wishes() };
    let mut report = boots::measure(runtime, &subject, &wishes, work.cancel)?;
    match boots::why(runtime, &subject, &report, work.cancel) {
        Ok(why) => report.why = Some(why),
        Err(failure) if work.cancel.is_cancelled() => return Err(failure),
        // The starts are measured all the same.
        Err(failure) => report.caveats.push(format!("why it takes as long: {}", failure.what)),
    }
    figures::of_boots(service, &report, measured);
    measured.boots.insert(service.name.clone(), vec![report]);
    Ok(())
}
