//! What CPU boost changes, and what it costs.

use serde::{Deserialize, Serialize};

use super::{Boot, PairedDifference, compared::paired};
use crate::{change, dollars, seconds, share};

/// What CPU boost changes, measured in turns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct BootBoost {
    /// Processors while it starts.
    pub cpus: f64,
    /// Whether the settings ask for it.
    pub is_set: bool,
    /// For how many seconds after it is ready the platform leaves it, and bills it.
    pub tail: f64,
    /// Starts with it, each the pair of the start in [`BootReport::boots`](super::BootReport::boots) at its place.
    pub boots: Vec<Boot>,
    /// Times to the first good answer: boosted against not.
    pub ready: PairedDifference,
    /// vCPU-seconds that one start is billed more.
    pub billed: Option<f64>,
    /// What they cost, in US dollars, and the day of the price list.
    pub cost: Option<(f64, String)>,
}

/// What a platform's CPU boost is.
#[derive(Clone, Debug, PartialEq)]
pub struct BoostTerms {
    /// Processors without it.
    pub from: f64,
    /// Processors with it.
    pub to: f64,
    /// Whether the settings ask for it.
    pub is_set: bool,
    /// For how many seconds after a start it stays, and is billed.
    pub tail: f64,
    /// US dollars a vCPU-second, and the day of the price list.
    pub price: Option<(f64, String)>,
}

impl BootBoost {
    /// Holds boosted starts against those that were made in turns with them.
    #[must_use]
    pub fn of(boots: &[Boot], boosted: Vec<Boot>, terms: BoostTerms) -> Self {
        let ready = paired(&boosted, boots, |boot| boot.ready);
        let (from, to, tail) = (terms.from, terms.to, terms.tail);
        let medians = ready.subject.zip(ready.against);
        let billed = medians.map(|(with, without)| to * (with + tail) - from * (without + tail));
        let cost = billed.zip(terms.price).map(|(billed, (price, day))| (billed * price, day));
        Self { cpus: to, is_set: terms.is_set, tail, boots: boosted, ready, billed, cost }
    }

    /// Whether it pays, in words: `boost saves 1.03 s (−51 %; −53 % to −49 %) and costs $0.00051 a cold start`.
    #[must_use]
    pub fn pays(&self) -> String {
        format!("{}{}", self.saves(), self.costs())
    }

    fn saves(&self) -> String {
        let ready = &self.ready;
        let Some(((low, high), difference)) = ready.interval.zip(ready.difference) else {
            return "what boost saves takes six pairs to say".to_owned();
        };
        let certain = format!("{} to {}", change(low), change(high));
        let saved =
            ready.against.map_or_else(String::new, |time| seconds((time * difference).abs()));
        match ready.could_have_seen {
            _ if ready.differs() && difference < 0.0 => {
                format!("boost saves {saved} ({}; {certain})", change(difference))
            }
            _ if ready.differs() => {
                format!("boost makes it {saved} slower ({}; {certain})", change(difference))
            }
            seen => {
                let seen = seen
                    .map_or_else(String::new, |s| format!("; {} could have been seen", share(s)));
                format!("boost saves 0 ms: no difference found ({certain}{seen})")
            }
        }
    }

    fn costs(&self) -> String {
        match (&self.cost, self.billed) {
            (Some((cost, _)), _) if *cost < 0.0 => {
                format!(", and each cold start costs {} less", dollars(-cost))
            }
            (Some((cost, _)), _) => format!(", and costs {} a cold start", dollars(*cost)),
            (None, Some(billed)) => {
                format!(", and is billed {billed:.1} vCPU-seconds a cold start")
            }
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BootOutcome;

    fn boots(seconds: &[f64]) -> Vec<Boot> {
        let boot = |ready: &f64| Boot {
            outcome: BootOutcome::Ready,
            ready: Some(*ready),
            ..Boot::default()
        };
        seconds.iter().map(boot).collect()
    }

    fn terms(from: f64) -> BoostTerms {
        let price = Some((0.000_024, "2026-10-01".to_owned()));
        BoostTerms { from, to: 2.0, is_set: true, tail: 10.0, price }
    }

    #[test]
    fn boost_saves_where_half_a_processor_starts_it() {
        let without = [1.99, 2.01, 1.98, 2.05, 2.00, 2.02];
        let with = [1.02, 1.03, 1.00, 1.04, 1.01, 1.03];
        let boost = BootBoost::of(&boots(&without), boots(&with), terms(0.5));
        assert!((boost.billed.unwrap() - (2.0 * 11.025 - 0.5 * 12.005)).abs() < 1e-9);
        assert_eq!(
            boost.pays(),
            "boost saves 983 ms (−49 %; −50 % to −49 %), and costs $0.00039 a cold start"
        );
    }

    #[test]
    fn boost_of_one_processor_costs_and_saves_nothing() {
        let without = [1.00, 1.02, 0.98, 1.03, 1.00, 1.01];
        let with = [1.01, 1.00, 1.01, 1.00, 1.02, 0.99];
        let boost = BootBoost::of(&boots(&without), boots(&with), terms(1.0));
        assert_eq!(
            boost.pays(),
            "boost saves 0 ms: no difference found (−2.9 % to +3.1 %; 4.6 % could have been seen), \
             and costs $0.00026 a cold start"
        );
        let few = BootBoost::of(&boots(&without[..5]), boots(&with), terms(1.0));
        assert_eq!(
            few.pays(),
            "what boost saves takes six pairs to say, and costs $0.00026 a cold start"
        );
        assert_eq!(few.ready.pairs, 5);
    }

    #[test]
    fn a_start_that_failed_has_no_pair() {
        let mut with = boots(&[1.0; 7]);
        with[0].outcome = BootOutcome::OutOfMemory;
        let boost = BootBoost::of(&boots(&[1.0; 7]), with, terms(1.0));
        assert_eq!(boost.ready.pairs, 6);
    }
}
