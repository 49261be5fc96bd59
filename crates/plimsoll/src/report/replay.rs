//! A replay as a page for the terminal.

use std::fmt::Write as _;

use plimsoll_model::{CacheSetup, Date, ReplayReport, ReplayedStep, count, printable};

use crate::ui::Colour;

/// Bold text where colour is wanted.
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn bold(&self, text: &str) -> String {
        if self.0 { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The replay of a service.
pub(crate) fn page(report: &ReplayReport, colour: Colour) -> String {
    let paint = Paint(colour.on());
    let mut out = head(report, &paint);
    if report.counted() == 0 {
        let _ = writeln!(out, "  fewer than two commits can be built: there is nothing to count");
        failing(&mut out, report);
        return out;
    }
    let _ = writeln!(out, "\n  {}", paint.bold("steps that need not run, by cache setup"));
    for rate in &report.setups {
        let marks = [(Some(rate.setup) == report.current, "the pipeline's own")];
        let mark = marks.iter().find(|(is, _)| *is).map_or("", |(_, text)| text);
        let mark = if mark.is_empty() { String::new() } else { format!("   {mark}") };
        let _ = writeln!(
            out,
            "    {:<8}{:>7}   {} of {} steps, {} of {} builds run none{mark}",
            rate.setup.name(),
            percent(rate.ratio),
            count(rate.hits as f64),
            count(rate.steps as f64),
            count(rate.whole_builds as f64),
            count(report.counted() as f64),
        );
    }
    let depends = report.rate(report.shown).map_or(0, |rate| rate.depends);
    if depends > 0 {
        let _ = writeln!(
            out,
            "    {depends} more hit where a stage that ran again wrote the same bytes; they are counted as run"
        );
    }
    steps(&mut out, report, &paint);
    failing(&mut out, report);
    assumptions(&mut out, report);
    out
}

/// Many services: a line for each.
pub(crate) fn table(reports: &[&ReplayReport], colour: Colour) -> String {
    let paint = Paint(colour.on());
    let names = reports.iter().map(|r| printable(&r.service).chars().count());
    let width = names.max().unwrap_or(0).clamp(8, 48);
    let mut out = paint.bold("steps that need not run, by cache setup");
    let _ = write!(out, "\n  {:<width$}{:>8}", "", "builds");
    for setup in CacheSetup::ALL {
        let _ = write!(out, "{:>9}", setup.name());
    }
    out.push_str("  the pipeline's own\n");
    for report in reports {
        let _ = write!(
            out,
            "  {:<width$}{:>8}",
            shortened(&printable(&report.service), 46),
            count(report.counted() as f64)
        );
        for setup in CacheSetup::ALL {
            let _ = write!(out, "{:>9}", percent(report.rate(setup).and_then(|rate| rate.ratio)));
        }
        let _ = writeln!(out, "  {}", report.current.map_or("not known", CacheSetup::name));
    }
    out.push_str("\n--service NAME shows the steps of one, and why they run\n");
    out
}

/// Today's pipeline and a proposal.
pub(crate) fn comparison(today: &ReplayReport, proposed: &ReplayReport, colour: Colour) -> String {
    let paint = Paint(colour.on());
    let mut out = head(today, &paint);
    if today.counted() == 0 {
        let _ = writeln!(out, "  no two commits can be built both ways: there is nothing to count");
        failing(&mut out, today);
        failing(&mut out, proposed);
        return out;
    }
    let _ = writeln!(out, "\n  {}", paint.bold("steps that need not run, by cache setup"));
    let _ = writeln!(out, "    {:<8}{:>9}{:>10}", "", "today", "proposed");
    for setup in CacheSetup::ALL {
        let ratio = |report: &ReplayReport| percent(report.rate(setup).and_then(|rate| rate.ratio));
        let mark = if today.current == Some(setup) { "   the pipeline's own" } else { "" };
        let _ = writeln!(
            out,
            "    {:<8}{:>9}{:>10}{mark}",
            setup.name(),
            ratio(today),
            ratio(proposed)
        );
    }
    for (title, report) in [("today", today), ("proposed", proposed)] {
        let _ = writeln!(out, "\n  {}", paint.bold(title));
        step_lines(&mut out, report);
    }
    assumptions(&mut out, today);
    out
}

fn head(report: &ReplayReport, paint: &Paint) -> String {
    let mut out = String::new();
    let day = |at: Option<&plimsoll_model::ReplayedBuild>| {
        at.map_or_else(String::new, |build| Date::from_unix(build.seconds).to_string())
    };
    let _ = writeln!(
        out,
        "{}: {} builds of {}, {} to {}",
        paint.bold(&printable(&report.service)),
        count(report.counted() as f64),
        printable(&report.branch),
        day(report.builds.get(1).or(report.builds.first())),
        day(report.builds.last()),
    );
    if report.not_started > 0 {
        let _ = writeln!(
            out,
            "  {} more commits change no file that starts the workflow",
            count(report.not_started as f64)
        );
    }
    for rename in &report.renames {
        let context = match &rename.context {
            None => String::new(),
            Some(folder) if folder.is_empty() => "; its context was the root".to_owned(),
            Some(folder) => format!("; its context was {}", printable(folder)),
        };
        let _ = writeln!(
            out,
            "  {} was {} until {} renamed it{context}",
            printable(&rename.path),
            printable(&rename.was),
            rename.commit.get(..10).unwrap_or(&rename.commit),
        );
    }
    if report.shallow {
        let _ = writeln!(
            out,
            "  the clone is shallow: its history ends early (git fetch --unshallow gets the rest)"
        );
    }
    out
}

fn steps(out: &mut String, report: &ReplayReport, paint: &Paint) {
    let title = format!("steps of today's Dockerfile, with the setup {}", report.shown.name());
    let _ = writeln!(out, "\n  {}", paint.bold(&title));
    step_lines(out, report);
}

fn step_lines(out: &mut String, report: &ReplayReport) {
    for step in &report.steps {
        let share = (step.builds > 0).then(|| step.hits as f64 / step.builds as f64);
        let took = step.seconds.map_or(String::new(), |s| format!(" ({s:.1} s)"));
        let _ = writeln!(
            out,
            "    {:>7}  {:>3} of {:<4} line {:<4} {}{took}",
            percent(share),
            step.builds - step.hits,
            format!("{} ran", step.builds),
            step.line,
            shortened(&printable(&step.text), 60),
        );
        reasons(out, step);
    }
}

fn reasons(out: &mut String, step: &ReplayedStep) {
    for misses in step.misses.iter().take(2) {
        let line = misses.line.map_or(String::new(), |line| format!("line {line} "));
        let mut text = format!("{} times: {line}{}", misses.count, printable(&misses.reason));
        let files: Vec<String> = misses
            .files
            .iter()
            .take(3)
            .map(|file| format!("{} ({})", printable(&file.path), file.count))
            .collect();
        if !files.is_empty() && misses.line.is_none() {
            let _ = write!(text, ", most often {}", files.join(", "));
        }
        let _ = writeln!(out, "               {}", shortened(&text, 110));
    }
}

fn failing(out: &mut String, report: &ReplayReport) {
    if report.failing_count == 0 {
        return;
    }
    let _ = writeln!(out, "\n  {} commits cannot be built and are left out", report.failing_count);
    for (commit, why) in &report.failing {
        let _ = writeln!(out, "    {} {}", commit.get(..10).unwrap_or(commit), printable(why));
    }
}

fn assumptions(out: &mut String, report: &ReplayReport) {
    let rate = if report.weighted {
        "weighted by how long steps took in the log"
    } else {
        "each step counts once"
    };
    let _ = writeln!(out, "\n  {rate}; {}", printable(&report.assumptions.join("; ")));
}

fn percent(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0))
}

/// A text that is cut where it is long.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
