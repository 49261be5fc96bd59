//! The report: everything a renderer prints. Renderers compute nothing.

use serde::{Deserialize, Serialize};

use crate::{
    BootReport, Date, Figure, Finding, Gate, ImageReport, Level, Location, MeasuredBuilds,
    SectionScore, ServiceCheck, Verdict,
};

/// The version of the report's form; it grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// A setting of a deployment, as read from a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Setting {
    /// The name: `memory`.
    pub name: String,
    /// The value as it stands in the file.
    pub value: String,
    /// Where.
    pub location: Location,
}

/// A folder of the context with what it adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FolderSize {
    /// The path from the context's root, or the name of a category.
    pub path: String,
    /// Bytes sent.
    pub bytes: u64,
    /// Files sent.
    pub files: u64,
}

/// What is sent to the builder for a service, measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextSummary {
    /// The context's root.
    pub root: String,
    /// The ignore file that holds, where there is one.
    pub ignore_file: Option<String>,
    /// Bytes sent.
    pub bytes: u64,
    /// Files sent.
    pub files: u64,
    /// Bytes sent if there were no ignore file, where that was measured.
    pub unfiltered_bytes: Option<u64>,
    /// Files sent if there were no ignore file, where that was measured.
    pub unfiltered_files: Option<u64>,
    /// Bytes sent by category.
    pub categories: Vec<FolderSize>,
    /// The largest folders that are sent, for the treemap.
    pub folders: Vec<FolderSize>,
    /// The largest files that are sent.
    pub largest: Vec<FolderSize>,
    /// Patterns of the ignore file that decided no path, with their lines; only where
    /// everything was walked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub idle_patterns: Vec<String>,
}

/// A service as it was found: what builds it and what deploys it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceSummary {
    /// The name.
    pub name: String,
    /// The Dockerfile.
    pub dockerfile: Option<String>,
    /// The context's root, where it is known.
    pub context: Option<String>,
    /// Where it is built.
    pub builds: Vec<Location>,
    /// Where it is deployed, with the environment and the settings.
    pub deploys: Vec<DeploySummary>,
    /// What is sent to the builder.
    pub sent: Option<ContextSummary>,
    /// Its builds, where it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_builds: Option<MeasuredBuilds>,
    /// What its image holds, where one was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReport>,
    /// What was tried of its image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<ServiceCheck>,
    /// Its cold starts, a report for each environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boots: Vec<BootReport>,
}

/// One deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeploySummary {
    /// The environment: `production`.
    pub environment: Option<String>,
    /// The platform: `Cloud Run`.
    pub platform: String,
    /// Where.
    pub location: Location,
    /// The settings as read.
    pub settings: Vec<Setting>,
}

/// A figure of a service under its metric's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamedFigure {
    /// The service.
    pub service: String,
    /// The metric's name.
    pub metric: String,
    /// The figure.
    pub figure: Figure,
}

/// A rule that applied and found nothing: good news is said too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PassedRule {
    /// The rule.
    pub rule: String,
    /// What it makes sure of.
    pub summary: String,
    /// How many places it looked at.
    pub subjects: usize,
}

/// Something that could not be followed, said rather than passed over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotAnalysed {
    /// Where.
    pub location: Location,
    /// Why.
    pub reason: String,
}

/// How a check of the validation list came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CheckState {
    /// It was run and passed.
    Passed,
    /// It was run and failed.
    Failed,
    /// It was not run.
    NotRun,
}

/// One line of the validation list: run, not ticked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChecklistItem {
    /// What is checked.
    pub name: String,
    /// How it came out.
    pub state: CheckState,
    /// What was seen, or the command that runs it.
    pub detail: String,
}

/// A sign-off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The version of this form.
    pub schema_version: u32,
    /// The version of Plimsoll that wrote it.
    pub plimsoll_version: String,
    /// The name of the repository.
    pub repository: String,
    /// The day of the review.
    pub date: Date,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, a sentence each, gravest first.
    pub reasons: Vec<String>,
    /// The overall score, 0 to 10; `None` where no rule applied.
    pub score: Option<f64>,
    /// The score of each section.
    pub sections: Vec<SectionScore>,
    /// The services.
    pub services: Vec<ServiceSummary>,
    /// The budgets held against the figures.
    pub gates: Vec<Gate>,
    /// The figures.
    pub figures: Vec<NamedFigure>,
    /// The findings, gravest first.
    pub findings: Vec<Finding>,
    /// The rules that applied and found nothing.
    pub passed: Vec<PassedRule>,
    /// The validation list.
    pub checklist: Vec<ChecklistItem>,
    /// What could not be followed.
    pub not_analysed: Vec<NotAnalysed>,
    /// What to do next, a command or an order each.
    pub next: Vec<String>,
}

impl Report {
    /// The findings that are not waived and weigh as `level` does, overdue ones as blocking.
    pub fn open(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |f| f.waiver.is_none() && f.effective_level() == level)
    }

    /// The findings that a waiver lets through.
    pub fn waived(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.waiver.is_some())
    }
}
