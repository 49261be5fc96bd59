//! What a build does now, a line for each stage.

use plimsoll_model::{printable, seconds};

use super::replay::shortened;
use crate::builds::Running;

/// How many stages are shown: more than a terminal has lines could not be taken back.
const STAGES: usize = 16;

/// The lines of a terminal: the time so far, and what each stage is at.
pub(crate) fn lines(stages: &[Running], so_far: f64, width: usize) -> Vec<String> {
    let names = stages.iter().map(|stage| name(stage).chars().count());
    let wide = names.max().unwrap_or(0).min(24);
    let mut lines = vec![format!("building, {so_far:.1} s")];
    for stage in stages.iter().take(STAGES) {
        let line = format!(
            "  {:<wide$} {:>6} {:>9}  {}",
            shortened(&name(stage), 22),
            place(stage),
            time(stage),
            printable(&stage.command)
        );
        // One that is broken over two lines could not be taken back.
        lines.push(shortened(&line, width.saturating_sub(2)));
    }
    lines
}

/// The line of a step that came to its end, where no terminal is.
pub(crate) fn ended(step: &Running) -> String {
    let place = [name(step), place(step)];
    let place: Vec<&str> = place.iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
    format!("{} {}: {}", place.join(" "), shortened(&printable(&step.command), 80), time(step))
}

fn name(stage: &Running) -> String {
    stage.stage.as_deref().map_or_else(String::new, |name| printable(name).into_owned())
}

fn place(stage: &Running) -> String {
    match stage.number {
        Some((number, Some(of))) => format!("{number}/{of}"),
        Some((number, None)) => number.to_string(),
        None => String::new(),
    }
}

fn time(stage: &Running) -> String {
    match (stage.failed, stage.cached, stage.seconds) {
        (true, ..) => "failed".to_owned(),
        (_, true, _) => "cached".to_owned(),
        (.., Some(0.0)) if stage.over => "< 100 ms".to_owned(),
        (.., Some(time)) if stage.over => seconds(time),
        (.., Some(time)) => format!("{time:.1} s"),
        (.., None) => String::new(),
    }
}
