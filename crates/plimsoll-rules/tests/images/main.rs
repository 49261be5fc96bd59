//! What rules say once an image was measured.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
#[path = "../common/mod.rs"]
mod common;
mod settled;

use common::sources;
use plimsoll_model::{ImageReport, Report};
use plimsoll_rules::review::Measured;
use serde_json::Value;

/// A review of files with the images of services.
fn reviewed(files: &[(&str, &str)], images: &[(&str, Value)]) -> Report {
    let mut measured = Measured::default();
    for (service, image) in images {
        let mut image: ImageReport = serde_json::from_value(image.clone()).unwrap();
        // A part of a report stands for an image with files.
        image.visible_files = u64::from(image != ImageReport::default());
        measured.images.insert((*service).to_owned(), image);
    }
    common::reviewed(&sources(files), &measured)
}

fn said(report: &Report, rule: &str) -> Vec<String> {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.map(|f| format!("{} {} {}", f.level, f.primary, f.message)).collect()
}

fn evidence(report: &Report, rule: &str) -> String {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.flat_map(|f| f.evidence.clone()).collect::<Vec<_>>().join("; ")
}
