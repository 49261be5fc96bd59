//! Cold starts, as a page for the terminal and as a picture.

pub(crate) mod compared;
mod failures;
mod histogram;
mod stages;
pub(crate) mod svg;
mod why;

use plimsoll_model::{
    BootBoost, BootMemory, BootOutcome, BootReport, BootSettings, Distribution, bytes, count,
    printable, seconds, share,
};

use self::histogram::Bins;
use super::page::Page;
use crate::ui::Colour;

/// What no measurement on another machine says.
pub(super) const ELSEWHERE: &str = "this is what the image costs in CPU-ms and in seconds at this \
     quota, never the same milliseconds as on Cloud Run: there is no sandbox here, no front end, \
     no pull of the image, and it is another CPU";

/// The page.
pub(crate) fn page(report: &BootReport, full: bool, colour: Colour) -> String {
    written(report, Page::new(full, colour))
}

fn written(report: &BootReport, mut page: Page) -> String {
    head(&mut page, report);
    times(&mut page, report);
    stages::stages(&mut page, report);
    first_answers(&mut page, report);
    memory(&mut page, report);
    boost(&mut page, report);
    failures::failures(&mut page, report);
    if let Some(why) = &report.why {
        why::why(&mut page, why);
    }
    notes(&mut page, report);
    page.out
}

/// Where a distribution's median lies.
fn certain(of: &Distribution, show: impl Fn(f64) -> String) -> String {
    let between = |(low, high)| format!("{} to {}", show(low), show(high));
    of.interval.map_or_else(String::new, between)
}

fn size(value: f64) -> String {
    bytes(value)
}

fn head(page: &mut Page, report: &BootReport) {
    let name = page.paint.bold(&printable(&report.subject));
    let id: String = report.image.chars().take(19).collect();
    page.line(&format!("{name}  {}", printable(&id)));
    page.wrapped("  ", &settings(&report.settings));
    let (engine, machine) = (&report.engine, &report.machine);
    let by = format!("{} {}", engine.name, engine.version);
    let on = format!("{} × {}, Linux {}", machine.cpus, machine.model, machine.kernel);
    page.wrapped("  ", &format!("started by {} on {on}", by.trim()));
}

fn times(page: &mut Page, report: &BootReport) {
    let ready = report.of(|boot| boot.ready);
    let starts = report.boots.len();
    let cache = if report.evicted { ", page cache emptied before each" } else { "" };
    let said = format!("to the first good answer, {}{cache}", counted(starts, "start"));
    page.title("cold start", &said);
    let first = report.first.as_ref();
    if let Some(first) = first.filter(|first| first.outcome == BootOutcome::Ready) {
        let time = first.ready.map_or_else(|| "-".to_owned(), seconds);
        row(page, "first", &time, "with nothing of the image in the page cache");
    }
    let Some(median) = ready.median else {
        page.line("    no start became ready: there is no distribution");
        return;
    };
    let between = match ready.interval {
        Some(_) => format!("{} with 95 % certainty", certain(&ready, seconds)),
        None => "how certain it is takes six starts to say".to_owned(),
    };
    row(page, "P50", &seconds(median), &between);
    tail(page, &ready);
    let cpu = report.of(|boot| boot.cpu).median;
    if let Some(cpu) = cpu {
        let quota = report.settings.cpus.map_or_else(String::new, |cpus| format!(" at {cpus} CPU"));
        let time = format!("{} CPU-ms and {}{quota}", count(cpu * 1000.0), seconds(median));
        page.line(&format!("    it costs {time}"));
    }
}

fn tail(page: &mut Page, ready: &Distribution) {
    let rows = [("P95", ready.p95, ready.p95_at_most), ("P99", ready.p99, ready.p99_at_most)];
    for (name, value, bound) in rows {
        let Some((value, bound)) = value.zip(bound) else { continue };
        let bound = format!("at most {} with 95 % certainty", seconds(bound));
        row(page, name, &seconds(value), &bound);
    }
    if let (None, Some(most)) = (ready.p95, ready.max()) {
        let starts = ready.values.len();
        let of = format!("max of {starts}; P95 takes 59 starts to say, P99 299");
        row(page, "max", &seconds(most), &of);
    }
}

fn row(page: &mut Page, name: &str, value: &str, text: &str) {
    page.wrapped(&format!("    {name:<7}{value:>9}   "), text);
}

fn first_answers(page: &mut Page, report: &BootReport) {
    let plain = report.of(|boot| boot.ready).values;
    let boosted = report.boost.as_ref().map_or_else(Vec::new, boosted);
    if plain.len() + boosted.len() < 2 {
        return;
    }
    let Some(bins) = Bins::of(&[&plain, &boosted]) else { return };
    let plain_name = without_boost(report);
    let boost_name = report.boost.as_ref().map_or_else(String::new, with_boost);
    let mut series: Vec<(&str, &[f64])> = vec![(&plain_name, &plain)];
    if !boosted.is_empty() {
        series.push((&boost_name, &boosted));
    }
    page.title("first answers", "starts by their time, from the time named on");
    for line in bins.lines(&series, page.width.saturating_sub(5)) {
        page.line(&format!("    {line}"));
    }
}

