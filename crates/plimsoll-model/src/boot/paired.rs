//! What pairs of measurements say of the difference of two things.

use serde::{Deserialize, Serialize};

use super::swaps;
use crate::median;

/// A relative difference, from pairs measured next to each other.
///
/// ```
/// use plimsoll_model::PairedDifference;
///
/// let old = [1.00, 1.30, 0.90, 1.10, 1.00, 1.20, 0.95, 1.05];
/// let new = [1.21, 1.52, 1.10, 1.29, 1.18, 1.50, 1.12, 1.27];
/// let said = PairedDifference::of(&new, &old);
/// assert!(said.differs());
/// assert!((said.difference.unwrap() - 0.20).abs() < 0.01);
/// ```
///
/// Which of a pair is measured first must be left to chance ([`Random`](crate::Random)). Then, where
/// there is no difference, each pair could as well have come out the other way round, whatever
/// the noise is like and however it drifts. All such swaps are what the interval is made of: it
/// holds the differences that they cannot tell from none, by the ranks of all values. The difference
/// is the median of all log ratios between one value of each side (Hodges and Lehmann): the few
/// starts in which the machine was twice as fast do not spoil those next to them. Nothing is
/// resampled, so nothing depends on a seed.
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

/// How much more than half of the interval a difference must be to be found in four of five tries.
/// By the normal distribution 1.43; the rest is for heavy tails, seen in simulations.
const SEEN: f64 = 1.5;

impl PairedDifference {
    /// Compares two things by what was measured of them in turns: the values at one place are a
    /// pair. A pair of which one is not a number above nought is left out.
    #[must_use]
    pub fn of(subject: &[f64], against: &[f64]) -> Self {
        let good = |value: f64| value.is_finite() && value > 0.0;
        let both = subject.iter().copied().zip(against.iter().copied());
        let pairs: Vec<(f64, f64)> = both.filter(|(a, b)| good(*a) && good(*b)).collect();
        let (ones, others): (Vec<f64>, Vec<f64>) =
            pairs.iter().map(|(a, b)| (a.ln(), b.ln())).unzip();
        let logs = swaps::interval(&ones, &others);
        Self {
            pairs: u32::try_from(pairs.len()).unwrap_or(u32::MAX),
            subject: middle(pairs.iter().map(|pair| pair.0)),
            against: middle(pairs.iter().map(|pair| pair.1)),
            difference: swaps::distance(&ones, &others).map(f64::exp_m1),
            interval: logs.map(|(low, high)| (low.exp_m1(), high.exp_m1())),
            could_have_seen: logs.map(|(low, high)| (SEEN * (high - low) / 2.0).exp_m1()),
        }
    }

    /// Whether there is a difference: nought lies outside of the interval.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }
}

fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    median(&sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_takes_six_pairs() {
        let (five, six) = (
            PairedDifference::of(&[1.1; 5], &[1.0; 5]),
            PairedDifference::of(&[1.1; 6], &[1.0; 6]),
        );
        assert!(five.interval.is_none() && five.could_have_seen.is_none() && !five.differs());
        assert!((five.difference.unwrap() - 0.1).abs() < 1e-9);
        assert!(six.differs() && six.pairs == 6);
        assert_eq!(six.could_have_seen, Some(0.0));
    }

    #[test]
    fn what_cannot_be_a_measurement_is_left_out() {
        let odd = [0.0, -1.0, f64::NAN, f64::INFINITY, 1.0, 1.0];
        let said = PairedDifference::of(&odd, &[1.0, 1.0, 1.0, 1.0, 0.0, 2.0]);
        assert_eq!((said.pairs, said.difference), (1, Some(-0.5)));
        assert_eq!(PairedDifference::of(&[], &[1.0]), PairedDifference::default());
        assert_eq!(PairedDifference::of(&[0.0; 9], &[0.0; 9]).difference, None);
    }

    #[test]
    fn the_other_way_round_is_the_same_answer() {
        let (a, b) = ([1.0, 2.0, 3.0, 1.5, 2.5, 1.2, 0.9], [1.3, 1.8, 3.5, 1.4, 3.1, 1.9, 1.1]);
        let (one, other) = (PairedDifference::of(&a, &b), PairedDifference::of(&b, &a));
        let (low, high) = one.interval.unwrap();
        let (from, to) = other.interval.unwrap();
        assert!(((1.0 + low) * (1.0 + to) - 1.0).abs() < 1e-9);
        assert!(((1.0 + high) * (1.0 + from) - 1.0).abs() < 1e-9);
    }
}
