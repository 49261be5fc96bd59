//! Scores: a documented formula over the findings that are open.
//!
//! A section starts at 10. Each rule with open findings costs its level (blocking 5,
//! should-fix 2, advice 0.5), plus a fifth of that for each further finding, at most twice
//! its level. A failed gate costs as much as a blocking rule. The overall score is the mean
//! of the sections that apply, and at most 4.9 while anything blocks: a service that may
//! not ship never looks like one that may. See `docs/concepts/scores.md`.

use std::collections::BTreeMap;

use plimsoll_model::{
    Finding, Gate, GateState, Level, METRICS, NamedFigure, Section, SectionScore, metric,
};

/// The cost of one rule at a level.
fn cost(level: Level) -> f64 {
    match level {
        Level::Blocking => 5.0,
        Level::ShouldFix => 2.0,
        Level::Advice => 0.5,
    }
}

/// What the score of a section is made from.
pub(crate) struct Inputs<'a> {
    pub(crate) findings: &'a [Finding],
    pub(crate) gates: &'a [Gate],
    pub(crate) figures: &'a [NamedFigure],
    /// Rules that applied, by section.
    pub(crate) applied: &'a BTreeMap<Section, usize>,
}

/// Scores every section.
pub(crate) fn sections(inputs: &Inputs<'_>) -> Vec<SectionScore> {
    Section::ALL.iter().map(|s| section(*s, inputs)).collect()
}

fn section(section: Section, inputs: &Inputs<'_>) -> SectionScore {
    let open =
        || inputs.findings.iter().filter(|f| f.waiver.is_none() && belongs(&f.rule, section));
    let mut by_rule: BTreeMap<(&str, Level), usize> = BTreeMap::new();
    let mut by_level = [0; 3];
    for finding in open() {
        *by_rule.entry((&finding.rule, finding.effective_level())).or_default() += 1;
        by_level[finding.effective_level() as usize] += 1;
    }
    let penalty = |(level, n): (Level, usize)| cost(level) * (1.0 + 0.2 * (n - 1) as f64).min(2.0);
    let lost: f64 = by_rule.into_iter().map(|((_, level), n)| penalty((level, n))).sum();
    let metric_here = |name: &str| metric(name).is_some_and(|m| m.section == section);
    let failed = inputs
        .gates
        .iter()
        .filter(|g| g.state == GateState::Failed && metric_here(&g.budget.metric));
    let lost = lost + cost(Level::Blocking) * failed.count() as f64;
    let here = || inputs.figures.iter().filter(|f| metric_here(&f.metric));
    let measured = here().filter(|f| f.figure.value().is_some()).count();
    let rules_applied = inputs.applied.get(&section).copied().unwrap_or(0);
    SectionScore {
        section,
        score: (rules_applied > 0 || measured > 0).then(|| round((10.0 - lost).max(0.0))),
        rules_applied,
        figures_measured: measured,
        figures_total: here().count(),
        open: by_level,
    }
}

fn belongs(rule: &str, section: Section) -> bool {
    rule.split('/').next() == Some(section.as_str())
}

/// The mean of the sections that apply, held under 5 while anything blocks.
pub(crate) fn overall(sections: &[SectionScore], blocked: bool) -> Option<f64> {
    let scores: Vec<f64> = sections.iter().filter_map(|s| s.score).collect();
    if scores.is_empty() {
        return None;
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    Some(round(if blocked { mean.min(4.9) } else { mean }))
}

fn round(score: f64) -> f64 {
    (score * 10.0).round() / 10.0
}

/// The metrics of a service that the report always names, measured or not.
pub(crate) fn expected_metrics() -> impl Iterator<Item = &'static plimsoll_model::Metric> {
    METRICS.iter().filter(|metric| !metric.extra)
}
