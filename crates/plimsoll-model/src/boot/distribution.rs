//! What a number of measurements says, and no more.

use serde::{Deserialize, Serialize};

/// A distribution: only what the number of values allows to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Distribution {
    /// The values, sorted.
    pub values: Vec<f64>,
    /// The median.
    pub median: Option<f64>,
    /// Where the median lies with 95 % certainty; it takes six values to say.
    pub interval: Option<(f64, f64)>,
    /// The 95th percentile; it takes 59 values to say.
    pub p95: Option<f64>,
    /// The 99th percentile; it takes 299 values to say.
    pub p99: Option<f64>,
}

impl Distribution {
    /// Sorts values and says what they allow.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let median = crate::median(&values);
        Self { median, values, ..Self::default() }
    }
}
