//! Budgets: limits on metrics, and the gates they make.

use serde::{Deserialize, Serialize};

use crate::{Better, Figure, Location, Metric};

/// Who set a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BudgetSource {
    /// A default of Plimsoll.
    Default,
    /// A line of `plimsoll.toml`.
    Config(Location),
}

/// A limit on a metric for one service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Budget {
    /// The metric's name.
    pub metric: String,
    /// The value that must not be passed.
    pub limit: f64,
    /// Who set it.
    pub source: BudgetSource,
}

/// Whether a figure keeps to its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum GateState {
    /// Within the budget.
    Passed,
    /// Beyond the budget.
    Failed,
    /// There is no figure to hold against the budget.
    NotMeasured,
}

/// A budget held against a figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gate {
    /// The service.
    pub service: String,
    /// The budget.
    pub budget: Budget,
    /// The figure.
    pub figure: Figure,
    /// How it came out.
    pub state: GateState,
}

impl Gate {
    /// Holds a figure against a budget.
    #[must_use]
    pub fn new(
        service: impl Into<String>,
        metric: &Metric,
        budget: Budget,
        figure: Figure,
    ) -> Self {
        let within = |value: f64| match metric.better {
            Better::Lower => value <= budget.limit,
            Better::Higher => value >= budget.limit,
        };
        let state = match figure.value() {
            None => GateState::NotMeasured,
            Some(value) if within(value) => GateState::Passed,
            Some(_) => GateState::Failed,
        };
        Self { service: service.into(), budget, figure, state }
    }
}
