//! Two images that were started in turns, as a page for the terminal.

use plimsoll_model::{
    Boot, BootComparison, BootOutcome, PairedDifference, change, printable, seconds, share,
};

use super::{ELSEWHERE, counted, failures, settings, size};
use crate::report::page::Page;
use crate::ui::Colour;

/// The page.
pub(crate) fn page(comparison: &BootComparison, full: bool, colour: Colour) -> String {
    written(comparison, Page::new(full, colour))
}

pub(super) fn written(comparison: &BootComparison, mut page: Page) -> String {
    let (subject, against) = (&comparison.subject, &comparison.against);
    let name = page.paint.bold(&printable(&subject.subject));
    let pairs = counted(comparison.ready.pairs as usize, "pair");
    page.line(&format!("{name}  against {}", printable(&against.subject)));
    page.wrapped("  ", &format!("{pairs} of starts in turns, in random order"));
    page.wrapped("  ", &settings(&subject.settings));
    if subject.settings != against.settings {
        page.wrapped("  the other with ", &settings(&against.settings));
    }
    page.line(&format!(
        "\n    {:<20}{:>10}{:>10}{:>12}   95 % certain",
        "", "against", "subject", "difference"
    ));
    row(&mut page, "first good answer", &comparison.ready, seconds);
    row(&mut page, "CPU time until then", &comparison.cpu, seconds);
    row(&mut page, "working set", &comparison.memory, size);
    first(&mut page, comparison);
    page.out.push('\n');
    page.wrapped("  ", &verdict(&comparison.ready));
    for report in [subject, against] {
        if report.boots.iter().any(|boot| boot.outcome != BootOutcome::Ready) {
            page.line(&format!("\n  {}", printable(&report.subject)));
            failures::failures(&mut page, report);
        }
    }
    page.out.push('\n');
    for noise in &comparison.noise {
        page.wrapped("  noise: ", noise);
    }
    let mut caveats: Vec<&String> = subject.caveats.iter().chain(&against.caveats).collect();
    caveats.sort();
    caveats.dedup();
    for caveat in caveats.into_iter().map(String::as_str).chain([ELSEWHERE]) {
        page.wrapped("  note: ", caveat);
    }
    page.out
}

fn row(page: &mut Page, name: &str, pairs: &PairedDifference, show: fn(f64) -> String) {
    let Some(difference) = pairs.difference else { return };
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), show);
    let certain = match pairs.interval {
        Some((low, high)) if pairs.differs() => format!("{} to {}", change(low), change(high)),
        Some((low, high)) => format!("{} to {}: none found", change(low), change(high)),
        None => String::new(),
    };
    let line = format!(
        "    {name:<20}{:>10}{:>10}{:>12}   {certain}",
        value(pairs.against),
        value(pairs.subject),
        change(difference)
    );
    page.line(line.trim_end());
}

/// The first starts: one of each, of which nothing is certain.
fn first(page: &mut Page, comparison: &BootComparison) {
    let time = |boot: &Option<Boot>| boot.as_ref().and_then(|boot| boot.ready).map(seconds);
    let both = time(&comparison.against.first).zip(time(&comparison.subject.first));
    if let Some((against, subject)) = both {
        let line = format!(
            "    {:<20}{against:>10}{subject:>10}{:>12}   one start of each",
            "first, cold cache", ""
        );
        page.line(&line);
    }
}

/// What it comes to.
fn verdict(ready: &PairedDifference) -> String {
    let seen = |seen: f64| format!("; {} could have been seen", share(seen));
    let Some((difference, (low, high))) = ready.difference.zip(ready.interval) else {
        return "with fewer than six pairs nothing can be said of how certain this is".to_owned();
    };
    if !ready.differs() {
        let seen = ready.could_have_seen.map_or_else(String::new, seen);
        return format!("no difference found{seen}");
    }
    let (word, low, high) =
        if difference > 0.0 { ("slower", low, high) } else { ("faster", -high, -low) };
    format!("starts {} {word}: {} to {}", share(difference.abs()), share(low), share(high))
}
