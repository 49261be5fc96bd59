//! Findings: what a rule has to say.

use serde::{Deserialize, Serialize};

use crate::{Date, Excerpt, Fix, Location};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Nothing ships before it is gone.
    Blocking,
    /// Must go within its time, 30 days by default; then it blocks.
    ShouldFix,
    /// Worth doing.
    Advice,
}

impl Level {
    /// Every level, gravest first.
    pub const ALL: [Self; 3] = [Self::Blocking, Self::ShouldFix, Self::Advice];

    /// The word that is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::ShouldFix => "should-fix",
            Self::Advice => "advice",
        }
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Related {
    /// The place.
    pub location: Location,
    /// What it has to do with the finding: "the context is set here".
    pub label: String,
    /// The lines there.
    pub excerpt: Option<Excerpt>,
}

/// Why a finding is let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waiver {
    /// Where the waiver stands.
    pub location: Location,
    /// The last day it holds; `None` for one without an end (an existing suppression of another tool).
    pub until: Option<Date>,
    /// Why.
    pub reason: String,
}

/// Something a rule found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The rule: `cache/inline-cache-multistage`.
    pub rule: String,
    /// How much it weighs.
    pub level: Level,
    /// The service it concerns, where it is one.
    pub service: Option<String>,
    /// What is wrong, in one line.
    pub message: String,
    /// What it says right at the primary location: "exports only the final stage".
    pub label: String,
    /// Where.
    pub primary: Location,
    /// The lines there.
    pub excerpt: Option<Excerpt>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// What it rests on: figures and facts, a sentence each.
    pub evidence: Vec<String>,
    /// What happens because of it.
    pub consequence: String,
    /// What to do.
    pub remedy: String,
    /// The remedy as edits, where it is mechanical.
    pub fix: Option<Fix>,
    /// Names the finding across runs: it survives moved lines.
    pub fingerprint: String,
    /// The first day it was seen, from a baseline; today otherwise.
    pub first_seen: Option<Date>,
    /// For should-fix: the last day before it blocks.
    pub due: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
    /// Why it is let through, where it is.
    pub waiver: Option<Waiver>,
}

impl Finding {
    /// The level that counts: an overdue should-fix blocks.
    #[must_use]
    pub fn effective_level(&self) -> Level {
        if self.overdue { Level::Blocking } else { self.level }
    }
}
