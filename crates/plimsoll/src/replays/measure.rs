//! The replay as evidence of a review: today's pipeline over the last builds.

use std::path::Path;
use std::sync::atomic::AtomicUsize;

use plimsoll_measure::history::History;
use plimsoll_model::{Figure, NamedFigure, Provenance, ReplayReport, Unit};
use plimsoll_rules::discover::Service;
use plimsoll_rules::review::Measured;

use super::{Durations, Subject, Window, today};
use crate::pipeline::Found;

/// Replays every service that something builds.
pub(crate) fn measure(path: &Path, found: &Found, measured: &mut Measured) {
    let window = Window::of_evidence();
    // Without a history none of them has one: it is looked for once.
    let history = History::open(path).map(drop).map_err(|error| error.to_string());
    for service in &found.found.services {
        let replayed = history
            .clone()
            .and_then(|()| replay(path, found, service, &window, &Durations::default()));
        let figure = match &replayed {
            Ok(report) => figure(report),
            Err(reason) => gap(reason),
        };
        measured.figures.push(NamedFigure {
            service: service.name.clone(),
            metric: "build.cache_hit_ratio".to_owned(),
            figure,
        });
        if let Ok(report) = replayed {
            measured.replays.insert(service.name.clone(), report);
        }
    }
}

fn replay(
    path: &Path,
    found: &Found,
    service: &Service,
    window: &Window,
    durations: &Durations,
) -> Result<ReplayReport, String> {
    let subject = Subject::find(path, found, service, window)?;
    let files = today(&subject).map_err(|error| error.to_string())?;
    let builds = subject.replay(&files, &AtomicUsize::new(0))?;
    Ok(subject.report(&builds, durations, &|_| false))
}

/// Replays anew what was built since, now that it is known how long its steps take.
pub(crate) fn weigh(path: &Path, found: &Found, measured: &mut Measured) {
    let window = Window::of_evidence();
    for service in &found.found.services {
        let Some(builds) = measured.builds.get(&service.name) else { continue };
        let durations = Durations::of_build(&builds.cold);
        if let Ok(report) = replay(path, found, service, &window, &durations) {
            measured.replays.insert(service.name.clone(), report);
        }
    }
}

fn figure(report: &ReplayReport) -> Figure {
    if report.counted() == 0 {
        return gap("fewer than two commits of its history can be built");
    }
    let Some(current) = report.current else {
        return gap("how its cache is kept between builds is not known");
    };
    let Some(ratio) = report.rate(current).and_then(|rate| rate.ratio) else {
        return gap("its Dockerfile has no step that a cache could answer");
    };
    let method = format!(
        "replay of {} builds of {} with the cache setup {}",
        report.counted(),
        report.branch,
        current.name()
    );
    let samples = u32::try_from(report.counted()).unwrap_or(u32::MAX);
    let mut figure =
        Figure::measured(ratio, Unit::Ratio, Provenance::new(method, report.service.as_str()))
            .with_samples(samples);
    if !report.weighted {
        figure = figure.with_caveat("each step counts once, whatever it takes");
    }
    if report.shallow {
        figure = figure.with_caveat("the clone is shallow: the history ends early");
    }
    figure
}

fn gap(reason: impl Into<String>) -> Figure {
    Figure::not_measured(Unit::Ratio, reason, "plimsoll replay")
}
