//! Two revisions that were built in turns, as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{
    ComparedService, ComparedTime, ImageComparison, MeasureComparison, bytes, median, printable,
    seconds,
};

use crate::report::replay::{Paint, shortened};
use crate::ui::{self, Colour};

/// How many packages are named.
const PACKAGES: usize = 8;

/// The page.
pub(crate) fn page(comparison: &MeasureComparison, colour: Colour) -> String {
    let paint = Paint(colour.on());
    let mut out = String::new();
    let _ = writeln!(
        out,
        "the working tree against {}, {} rounds in turns",
        printable(&comparison.against),
        comparison.rounds
    );
    for service in &comparison.services {
        let _ = writeln!(out, "\n{}", paint.bold(&printable(&service.service)));
        match &service.error {
            Some(error) => {
                let _ = writeln!(out, "  {}", printable(error));
            }
            None => one(&mut out, service),
        }
    }
    if comparison.rounds < 6 {
        out.push_str("\n  with fewer than six rounds nothing can be said of how certain this is\n");
    }
    out
}

fn one(out: &mut String, service: &ComparedService) {
    let _ = writeln!(
        out,
        "  {:<34}{:>10}{:>10}{:>12}   95 % certain",
        "", "before", "after", "difference"
    );
    row(out, "cold build", &service.build);
    let notable = |time: &ComparedTime| time.before.iter().chain(&time.after).any(|s| *s >= 0.05);
    for step in service.steps.iter().filter(|step| notable(&step.time)) {
        row(out, &step.command, &step.time);
    }
    if let Some(image) = &service.image {
        of_image(out, image);
    }
}

fn row(out: &mut String, name: &str, time: &ComparedTime) {
    let middle = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        median(&sorted).map_or_else(|| "-".to_owned(), seconds)
    };
    let name = shortened(&printable(name), 33);
    let difference = match (time.before.is_empty(), time.after.is_empty()) {
        (true, _) => "new".to_owned(),
        (_, true) => "gone".to_owned(),
        _ => time.difference.map_or_else(String::new, signed),
    };
    let certain = match time.interval {
        Some((low, high)) if time.differs() => format!("{} to {}", signed(low), signed(high)),
        Some((low, high)) => format!("{} to {}: none found", signed(low), signed(high)),
        None => String::new(),
    };
    let line = format!(
        "  {name:<34}{:>10}{:>10}{difference:>12}   {certain}",
        middle(&time.before),
        middle(&time.after)
    );
    let _ = writeln!(out, "{}", shortened(line.trim_end(), ui::width()));
}

fn of_image(out: &mut String, image: &ImageComparison) {
    let size = |value: u64| bytes(value as f64);
    let (before, after) = (&image.before, &image.after);
    let _ = writeln!(
        out,
        "\n  image {} → {} ({})",
        size(before.unpacked_bytes),
        size(after.unpacked_bytes),
        difference(before.unpacked_bytes, after.unpacked_bytes)
    );
    for change in image.packages.iter().take(PACKAGES) {
        let bytes = |state: &Option<plimsoll_model::PackageState>| {
            state.as_ref().map_or(0, |state| state.bytes)
        };
        let difference = difference(bytes(&change.before), bytes(&change.after));
        let name = printable(&change.name);
        let _ = writeln!(out, "    {difference:>12}   {} {name}", change.kind.name());
    }
}

fn difference(before: u64, after: u64) -> String {
    let sign = if after < before { "−" } else { "+" };
    format!("{sign}{}", bytes(after.abs_diff(before) as f64))
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", seconds(value.abs()))
}
