//! What a number of measurements says, and no more.

use serde::{Deserialize, Serialize};

use crate::comparison::{interval, rank};

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
    /// What the 95th percentile does not exceed, with 95 % certainty.
    pub p95_at_most: Option<f64>,
    /// The 99th percentile; it takes 299 values to say.
    pub p99: Option<f64>,
    /// What the 99th percentile does not exceed, with 95 % certainty.
    pub p99_at_most: Option<f64>,
}

impl Distribution {
    /// Sorts values and says what they allow; what is no number is left out.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.retain(|value| !value.is_nan());
        values.sort_by(f64::total_cmp);
        let (p95, p95_at_most) = percentile(&values, 95).unzip();
        let (p99, p99_at_most) = percentile(&values, 99).unzip();
        let (median, interval) = (crate::median(&values), interval(&values));
        Self { median, interval, p95, p95_at_most, p99, p99_at_most, values }
    }

    /// The least.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        self.values.first().copied()
    }

    /// The most.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.values.last().copied()
    }

    /// What may be said of the slow ones: `P95 1.92 s (at most 2.10 s)`, `max of 20: 1.80 s`.
    #[must_use]
    pub fn tail(&self, show: impl Fn(f64) -> String) -> Option<String> {
        let said = |name: &str, value: Option<f64>, bound: Option<f64>| {
            value
                .zip(bound)
                .map(|(value, bound)| format!("{name} {} (at most {})", show(value), show(bound)))
        };
        let percentiles =
            [said("P95", self.p95, self.p95_at_most), said("P99", self.p99, self.p99_at_most)];
        let said: Vec<String> = percentiles.into_iter().flatten().collect();
        if !said.is_empty() {
            return Some(said.join(", "));
        }
        let most = show(self.max()?);
        Some(match self.values.len() {
            1 => format!("one value: {most}"),
            values => format!("max of {values}: {most}"),
        })
    }
}

/// A percentile of sorted values and its upper bound, where there are enough for a bound.
fn percentile(sorted: &[f64], percent: usize) -> Option<(f64, f64)> {
    let count = sorted.len();
    let above = rank(count, (100 - percent) as f64 / 100.0, 0.05)?;
    let at = (count * percent).div_ceil(100).checked_sub(1)?;
    Some((*sorted.get(at)?, *sorted.get(count - 1 - above)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up_to(count: u32) -> Distribution {
        Distribution::of((1..=count).rev().map(f64::from).collect())
    }

    #[test]
    fn each_figure_takes_its_number_of_values() {
        assert_eq!(up_to(0), Distribution::default());
        assert_eq!((up_to(5).interval, up_to(6).interval), (None, Some((1.0, 6.0))));
        assert_eq!((up_to(58).p95, up_to(59).p95), (None, Some(57.0)));
        assert_eq!((up_to(298).p99, up_to(299).p99), (None, Some(297.0)));
        assert_eq!(up_to(59).p95_at_most, Some(59.0));
        // As tables of order statistics have it.
        assert_eq!((up_to(93).p95_at_most, up_to(100).p95_at_most), (Some(92.0), Some(99.0)));
    }

    #[test]
    fn the_tail_is_what_may_be_said() {
        let show = |value: f64| crate::seconds(value / 10.0);
        let tail = |count| up_to(count).tail(show);
        assert_eq!(tail(0), None);
        assert_eq!(tail(1).unwrap(), "one value: 100 ms");
        assert_eq!(tail(20).unwrap(), "max of 20: 2.00 s");
        assert_eq!(tail(59).unwrap(), "P95 5.70 s (at most 5.90 s)");
        assert_eq!(tail(300).unwrap(), "P95 28.5 s (at most 29.2 s), P99 29.7 s (at most 30.0 s)");
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let odd = Distribution::of(vec![f64::NAN, 2.0, -1.0, f64::INFINITY, -f64::NAN]);
        assert_eq!(
            (odd.min(), odd.median, odd.max()),
            (Some(-1.0), Some(2.0), Some(f64::INFINITY))
        );
    }
}
