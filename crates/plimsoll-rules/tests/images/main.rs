//! What rules say once an image was measured.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alone;
mod settled;

use plimsoll_model::{Date, ImageReport, Report, Sources};
use plimsoll_rules::config::Config;
use plimsoll_rules::discover;
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{Measured, Review, Terms, review};
use serde_json::Value;

/// A review of files with the images of services.
fn reviewed(files: &[(&str, &str)], images: &[(&str, Value)]) -> Report {
    let mut sources = Sources::default();
    files.iter().for_each(|(path, text)| sources.insert(path, *text));
    let (config, repo) = (Config::default(), Repo::read(&sources));
    let found = discover::discover(&sources, &repo, &config);
    let today = Date::from_ymd(2026, 11, 23).unwrap();
    let mut measured = Measured::default();
    for (service, image) in images {
        let mut image: ImageReport = serde_json::from_value(image.clone()).unwrap();
        // A part of a report stands for an image with files.
        image.visible_files = u64::from(image != ImageReport::default());
        measured.images.insert((*service).to_owned(), image);
    }
    let evidence = Review {
        sources: &sources,
        repo: &repo,
        found: &found,
        measured: &measured,
        config: &config,
        today,
    };
    review(&evidence, &Terms { today, baseline: None, version: "test" })
}

fn said(report: &Report, rule: &str) -> Vec<String> {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.map(|f| format!("{} {} {}", f.level, f.primary, f.message)).collect()
}

fn evidence(report: &Report, rule: &str) -> String {
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.flat_map(|f| f.evidence.clone()).collect::<Vec<_>>().join("; ")
}
