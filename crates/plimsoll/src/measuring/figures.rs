//! From what was seen to figures with their provenance.

use plimsoll_measure::checks::Checked;
use plimsoll_model::{
    BootReport, BuildReport, CheckName, CheckState, Figure, ImageReport, MeasuredBuilds,
    NamedFigure, Provenance, Unit, median, metric,
};
use plimsoll_rules::discover::Service;
use plimsoll_rules::review::Measured;
use plimsoll_rules::views::boot_figures;

fn add(service: &Service, name: &str, figure: Figure, measured: &mut Measured) {
    measured.figures.retain(|known| known.service != service.name || known.metric != name);
    let service = service.name.clone();
    measured.figures.push(NamedFigure { service, metric: name.to_owned(), figure });
}

fn gap(name: &str, why: &str) -> Figure {
    let metric = metric(name);
    let (unit, command) = metric.map_or((Unit::Count, ""), |m| (m.unit, m.command));
    Figure::not_measured(unit, why, command)
}

pub(super) fn of_builds(service: &Service, builds: &MeasuredBuilds, measured: &mut Measured) {
    let cold = match builds.cold.built {
        true => of_build(&builds.cold, "build without cache"),
        false => gap("build.cold.seconds", "the image does not build"),
    };
    add(service, "build.cold.seconds", cold, measured);
    if !builds.cold.built {
        for name in ["image.bytes", "boot.first_request.seconds"] {
            add(service, name, gap(name, "the image does not build"), measured);
        }
    }
    if let Some(warm) = builds.warm.as_ref().filter(|warm| warm.built) {
        add(service, "build.warm.seconds", of_build(warm, "build, nothing changed"), measured);
    }
    if let Some(changed) = builds.changed.as_ref().filter(|changed| changed.build.built) {
        let method = format!("build after a change of {}", changed.file);
        let figure = of_build(&changed.build, &method);
        let often = format!(
            "{} changed in {} of the last {} builds",
            changed.file, changed.commits, changed.of
        );
        add(service, "build.changed.seconds", figure.with_caveat(often), measured);
    }
}

fn of_build(build: &BuildReport, method: &str) -> Figure {
    let engine = &build.engine;
    let method = format!("{method}, {} {}", engine.name, engine.version);
    let figure = Figure::measured(
        build.seconds,
        Unit::Seconds,
        Provenance::new(method, build.dockerfile.clone()),
    );
    build.caveats.iter().fold(figure, |figure, caveat| figure.with_caveat(caveat.clone()))
}

pub(super) fn of_image(service: &Service, image: &ImageReport, measured: &mut Measured) {
    let provenance = || {
        let method = format!("sum over the files of {} layers", image.layers.len());
        Provenance::new(method, image.id.clone())
    };
    let figure = |bytes: u64| Figure::measured(bytes as f64, Unit::Bytes, provenance());
    add(service, "image.bytes", figure(image.unpacked_bytes), measured);
    add(service, "image.wasted_bytes", figure(image.waste.bytes), measured);
}

pub(super) fn of_tries(service: &Service, checked: &Checked, measured: &mut Measured) {
    let mut answers = checked.first_answers.clone();
    answers.sort_by(f64::total_cmp);
    let seconds = |value: f64, method: &str| {
        let provenance = Provenance::new(method, service.name.clone());
        let figure = Figure::measured(value, Unit::Seconds, provenance);
        checked.caveats.iter().fold(figure, |figure, caveat| figure.with_caveat(caveat.clone()))
    };
    let name = "boot.first_request.seconds";
    let first = match median(&answers) {
        Some(value) => {
            let method = "start of a container to the first good answer of its health path";
            let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
            let figure = seconds(value, method).with_samples(count);
            figure.with_caveat("the image's files were in this machine's cache")
        }
        None => gap(name, &why_not(checked)),
    };
    add(service, name, first, measured);
    if let Some(value) = checked.stop {
        add(service, "stop.seconds", seconds(value, "SIGTERM to the end of the program"), measured);
    }
}

/// What cold starts say.
pub(super) fn of_boots(service: &Service, report: &BootReport, measured: &mut Measured) {
    for figure in boot_figures::figures(&service.name, std::slice::from_ref(report)) {
        add(service, &figure.metric, figure.figure, measured);
    }
}

/// Why there was no good answer: what came before it, or was not known.
fn why_not(checked: &Checked) -> String {
    let before = [CheckName::Starts, CheckName::OpensPort, CheckName::AnswersHealth];
    let mut checks = checked.checks.iter().filter(|check| before.contains(&check.name));
    let first = checks.find(|check| check.state != CheckState::Passed);
    first.map_or_else(|| "no container answered".to_owned(), |check| check.detail.clone())
}
