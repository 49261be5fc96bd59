//! What pairs of measurements say of the difference of two things.

use serde::{Deserialize, Serialize};

/// A relative difference, from pairs measured next to each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PairedDifference {
    /// How many pairs.
    pub pairs: u32,
    /// The median of the values of the one that is judged.
    pub subject: Option<f64>,
    /// The median of the values of the one it is held against.
    pub against: Option<f64>,
    /// The difference, as a share: 0.08 is 8 % more.
    pub difference: Option<f64>,
    /// Where it lies with 95 % certainty; it takes six pairs to say.
    pub interval: Option<(f64, f64)>,
    /// The smallest difference that would have been found in four of five tries.
    pub could_have_seen: Option<f64>,
}

impl PairedDifference {
    /// Whether there is a difference: nought lies outside of the interval.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}
