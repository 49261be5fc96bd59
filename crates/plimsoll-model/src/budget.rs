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
    /// The figure beside its budget, as a sentence: `api: context sent is 5 kB, the budget is 1 kB`.
    #[must_use]
    pub fn says(&self) -> String {
        let title = crate::metric(&self.budget.metric).map_or(&*self.budget.metric, |m| m.title);
        let limit = self.figure.unit().show(self.budget.limit);
        format!("{}: {title} is {}, the budget is {limit}", self.service, self.figure)
    }

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
