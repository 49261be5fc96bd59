//! The builds of a service.

use plimsoll_model::{BuildReport, BuildStep, ChangedBuild, MeasuredBuilds, bytes, seconds};

use super::{Cell, Table};
use crate::report::build;

pub(super) fn tables(builds: &MeasuredBuilds) -> Vec<Table> {
    let engine = &builds.cold.engine;
    let mut lead = format!("By {} {}.", engine.name, engine.version);
    let mut rows = vec![row("nothing cached".to_owned(), &builds.cold)];
    rows.extend(builds.warm.iter().map(|warm| row("nothing changed".to_owned(), warm)));
    if let Some(changed) = &builds.changed {
        let ChangedBuild { file, commits, of, build } = changed;
        lead += &format!(" {file} changes in {commits} of the last {of} builds.");
        rows.push(row(format!("{file} changed"), build));
    }
    let all = Table {
        title: "Builds".to_owned(),
        lead,
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
    let time = match (&step.error, step.cached) {
        (Some(_), _) => Cell::Bad("failed"),
        (None, true) => Cell::Open("cached"),
        (None, false) => Cell::Number(build::time(step)),
    };
    vec![
        Cell::Text(format!("{stage} {place}").trim().to_owned()),
        time,
        Cell::Number(step.layer_bytes.map_or(String::new(), |size| bytes(size as f64))),
        Cell::Code(step.command.clone()),
    ]
}
