//! What was measured of services, as a page for the terminal.

pub(crate) mod compared;

use std::fmt::Write as _;

use plimsoll_model::{
    BuildReport, CheckState, Figure, ImageReport, MeasuredService, bytes, metric, printable,
    seconds,
};

use super::replay::{Paint, shortened};
use crate::ui::{self, Colour};

/// How many of the largest owners are named.
const OWNERS: usize = 5;

/// The page.
pub(crate) fn page(services: &[MeasuredService], colour: Colour) -> String {
    let paint = Paint(colour.on());
    let mut out = String::new();
    for service in services {
        let _ = writeln!(out, "{}", paint.bold(&printable(&service.service)));
        builds(&mut out, service);
        if let Some(image) = &service.image {
            of_image(&mut out, image);
        }
        checks(&mut out, service);
        figures(&mut out, service);
        out.push('\n');
    }
    out
}

fn builds(out: &mut String, service: &MeasuredService) {
    let Some(builds) = &service.builds else { return };
    let mut line = |name: &str, build: &BuildReport| {
        let steps = build.own_steps().count();
        let cached = build.own_steps().filter(|step| step.cached).count();
        let time = seconds(build.seconds);
        let _ = writeln!(out, "  {name:<24}{time:>12}   {cached} of {steps} steps cached");
    };
    line("cold build", &builds.cold);
    if let Some(warm) = &builds.warm {
        line("nothing changed", warm);
    }
    if let Some(changed) = &builds.changed {
        line(&shortened(&format!("{} changed", printable(&changed.file)), 23), &changed.build);
    }
    for step in builds.cold.own_steps().filter(|step| !step.cached) {
        let Some(time) = step.seconds.filter(|time| *time >= 0.05) else { continue };
        let line = format!("    {:>9}   {}", seconds(time), printable(&step.command));
        let _ = writeln!(out, "{}", shortened(&line, ui::width().saturating_sub(1)));
    }
}

fn of_image(out: &mut String, image: &ImageReport) {
    let size = |value: u64| bytes(value as f64);
    let _ = writeln!(
        out,
        "\n  image {} in {} layers, {} of it wasted",
        size(image.unpacked_bytes),
        image.layers.len(),
        size(image.waste.bytes)
    );
    for owner in image.owners.iter().take(OWNERS) {
        let name = printable(&owner.name);
        let _ = writeln!(out, "    {:>9}   {} {name}", size(owner.bytes), owner.kind.name());
    }
}

fn checks(out: &mut String, service: &MeasuredService) {
    out.push('\n');
    for check in &service.checks {
        let mark = match check.state {
            CheckState::Passed => "[x]",
            CheckState::Failed => "[!]",
            CheckState::NotRun => "[ ]",
        };
        let place = check.environment.as_deref().map_or(String::new(), |e| format!(" ({e})"));
        let line = format!("  {mark} {}{place}: {}", check.name.title(), check.detail);
        let _ = writeln!(out, "{}", printable(&line));
    }
}

fn figures(out: &mut String, service: &MeasuredService) {
    out.push('\n');
    for named in &service.figures {
        let title = metric(&named.metric).map_or(named.metric.as_str(), |metric| metric.title);
        let said = match &named.figure {
            Figure::NotMeasured { missing, .. } => format!("not measured: {}", printable(missing)),
            Figure::Measured { samples, .. } if *samples > 1 => {
                format!("{} (median of {samples})", named.figure)
            }
            figure => figure.to_string(),
        };
        let _ = writeln!(out, "  {title:<24}{said:>12}");
    }
}
