//! The figures of cold starts: each with how many starts it rests on, and what must be known of them.

use plimsoll_model::{
    Boot, BootReport, Distribution, Figure, NamedFigure, Provenance, Unit, metric,
};

use super::booted::Booted;

/// The figures of a service's cold starts: those of the first report, which is production's where
/// there is one. What was not measured has no figure, but for the budgeted `boot.ready.p95`.
#[must_use]
pub fn figures(service: &str, reports: &[BootReport]) -> Vec<NamedFigure> {
    let Some(report) = reports.first() else { return Vec::new() };
    let boots = Booted { report };
    let first = report.first.as_ref().and_then(|boot| boot.ready);
    let memory = boots.memory();
    let limit = report.settings.memory.filter(|limit| *limit > 0);
    let share = memory.zip(limit).map(|(used, limit)| used as f64 / limit as f64);
    let median = |what: fn(&Boot) -> Option<f64>| {
        let all = boots.of(what);
        Some((all.median?, all.values.len()))
    };
    let all = [
        ("boot.first_request.seconds", median(|boot| boot.ready)),
        ("boot.first.seconds", first.map(|seconds| (seconds, 1))),
        ("boot.cpu.seconds", median(|boot| boot.cpu)),
        ("memory.boot.bytes", memory.map(|used| (used as f64, boots.ready().values.len().max(1)))),
        ("memory.boot_ratio", share.map(|share| (share, boots.ready().values.len().max(1)))),
    ];
    let measured = all.into_iter().filter_map(|(name, value)| {
        let (value, samples) = value?;
        Some((name, figure(report, name, value, samples)))
    });
    let p95 = ("boot.ready.p95", p95(report, &boots.ready()));
    let named = |(name, figure): (&str, Figure)| NamedFigure {
        service: service.to_owned(),
        metric: name.to_owned(),
        figure,
    };
    std::iter::once(p95).chain(measured).map(named).collect()
}

fn p95(report: &BootReport, ready: &Distribution) -> Figure {
    const NAME: &str = "boot.ready.p95";
    if let Some(value) = ready.p95 {
        return figure(report, NAME, value, ready.values.len());
    }
    let missing = match ready.values.len() {
        0 => "no start became ready".to_owned(),
        1 => "one start does not tell it: it takes 59".to_owned(),
        count => format!("{count} starts do not tell it: it takes 59"),
    };
    Figure::not_measured(Unit::Seconds, missing, metric(NAME).map_or("", |known| known.command))
}

fn figure(report: &BootReport, name: &str, value: f64, samples: usize) -> Figure {
    let method = format!("cold starts, {} {}", report.engine.name, report.engine.version);
    let provenance = Provenance::new(method.trim(), report.image.clone());
    let unit = metric(name).map_or(Unit::Count, |known| known.unit);
    let samples = u32::try_from(samples).unwrap_or(u32::MAX);
    let figure = Figure::measured(value, unit, provenance).with_samples(samples);
    report.caveats.iter().fold(figure, |figure, caveat| figure.with_caveat(caveat.clone()))
}
