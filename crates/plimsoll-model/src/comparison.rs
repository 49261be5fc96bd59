//! Times of two revisions, measured in turns, and what can be said of their difference.

use serde::{Deserialize, Serialize};

use crate::{BootReport, ImageComparison, MeasuredBuilds, NamedFigure, ServiceCheck};

/// What was measured of a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MeasuredService {
    /// The service.
    pub service: String,
    /// Its builds.
    pub builds: Option<MeasuredBuilds>,
    /// What its image holds.
    pub image: Option<crate::ImageReport>,
    /// What was tried of its image.
    pub checks: Vec<ServiceCheck>,
    /// Its cold starts.
    pub boots: Vec<BootReport>,
    /// The figures, and the gaps.
    pub figures: Vec<NamedFigure>,
}

/// A time that was measured for two revisions in turns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComparedTime {
    /// Seconds before, one a round.
    pub before: Vec<f64>,
    /// Seconds after, one a round.
    pub after: Vec<f64>,
    /// The median of the differences of each round, after minus before.
    pub difference: Option<f64>,
    /// Where that median lies with 95 % certainty; it takes six rounds to say.
    pub interval: Option<(f64, f64)>,
}

impl ComparedTime {
    /// Compares the rounds pair by pair.
    #[must_use]
    pub fn of(before: Vec<f64>, after: Vec<f64>) -> Self {
        let mut differences: Vec<f64> = before.iter().zip(&after).map(|(a, b)| b - a).collect();
        differences.sort_by(f64::total_cmp);
        let (difference, interval) = (median(&differences), interval(&differences));
        Self { before, after, difference, interval }
    }

    /// Whether there is a difference: nought lies outside of the interval.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// The middle of sorted values.
#[must_use]
pub fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// Where the median of what sorted values were drawn from lies with at least 95 % certainty,
/// whatever it was: between two of them that are as far apart as the binomial distribution asks.
#[must_use]
pub(crate) fn interval(sorted: &[f64]) -> Option<(f64, f64)> {
    let left = rank(sorted.len(), 0.5, 0.025)?;
    Some((*sorted.get(left)?, *sorted.get(sorted.len() - 1 - left)?))
}

/// The highest number of draws, of `count`, that have something which this share of all has only
/// with at most this chance, so few of them or fewer; none where even nought is likelier than that.
#[must_use]
pub(crate) fn rank(count: usize, share: f64, at_most: f64) -> Option<usize> {
    // Logarithms: the chance of none of a thousand draws is less than a float can hold.
    let odds = (share / (1.0 - share)).ln();
    let mut chance = count as f64 * (1.0 - share).ln();
    let mut so_far = 0.0;
    let mut rank = None;
    for few in 0..count {
        so_far += chance.exp();
        if so_far > at_most {
            break;
        }
        rank = Some(few);
        chance += odds + ((count - few) as f64 / (few + 1) as f64).ln();
    }
    rank
}

/// A step of the builds of two revisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComparedStep {
    /// The stage, `""` where there is only one.
    pub stage: String,
    /// The instruction.
    pub command: String,
    /// Its times; one that only one revision has, has those alone.
    pub time: ComparedTime,
}

/// A service in two revisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ComparedService {
    /// The service.
    pub service: String,
    /// Builds without cache.
    pub build: ComparedTime,
    /// Their steps.
    pub steps: Vec<ComparedStep>,
    /// The images.
    pub image: Option<ImageComparison>,
    /// Why there is nothing to compare.
    pub error: Option<String>,
}

/// Two revisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct MeasureComparison {
    /// The version of this form.
    pub schema_version: u32,
    /// The revision that the working tree is held against, and its commit.
    pub against: String,
    /// How often each was built.
    pub rounds: u32,
    /// The services.
    pub services: Vec<ComparedService>,
}

/// The version of the forms of this module.
pub const MEASURE_SCHEMA_VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_takes_six_values() {
        let values: Vec<f64> = (1..=30).map(f64::from).collect();
        // As tables of the sign test have them.
        for (count, wanted) in
            [(5, None), (6, Some((1.0, 6.0))), (9, Some((2.0, 8.0))), (30, Some((10.0, 21.0)))]
        {
            assert_eq!(interval(&values[..count]), wanted, "{count}");
        }
        assert_eq!(
            (median(&[]), median(&[1.0, 3.0]), median(&[1.0, 2.0, 9.0])),
            (None, Some(2.0), Some(2.0))
        );
        let many: Vec<f64> = (1..=2000).map(f64::from).collect();
        assert_eq!(interval(&many), Some((956.0, 1045.0)));
    }

    #[test]
    fn a_difference_is_one_that_noise_does_not_explain() {
        let slower = ComparedTime::of(vec![1.0; 6], vec![1.5, 1.4, 1.6, 1.5, 1.7, 1.5]);
        assert!(slower.differs() && (slower.difference.unwrap() - 0.5).abs() < 1e-9);
        let noise = ComparedTime::of(vec![1.0; 6], vec![0.9, 1.1, 1.0, 0.8, 1.2, 1.0]);
        assert!(!noise.differs());
        assert!(!ComparedTime::of(vec![1.0; 5], vec![2.0; 5]).differs());
    }
}
