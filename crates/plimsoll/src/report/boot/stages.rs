//! How long a start takes to each of its stages.

use plimsoll_model::{Boot, BootReport, seconds};

use super::certain;
use crate::report::page::Page;
use crate::report::replay::shortened;

/// A stage's name, and when it was reached.
type Stage = (&'static str, fn(&Boot) -> Option<f64>);

const STAGES: [Stage; 6] = [
    ("program runs", |boot| boot.exec),
    ("port open", |boot| boot.port),
    ("startup probe passes", |boot| boot.probe),
    ("first good answer", |boot| boot.ready),
    ("CPU time until then", |boot| boot.cpu),
    ("throttled until then", |boot| boot.throttled),
];

pub(super) fn stages(page: &mut Page, report: &BootReport) {
    let ready = report.of(|boot| boot.ready);
    if ready.values.is_empty() {
        return;
    }
    page.title("stages", "from the moment the container is started");
    let slow = match (ready.p95, ready.p99) {
        (None, _) => [format!("max of {}", ready.values.len()), String::new()],
        (Some(_), None) => ["P95".to_owned(), String::new()],
        (Some(_), Some(_)) => ["P95".to_owned(), "P99".to_owned()],
    };
    let row = |name: &str, median: &str, certain: &str, slow: [String; 2]| {
        let [most, rare] = slow;
        format!("    {name:<22}{median:>9}   {certain:<20}{most:>10}{rare:>10}")
    };
    let mut rows = vec![row("", "P50", "95 % certain", slow)];
    for (name, what) in STAGES {
        let times = report.of(what);
        let Some(median) = times.median else { continue };
        let said = |value: Option<f64>| value.map_or_else(String::new, seconds);
        let slow = [said(times.p95.or(times.max())), said(times.p99)];
        rows.push(row(name, &seconds(median), &certain(&times, seconds), slow));
    }
    for row in rows {
        page.line(&shortened(row.trim_end(), page.width.saturating_sub(1)));
    }
    let faults = report.of(|boot| boot.major_faults.map(|faults| faults as f64));
    let read = report.of(|boot| boot.read_bytes.map(|bytes| bytes as f64));
    if let (Some(faults), Some(read)) = (faults.median, read.median) {
        let (faults, read) = (plimsoll_model::count(faults), plimsoll_model::bytes(read));
        page.line(&format!("    {read} are read from disks, {faults} page faults wait for them"));
    }
}
