//! A build as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{BuildReport, BuildStep, bytes, count, printable, seconds};

use super::replay::{Paint, shortened};
use crate::ui::Colour;

/// What the builder does itself is shown from here on, in seconds.
const NOTABLE: f64 = 0.1;

/// The page of a build.
pub(crate) fn page(report: &BuildReport, colour: Colour, width: usize) -> String {
    let paint = Paint(colour.on());
    let mut out = String::new();
    let how = if report.built { "built in" } else { "the build fails after" };
    let _ = writeln!(
        out,
        "{}: {} {how} {}",
        paint.bold(&printable(&report.service)),
        printable(&report.dockerfile),
        seconds(report.seconds)
    );
    let engine = &report.engine;
    let _ = writeln!(
        out,
        "  {} {} at {} ({})",
        printable(&engine.name),
        printable(&engine.version),
        printable(&engine.endpoint),
        printable(&engine.found)
    );
    steps(&mut out, report, &paint, width);
    totals(&mut out, report);
    failure(&mut out, report, &paint);
    image(&mut out, report);
    if let Some(log) = &report.log {
        let _ = writeln!(out, "  log      {}", printable(log));
    }
    for caveat in &report.caveats {
        let _ = writeln!(out, "  note: {}", printable(caveat));
    }
    out
}

fn steps(out: &mut String, report: &BuildReport, paint: &Paint, width: usize) {
    let stage = |step: &BuildStep| step.stage.as_deref().map_or(0, |s| s.chars().count());
    let wide = report.steps.iter().map(stage).max().unwrap_or(0).clamp(5, 24);
    let title =
        format!("{:<wide$} {:>6} {:>10} {:>10}  {}", "stage", "step", "time", "layer", "what");
    let _ = writeln!(out, "\n  {}", paint.bold(&title));
    let notable = |step: &&BuildStep| {
        step.number.is_some() || step.seconds.is_some_and(|s| s >= NOTABLE) || step.error.is_some()
    };
    for step in report.steps.iter().filter(notable) {
        let name = step.stage.as_deref().unwrap_or("-");
        let layer = step.layer_bytes.map_or_else(String::new, |size| bytes(size as f64));
        let line = format!(
            "  {:<wide$} {:>6} {:>10} {layer:>10}  {}",
            shortened(&printable(name), 22),
            place(step),
            time(step),
            printable(&step.command)
        );
        let _ = writeln!(out, "{}", shortened(&line, width.saturating_sub(1)));
    }
}

fn place(step: &BuildStep) -> String {
    match (step.number, step.of) {
        (Some(number), Some(of)) => format!("{number}/{of}"),
        (Some(number), None) => number.to_string(),
        (None, _) => String::new(),
    }
}

/// How long a step took, or why that is not said.
pub(super) fn time(step: &BuildStep) -> String {
    match (&step.error, step.cached, step.seconds) {
        (Some(_), ..) => "failed".to_owned(),
        (_, true, _) => "cached".to_owned(),
        // Plain progress rounds to a tenth.
        (.., Some(0.0)) => "< 100 ms".to_owned(),
        (.., Some(time)) => seconds(time),
        (.., None) => "not ended".to_owned(),
    }
}

fn totals(out: &mut String, report: &BuildReport) {
    let own: Vec<&BuildStep> = report.own_steps().collect();
    let cached = own.iter().filter(|step| step.cached).count();
    let _ =
        writeln!(out, "\n  steps    {}, {} cached", count(own.len() as f64), count(cached as f64));
    if let Some(size) = report.context_bytes {
        let _ = writeln!(out, "  context  {} sent", bytes(size as f64));
    }
}

fn failure(out: &mut String, report: &BuildReport, paint: &Paint) {
    if report.built {
        return;
    }
    let failed = report.failed();
    let title = failed.map_or("it fails before any step", |step| &step.name);
    let _ = writeln!(out, "\n  {} {}", paint.bold("failed"), printable(title));
    for line in failed.into_iter().flat_map(|step| &step.tail) {
        let _ = writeln!(out, "    {}", printable(line));
    }
    let error = failed.and_then(|step| step.error.as_ref()).or(report.error.as_ref());
    let _ = writeln!(out, "    {}\n", printable(error.map_or("", String::as_str)));
}

fn image(out: &mut String, report: &BuildReport) {
    let Some(image) = &report.image else { return };
    let id = image.id.as_deref().unwrap_or("of an unknown id");
    let size = image.bytes.map_or_else(String::new, |size| format!(", {}", bytes(size as f64)));
    let tag = image.tag.as_deref().map_or_else(String::new, |tag| format!("  {}", printable(tag)));
    let _ = writeln!(out, "  image    {}{size}{tag}", printable(id));
    if let Some(archive) = &image.archive {
        let size =
            image.archive_bytes.map_or_else(String::new, |s| format!(", {}", bytes(s as f64)));
        let _ = writeln!(out, "  archive  {}{size}", printable(archive));
    }
}
