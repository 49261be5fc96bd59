//! Figures: measured, derived from measured ones, or not measured. There is no estimate.

use serde::{Deserialize, Serialize};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Things: files, layers, requests.
    Count,
    /// A share between 0 and 1.
    Ratio,
}

impl Unit {
    /// Prints a value of this unit for people.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Bytes => crate::bytes(value),
            Self::Seconds => crate::seconds(value),
            Self::Count => crate::count(value),
            Self::Ratio => format!("{:.1} %", value * 100.0),
        }
    }
}

/// Where a measured figure comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// How it was measured.
    pub method: String,
    /// What was measured.
    pub subject: String,
}

impl Provenance {
    /// Names a method and its subject.
    #[must_use]
    pub fn new(method: impl Into<String>, subject: impl Into<String>) -> Self {
        Self { method: method.into(), subject: subject.into() }
    }
}

/// A number, or the reason why there is none.
///
/// Only [`Figure::measured`] makes a value from a number, and only the combinators make one
/// figure from others, so every value leads back to a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Figure {
    /// Measured on something real.
    #[non_exhaustive]
    Measured {
        /// The median of the samples.
        value: f64,
        /// What the value counts.
        unit: Unit,
        /// How many samples it rests on.
        samples: u32,
        /// Where it comes from.
        provenance: Provenance,
        /// What the reader must know to trust it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        caveats: Vec<String>,
    },
    /// Computed from other figures.
    #[non_exhaustive]
    Derived {
        /// The result.
        value: f64,
        /// What the value counts.
        unit: Unit,
        /// How it was computed, in words.
        formula: String,
        /// Where its inputs come from.
        inputs: Vec<Provenance>,
    },
    /// Not measured, and how to measure it.
    #[non_exhaustive]
    NotMeasured {
        /// What the value would count.
        unit: Unit,
        /// What is missing.
        missing: String,
        /// The command that measures it.
        command: String,
    },
}

impl Figure {
    /// A figure that was measured once.
    #[must_use]
    pub fn measured(value: f64, unit: Unit, provenance: Provenance) -> Self {
        Self::Measured { value, unit, samples: 1, provenance, caveats: Vec::new() }
    }

    /// A gap, with the command that closes it.
    #[must_use]
    pub fn not_measured(
        unit: Unit,
        missing: impl Into<String>,
        command: impl Into<String>,
    ) -> Self {
        Self::NotMeasured { unit, missing: missing.into(), command: command.into() }
    }

    /// Says how many samples a measured figure rests on.
    #[must_use]
    pub fn with_samples(mut self, count: u32) -> Self {
        if let Self::Measured { samples, .. } = &mut self {
            *samples = count;
        }
        self
    }

    /// Adds something the reader must know; a gap has no caveats and stays as it is.
    #[must_use]
    pub fn with_caveat(mut self, caveat: impl Into<String>) -> Self {
        if let Self::Measured { caveats, .. } = &mut self {
            caveats.push(caveat.into());
        }
        self
    }

    /// The value, where there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Measured { value, .. } | Self::Derived { value, .. } => Some(*value),
            Self::NotMeasured { .. } => None,
        }
    }

    /// What the value counts.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Measured { unit, .. }
            | Self::Derived { unit, .. }
            | Self::NotMeasured { unit, .. } => *unit,
        }
    }

    /// This figure as a share of another, or the first gap among the two.
    #[must_use]
    pub fn ratio(&self, whole: &Self) -> Self {
        self.combine(whole, Unit::Ratio, "a / b", |a, b| if b == 0.0 { 0.0 } else { a / b })
    }

    /// The difference of two figures of one unit, or the first gap among them.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.combine(other, self.unit(), "a - b", |a, b| a - b)
    }

    fn combine(
        &self,
        other: &Self,
        unit: Unit,
        formula: &str,
        f: impl Fn(f64, f64) -> f64,
    ) -> Self {
        match (self.value(), other.value()) {
            (Some(a), Some(b)) => Self::Derived {
                value: f(a, b),
                unit,
                formula: formula.to_owned(),
                inputs: self.provenance().into_iter().chain(other.provenance()).collect(),
            },
            (None, _) => self.clone(),
            (_, None) => other.clone(),
        }
    }

    fn provenance(&self) -> Vec<Provenance> {
        match self {
            Self::Measured { provenance, .. } => vec![provenance.clone()],
            Self::Derived { inputs, .. } => inputs.clone(),
            Self::NotMeasured { .. } => Vec::new(),
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value() {
            Some(value) => f.pad(&self.unit().show(value)),
            None => f.pad("not measured"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_is_a_gap_out() {
        let sent = Figure::measured(50.0, Unit::Bytes, Provenance::new("walk", "api"));
        let all = Figure::measured(200.0, Unit::Bytes, Provenance::new("walk", "api"));
        let gap = Figure::not_measured(Unit::Bytes, "not walked", "plimsoll context");
        assert_eq!(sent.ratio(&all).value(), Some(0.25));
        assert_eq!(sent.ratio(&all).to_string(), "25.0 %");
        assert_eq!(sent.ratio(&gap), gap);
        assert_eq!(gap.minus(&sent), gap);
    }

    #[test]
    fn figures_round_trip_through_json() {
        let figure = Figure::measured(0.5, Unit::Seconds, Provenance::new("boot", "api"))
            .with_caveat("noisy host");
        let text = serde_json::to_string(&figure).unwrap();
        assert_eq!(serde_json::from_str::<Figure>(&text).unwrap(), figure);
    }
}
