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
