//! The sections of a report, in the order a reader meets them.

use serde::{Deserialize, Serialize};

/// A part of the delivery pipeline; the first half of every rule's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Section {
    /// The Dockerfile as a program: does BuildKit take it, and is it what was meant.
    Dockerfile,
    /// What is sent to the builder.
    Context,
    /// What the application installs, and from where.
    Dependencies,
    /// What a build reuses.
    Cache,
    /// What is left in the image.
    Image,
    /// Users, secrets, unpinned inputs, least privilege.
    Security,
    /// The workflows that build and deploy.
    Workflow,
    /// Identity of what is deployed, traffic, checks and rollback.
    Deploy,
    /// How the service runs: CPU, memory, probes, ports, signals.
    Runtime,
    /// Plimsoll's own settings and waivers.
    Config,
}

impl Section {
    /// Every section, in the order of the report.
    pub const ALL: [Self; 10] = [
        Self::Dockerfile,
        Self::Context,
        Self::Dependencies,
        Self::Cache,
        Self::Image,
        Self::Security,
        Self::Workflow,
        Self::Deploy,
        Self::Runtime,
        Self::Config,
    ];

    /// The name as it stands in a rule's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dockerfile => "dockerfile",
            Self::Context => "context",
            Self::Dependencies => "dependencies",
            Self::Cache => "cache",
            Self::Image => "image",
            Self::Security => "security",
            Self::Workflow => "workflow",
            Self::Deploy => "deploy",
            Self::Runtime => "runtime",
            Self::Config => "config",
        }
    }

    /// The heading in a document.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Dockerfile => "Dockerfile",
            Self::Context => "Build context",
            Self::Dependencies => "Dependencies",
            Self::Cache => "Build cache",
            Self::Image => "Image",
            Self::Security => "Security",
            Self::Workflow => "Workflows",
            Self::Deploy => "Deployment",
            Self::Runtime => "Runtime",
            Self::Config => "Configuration",
        }
    }
}

/// The score of one section, 0 to 10, with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SectionScore {
    /// The section.
    pub section: Section,
    /// 0 to 10; `None` where no rule of the section applied.
    pub score: Option<f64>,
    /// How many rules of the section applied.
    pub rules_applied: usize,
    /// How many of its figures were measured, and how many there are.
    pub figures_measured: usize,
    /// How many figures belong to the section.
    pub figures_total: usize,
    /// Open findings by level: blocking, should-fix, advice.
    pub open: [usize; 3],
}
