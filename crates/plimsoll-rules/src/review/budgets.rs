//! Budgets held against figures.

use std::collections::BTreeMap;

use plimsoll_model::{Budget, BudgetSource, Figure, Gate, Metric, NamedFigure};

use super::Review;
use super::excerpt::Locator;
use super::score::expected_metrics;
use crate::discover::Service;
use crate::repo::Fact;

/// Why there is no figure where nobody tried to measure it.
pub(crate) const NOT_TRIED: &str = "not in this run";

/// Every figure the report names for every service: what was measured, and a gap for the rest.
/// Some are named only where they were measured.
pub(crate) fn figures(review: &Review<'_>) -> Vec<NamedFigure> {
    let key = |f: &'_ NamedFigure| (f.service.clone(), f.metric.clone());
    let measured: BTreeMap<(String, String), &NamedFigure> =
        review.measured.figures.iter().map(|f| (key(f), f)).collect();
    let services = review.found.services.iter();
    let wanted = services.flat_map(|s| expected_metrics().map(move |m| (s, m)));
    let figure = |(service, metric): (&Service, &Metric)| {
        let key = (service.name.clone(), metric.name.to_owned());
        measured.get(&key).copied().cloned().unwrap_or_else(|| missing(key, metric))
    };
    let extra =
        review.measured.figures.iter().filter(|figure| {
            plimsoll_model::metric(&figure.metric).is_some_and(|metric| metric.extra)
        });
    wanted.map(figure).chain(extra.cloned()).collect()
}

fn missing((service, name): (String, String), metric: &Metric) -> NamedFigure {
    NamedFigure {
        service,
        metric: name,
        figure: Figure::not_measured(metric.unit, NOT_TRIED, metric.command),
    }
}

/// The gates of every service: budgets of the service, of `plimsoll.toml`, or the defaults.
pub(crate) fn gates(
    review: &Review<'_>,
    figures: &[NamedFigure],
    locator: &mut Locator<'_>,
) -> Vec<Gate> {
    let mut gates = Vec::new();
    for figure in figures {
        let Some(metric) = plimsoll_model::metric(&figure.metric) else { continue };
        let Some(budget) = budget(review, &figure.service, metric, locator) else { continue };
        gates.push(Gate::new(&*figure.service, metric, budget, figure.figure.clone()));
    }
    gates
}

/// What `plimsoll.toml` limits a metric of a service to.
fn set<'r>(review: &Review<'r>, service: &str, metric: &Metric) -> Option<&'r Fact<f64>> {
    let own =
        review.config.services.iter().filter(|s| s.name.value == service).flat_map(|s| &s.budgets);
    let mut all = own.chain(&review.config.budgets);
    all.find(|(name, _)| name == metric.name).map(|(_, limit)| limit)
}

/// The limit of a metric of a service: that of `plimsoll.toml`, else the default.
pub(crate) fn limit(review: &Review<'_>, service: &str, metric: &str) -> Option<f64> {
    let metric = plimsoll_model::metric(metric)?;
    set(review, service, metric).map(|limit| limit.value).or(metric.default_limit)
}

fn budget(
    review: &Review<'_>,
    service: &str,
    metric: &Metric,
    locator: &mut Locator<'_>,
) -> Option<Budget> {
    let (limit, source) = match set(review, service, metric) {
        Some(limit) => (limit.value, BudgetSource::Config(locator.location(&limit.at))),
        None => (metric.default_limit?, BudgetSource::Default),
    };
    Some(Budget { metric: metric.name.to_owned(), limit, source })
}
