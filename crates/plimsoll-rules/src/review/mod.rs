//! From evidence to a report: runs the rules, applies waivers and due dates, scores, judges.

mod budgets;
mod checklist;
mod excerpt;
mod fingerprint;
mod runner;
mod score;
mod summary;
mod suppressions;
mod waiver;

use std::collections::BTreeMap;

use plimsoll_model::{
    BootReport, ContextSummary, Date, ImageReport, MeasuredBuilds, NamedFigure, ReplayReport,
    Report, ServiceCheck, Sources,
};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::discover::Discovery;
use crate::repo::Repo;

pub(crate) use budgets::limit;

/// What was measured, by the name of the service.
///
/// A run keeps it as JSON: a new field is added with its default, so that older records are read.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// What is sent to the builder.
    pub contexts: BTreeMap<String, ContextSummary>,
    /// Today's Dockerfile and ignore file over the builds of the git history.
    pub replays: BTreeMap<String, ReplayReport>,
    /// The builds.
    pub builds: BTreeMap<String, MeasuredBuilds>,
    /// What the images hold.
    pub images: BTreeMap<String, ImageReport>,
    /// What was tried of the images.
    pub checks: BTreeMap<String, Vec<ServiceCheck>>,
    /// Their cold starts, a report for each environment.
    pub boots: BTreeMap<String, Vec<BootReport>>,
    /// The figures, measured or not.
    pub figures: Vec<NamedFigure>,
}

/// What a review is told besides its evidence.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The day of the review.
    pub today: Date,
    /// An earlier report: findings it has keep the day they were first seen.
    pub baseline: Option<&'a Report>,
    /// The version of Plimsoll.
    pub version: &'a str,
}

/// The evidence as rules see it.
#[derive(Clone, Copy)]
pub struct Review<'a> {
    /// What was read.
    pub sources: &'a Sources,
    /// The same, parsed.
    pub repo: &'a Repo,
    /// What was found and linked.
    pub found: &'a Discovery,
    /// What was measured.
    pub measured: &'a Measured,
    /// What `plimsoll.toml` says.
    pub config: &'a Config,
    /// The day of the review.
    pub today: Date,
}

/// Reviews the evidence: a pure function, so anybody can recompute the verdict.
#[must_use]
pub fn review(evidence: &Review<'_>, terms: &Terms<'_>) -> Report {
    runner::run(evidence, terms)
}

/// The location of a place.
#[must_use]
pub(crate) fn locate(sources: &Sources, place: &crate::repo::Place) -> plimsoll_model::Location {
    excerpt::Locator::new(sources).location(place)
}
