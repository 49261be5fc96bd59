//! The one registry of metric names.

use crate::{Section, Unit};

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

/// A named quantity that can be measured and budgeted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// The name, as in `plimsoll.toml` and in JSON.
    pub name: &'static str,
    /// The name in a table.
    pub title: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// The section whose coverage it belongs to.
    pub section: Section,
    /// The default limit; `None` where there is none.
    pub default_limit: Option<f64>,
    /// Whether a missing figure keeps the verdict from being proven.
    pub gating: bool,
    /// Whether it is named only where it was measured.
    pub extra: bool,
    /// What it means, exactly.
    pub doc: &'static str,
    /// The command that measures it, as far as this version can; `SERVICE` stands for the service.
    pub command: &'static str,
}

const fn lower(name: &'static str, title: &'static str, unit: Unit, section: Section) -> Metric {
    Metric {
        name,
        title,
        unit,
        better: Better::Lower,
        section,
        default_limit: None,
        gating: false,
        extra: false,
        doc: "",
        command: "",
    }
}

impl Metric {
    const fn limit(mut self, limit: f64) -> Self {
        self.default_limit = Some(limit);
        self.gating = true;
        self
    }

    const fn extra(mut self) -> Self {
        self.extra = true;
        self
    }

    const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    const fn command(mut self, command: &'static str) -> Self {
        self.command = command;
        self
    }

    const fn higher(mut self) -> Self {
        self.better = Better::Higher;
        self
    }
}

/// Every metric, in the order of the report.
pub const METRICS: [Metric; 19] = [
    lower("context.bytes", "context sent", Unit::Bytes, Section::Context)
        .limit(100e6)
        .doc("Bytes of the files that the builder is sent for the service's target stage.")
        .command("plimsoll context"),
    lower("context.files", "context files", Unit::Count, Section::Context)
        .doc("Files that the builder is sent for the service's target stage.")
        .command("plimsoll context"),
    lower("context.unfiltered_bytes", "context without ignore file", Unit::Bytes, Section::Context)
        .doc("Bytes that the same target would be sent if there were no ignore file.")
        .command("plimsoll context"),
    lower("build.cache_hit_ratio", "layer-cache hits", Unit::Ratio, Section::Cache)
        .higher()
        .doc("Share of build steps that need not run with the pipeline's own cache setup, over the last 100 builds of the git history.")
        .command("plimsoll replay"),
    lower("build.cold.seconds", "cold build", Unit::Seconds, Section::Cache)
        .limit(360.0)
        .doc("Time to build the target with an empty cache.")
        .command("plimsoll measure"),
    lower("build.warm.seconds", "build, nothing changed", Unit::Seconds, Section::Cache)
        .extra()
        .doc("Time to build the target again, nothing changed.")
        .command("plimsoll measure"),
    lower("build.changed.seconds", "build, one file changed", Unit::Seconds, Section::Cache)
        .extra()
        .doc("Time to build the target again after a change of the file that changes most often, of those that the image is built from.")
        .command("plimsoll measure"),
    lower("image.bytes", "image size", Unit::Bytes, Section::Image)
        .limit(800e6)
        .doc("Unpacked bytes of the files of all layers of the image.")
        .command("plimsoll measure"),
    lower("image.wasted_bytes", "wasted in the image", Unit::Bytes, Section::Image)
        .extra()
        .doc("Bytes of files that a later layer replaces or deletes: they are pulled and never seen.")
        .command("plimsoll measure"),
    lower("boot.ready.p95", "cold start P95", Unit::Seconds, Section::Runtime)
        .limit(2.0)
        .doc("95th percentile of the time from start to the first successful request, with CPU boost where it is set.")
        .command("plimsoll review --measure --boots 60"),
    lower("boot.first.seconds", "cold start, nothing cached", Unit::Seconds, Section::Runtime)
        .extra()
        .doc("Time from start to the first successful request when the page cache has nothing of the image.")
        .command("plimsoll boot"),
    lower("boot.cpu.seconds", "CPU of a cold start", Unit::Seconds, Section::Runtime)
        .extra()
        .doc("Median of the CPU-seconds that a start takes until its first successful request.")
        .command("plimsoll boot"),
    lower("boot.first_request.seconds", "start to first request", Unit::Seconds, Section::Runtime)
        .limit(3.0)
        .doc("Median time from the start of the container to the first answered request.")
        .command("plimsoll measure"),
    lower("stop.seconds", "stop after SIGTERM", Unit::Seconds, Section::Runtime)
        .extra()
        .doc("Time from SIGTERM to the end of the container's program.")
        .command("plimsoll measure"),
    lower("memory.boot.bytes", "memory after start", Unit::Bytes, Section::Runtime)
        .extra()
        .doc("Working set after a start: what is used, less file pages that can be dropped.")
        .command("plimsoll boot"),
    lower("memory.boot_ratio", "memory after start, of its limit", Unit::Ratio, Section::Runtime)
        .extra()
        .doc("Working set after a start as a share of the memory limit.")
        .command("plimsoll boot"),
    lower("memory.load_ratio", "memory under load", Unit::Ratio, Section::Runtime)
        .limit(0.7)
        .doc("Working set under normal load as a share of the memory limit.")
        .command("docker stats (a later version measures it: plimsoll load)"),
    lower("pipeline.workflow_seconds", "pipeline duration", Unit::Seconds, Section::Workflow)
        .doc("Duration of the deploying workflow.")
        .command("gh run list (a later version records it: plimsoll history)"),
    lower("pipeline.success_ratio", "pipeline success", Unit::Ratio, Section::Workflow)
        .higher()
        .doc("Share of workflow runs that succeed.")
        .command("gh run list (a later version records it: plimsoll history)"),
];

/// Finds a metric by its name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|m| m.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_documented() {
        for (i, m) in METRICS.iter().enumerate() {
            assert!(!m.doc.is_empty() && !m.command.is_empty(), "{}", m.name);
            assert!(METRICS[..i].iter().all(|o| o.name != m.name), "{}", m.name);
            assert_eq!(metric(m.name).map(|m| m.name), Some(m.name));
        }
    }
}
