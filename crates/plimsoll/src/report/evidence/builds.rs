//! The builds of a service.

use plimsoll_model::{BuildReport, BuildStep, MeasuredBuilds, bytes, seconds};

use super::{Cell, Table};

pub(super) fn tables(builds: &MeasuredBuilds) -> Vec<Table> {
    let engine = &builds.cold.engine;
    let mut rows = vec![row("nothing cached".to_owned(), &builds.cold)];
    rows.extend(builds.warm.iter().map(|warm| row("nothing changed".to_owned(), warm)));
    rows.extend(builds.changed.iter().map(|changed| {
        let (commits, of) = (changed.commits, changed.of);
        let often = format!("changes in {commits} of the last {of} builds");
        row(format!("{} changed ({often})", changed.file), &changed.build)
    }));
    let all = Table {
        title: "Builds".to_owned(),
        lead: format!("By {} {}.", engine.name, engine.version),
        columns: &["Build", "Result", "Time", "Steps", "Cached"],
        rows,
    };
    vec![all, steps(&builds.cold)]
}

fn row(what: String, build: &BuildReport) -> Vec<Cell> {
    let steps = build.own_steps().count();
    let cached = build.own_steps().filter(|step| step.cached).count();
    vec![
        Cell::Text(what),
        if build.built { Cell::Good("built") } else { Cell::Bad("fails") },
        Cell::Number(seconds(build.seconds)),
        Cell::Number(steps.to_string()),
        Cell::Number(cached.to_string()),
    ]
}

/// The steps of a build, and what failed besides.
fn steps(build: &BuildReport) -> Table {
    let shown = build.steps.iter().filter(|step| step.number.is_some() || step.error.is_some());
    Table {
        title: "Steps of the build with nothing cached".to_owned(),
        lead: build.error.clone().unwrap_or_default(),
        columns: &["Step", "Time", "Layer", "Instruction"],
        rows: shown.map(step).collect(),
    }
}

fn step(step: &BuildStep) -> Vec<Cell> {
    let place = match (step.number, step.of) {
        (Some(number), Some(of)) => format!("{number}/{of}"),
        _ => String::new(),
    };
    let stage = step.stage.as_deref().unwrap_or("");
    let time = match (&step.error, step.cached, step.seconds) {
        (Some(_), ..) => Cell::Bad("fails"),
        (None, true, _) => Cell::Open("cached"),
        (None, false, took) => Cell::Number(took.map(seconds).unwrap_or_default()),
    };
    vec![
        Cell::Text(format!("{stage} {place}").trim().to_owned()),
        time,
        Cell::Number(step.layer_bytes.map_or(String::new(), |size| bytes(size as f64))),
        Cell::Code(step.command.clone()),
    ]
}