fn memory(page: &mut Page, report: &BootReport) {
    let of = |what: fn(&BootMemory) -> f64| report.of(|boot| boot.memory.as_ref().map(what));
    let working = of(|memory| memory.working_set as f64);
    let threads = report.of(|boot| boot.threads.map(f64::from));
    if working.median.is_some() || threads.median.is_some() {
        page.title("memory", "when it is ready, medians");
    }
    let mut row = |value: String, text: &str| page.wrapped(&format!("    {value:>9}   "), text);
    if let Some(median) = working.median {
        row(size(median), "working set: what it uses, less file pages that can be dropped");
    }
    if let Some(held) = of(|memory| (memory.anon + memory.shared) as f64).median {
        let limit = report.settings.memory.map(|limit| limit as f64).filter(|limit| *limit > 0.0);
        let of = limit.map_or_else(String::new, |limit| {
            format!(": {} of the limit of {}", share(held / limit), size(limit))
        });
        row(size(held), &format!("cannot be dropped, tmpfs included{of}"));
    }
    let peaks = report.of(|boot| boot.memory.and_then(|m| m.peak).map(|peak| peak as f64));
    if let Some(peak) = peaks.max() {
        row(size(peak), "the most it used, including reclaimable cache");
    }
    if let Some((memory, after)) = &report.settled {
        let text = format!("working set {} after it was ready", seconds(*after));
        row(size(memory.working_set as f64), &text);
    }
    if let Some(most) = threads.max() {
        row(format!("{most:.0}"), if most == 1.0 { "thread" } else { "threads" });
    }
}

fn boost(page: &mut Page, report: &BootReport) {
    let Some(boost) = &report.boost else { return };
    let is = if boost.is_set { "is set" } else { "is not set" };
    let said =
        format!("{} CPU while it starts and {} after; it {is}", boost.cpus, seconds(boost.tail));
    page.title("CPU boost", &said);
    page.wrapped("    ", &boost.pays());
    if let Some((_, day)) = &boost.cost {
        page.wrapped("    ", &format!("by the prices of {day}, for a start that is billed"));
    }
}

fn notes(page: &mut Page, report: &BootReport) {
    page.out.push('\n');
    if report.ready().next().is_some() {
        let stop = report.stop.map_or_else(
            || "how it stops is not known: it was not asked to, or had to be killed".to_owned(),
            |time| format!("stops {} after SIGTERM", seconds(time)),
        );
        page.wrapped("  ", &stop);
    }
    for caveat in report.caveats.iter().map(String::as_str).chain([ELSEWHERE]) {
        page.wrapped("  note: ", caveat);
    }
}

/// `20 starts`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The times of boosted starts, sorted.
fn boosted(boost: &BootBoost) -> Vec<f64> {
    let ready = boost.boots.iter().filter(|boot| boot.outcome == BootOutcome::Ready);
    Distribution::of(ready.filter_map(|boot| boot.ready).collect()).values
}

fn with_boost(boost: &BootBoost) -> String {
    format!("boosted to {} CPU", boost.cpus)
}

fn without_boost(report: &BootReport) -> String {
    report.settings.cpus.map_or_else(|| "without boost".to_owned(), |cpus| format!("{cpus} CPU"))
}

/// Under what it was started, in one sentence.
fn settings(settings: &BootSettings) -> String {
    let mut all = Vec::new();
    all.push(settings.cpus.map_or("as many CPU as there are".to_owned(), |c| format!("{c} CPU")));
    all.push(settings.memory.map_or("no limit of memory".to_owned(), |m| size(m as f64)));
    if let Some(requests) = settings.concurrency {
        all.push(format!("{} at once", counted(requests as usize, "request")));
    }
    if let Some(port) = settings.port {
        all.push(format!("port {port}"));
    }
    if let Some(path) = &settings.path {
        let guess = if settings.path_is_known { "" } else { " (no probe names a path)" };
        all.push(format!("GET {path}{guess}"));
    }
    if let Some(probe) = &settings.probe {
        all.push(format!("startup probe {probe}"));
    }
    let place = match (&settings.environment, &settings.source) {
        (Some(environment), Some(source)) => format!("{environment} ({source}): "),
        (Some(one), None) | (None, Some(one)) => format!("{one}: "),
        (None, None) => String::new(),
    };
    format!("{place}{}", all.join(", "))
}

#[cfg(test)]
mod tests;
