//! A review of files, and of what was measured of them.

#![allow(dead_code, reason = "each test file uses a part")]

use plimsoll_model::{Date, Report, Sources};
use plimsoll_rules::config::{Config, FILE};
use plimsoll_rules::discover;
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{Measured, Review, Terms, review};

/// Files by their paths.
pub(crate) fn sources(files: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    files.iter().for_each(|(path, text)| sources.insert(path, *text));
    sources
}

/// Calls back with the evidence of a review.
pub(crate) fn with<T>(
    sources: &Sources,
    measured: &Measured,
    act: impl FnOnce(&Review<'_>) -> T,
) -> T {
    let config = Config::parse(FILE, sources.text(FILE).unwrap_or(""));
    let repo = Repo::read(sources);
    let found = discover::discover(sources, &repo, &config);
    let today = Date::from_ymd(2026, 11, 23).unwrap();
    act(&Review { sources, repo: &repo, found: &found, measured, config: &config, today })
}

pub(crate) fn reviewed(sources: &Sources, measured: &Measured) -> Report {
    with(sources, measured, |evidence| {
        review(evidence, &Terms { today: evidence.today, baseline: None, version: "test" })
    })
}

/// The findings of a rule, each in a line.
pub(crate) fn findings(rule: &str, files: &[(&str, &str)]) -> Vec<String> {
    let report = reviewed(&sources(files), &Measured::default());
    let all = report.findings.iter().filter(|f| f.rule == rule);
    all.map(|f| format!("{} {} {}", f.level, f.primary, f.message)).collect()
}

/// How many findings a rule has.
pub(crate) fn count(rule: &str, files: &[(&str, &str)]) -> usize {
    findings(rule, files).len()
}

pub(crate) const CI: &str = ".github/workflows/ci.yml";

/// A compose file that builds the Dockerfile of its folder.
pub(crate) const HERE: &str = "services:\n  app:\n    build: .\n";

/// A workflow of one job with these steps after its checkout.
pub(crate) fn job(steps: &str) -> String {
    format!(
        "on: push\njobs:\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n{steps}"
    )
}
