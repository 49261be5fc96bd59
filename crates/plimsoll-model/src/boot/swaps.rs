//! How far two sides of pairs lie apart, by all ways to swap the two of each pair.

use crate::median;

/// Up to how many pairs the swaps are counted; of more, the normal distribution says the same.
const EXACT: usize = 50;

/// The middle of all distances between a value of one side and one of the other (Hodges and Lehmann).
pub(super) fn distance(subject: &[f64], against: &[f64]) -> Option<f64> {
    median(&distances(subject, against))
}

/// Between which distances the two sides cannot be told apart: where the distance lies with 95 % certainty.
/// `None` when there are too few pairs to tell even what does not overlap.
pub(super) fn interval(subject: &[f64], against: &[f64]) -> Option<(f64, f64)> {
    let (low, high) = (least(subject, against)?, -least(against, subject)?);
    // The search takes it that what is told apart at one distance is so at all beyond it, which holds but
    // for a few ways that ranks can lie. Whether there is a difference at all is not left to that.
    let equal = likely(subject, against, 0.0);
    Some(if equal { (low.min(0.0), high.max(0.0)) } else { (low, high) })
}

/// All distances between a value of one side and one of the other, sorted.
fn distances(subject: &[f64], against: &[f64]) -> Vec<f64> {
    let from = |value: &f64| against.iter().map(move |other| value - other).collect::<Vec<_>>();
    let mut all: Vec<f64> = subject.iter().flat_map(from).collect();
    all.sort_unstable_by(f64::total_cmp);
    all
}

/// The least distance at which the subject, moved back by it, can be told from the other side no more.
fn least(subject: &[f64], against: &[f64]) -> Option<f64> {
    let all = distances(subject, against);
    if likely(subject, against, all.first()? - 1.0) {
        return None;
    }
    let middle = median(&all)?;
    let below = &all[..all.partition_point(|distance| *distance < middle)];
    let steps: Vec<(f64, f64)> = below.iter().copied().zip(all[1..].iter().copied()).collect();
    // Ranks change at the distances alone, so one look between two of them is enough.
    let told = |step: &(f64, f64)| !likely(subject, against, f64::midpoint(step.0, step.1));
    Some(steps.get(steps.partition_point(told)).map_or(middle, |step| step.0))
}

/// Whether the subject, moved back by this much, and the other side could be one thing: the pairs' ranks
/// among all values differ by no more in sum than in 95 % of all ways to swap the two of each pair.
fn likely(subject: &[f64], against: &[f64], back: f64) -> bool {
    let steps = steps(subject, against, back);
    let sum = |positive: bool| {
        steps.iter().filter(|step| (**step > 0) == positive).map(|step| step.unsigned_abs()).sum()
    };
    let rarer: usize = usize::min(sum(true), sum(false));
    let sizes: Vec<usize> = steps.iter().map(|step| step.unsigned_abs()).collect();
    if sizes.len() <= EXACT {
        return chance(&sizes, rarer) > 0.025;
    }
    let (all, squares) = (sizes.iter().sum::<usize>() as f64, sizes.iter().map(|size| size * size));
    all / 2.0 - rarer as f64 <= 1.96 * (squares.sum::<usize>() as f64).sqrt() / 2.0
}

/// By how many ranks the two of each pair are apart, in half ranks, since equal values share theirs.
fn steps(subject: &[f64], against: &[f64], back: f64) -> Vec<isize> {
    let moved = subject.iter().map(|value| value - back);
    let mut all: Vec<(f64, usize)> = moved.chain(against.iter().copied()).zip(0..).collect();
    all.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let mut ranks = vec![0; all.len()];
    let mut before = 0;
    for equal in all.chunk_by(|one, other| one.0 == other.0) {
        for (_, place) in equal {
            ranks[*place] = 2 * before + equal.len();
        }
        before += equal.len();
    }
    let (subject, against) = ranks.split_at(subject.len());
    subject.iter().zip(against).map(|(one, other)| one.wrapping_sub(*other) as isize).collect()
}

/// How likely the sizes that chance gives one of the two signs have a sum of at most `most`.
fn chance(sizes: &[usize], most: usize) -> f64 {
    let mut chances = vec![0.0; most + 1];
    chances[0] = 1.0;
    for size in sizes {
        for sum in (0..=most).rev() {
            let with = if sum >= *size { chances[sum - size] } else { 0.0 };
            chances[sum] = f64::midpoint(chances[sum], with);
        }
    }
    chances.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_signed_ranks() {
        // The largest sums of the rarer sign that Wilcoxon's tables give for 2.5 %.
        for (count, most) in [(6, 0), (8, 3), (10, 8), (20, 52), (30, 137)] {
            let ranks: Vec<usize> = (1..=count).collect();
            assert!(chance(&ranks, most) <= 0.025 && chance(&ranks, most + 1) > 0.025, "{count}");
        }
    }

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(steps(&[1.0, 2.0], &[1.0, 3.0], 0.0), [0, -2]);
        assert_eq!(steps(&[1.0, 2.0, 2.0], &[2.0, 0.0, 1.0], 0.0), [-5, 8, 5]);
        assert_eq!(steps(&[3.0], &[1.0], 2.0), [0]);
    }

    #[test]
    fn many_pairs_say_what_some_fewer_do() {
        // Where the counting ends, the interval must not jump.
        let value = |at: usize| ((at * 7919) % 101) as f64 / 100.0;
        let side = |count: usize, from: usize| (from..from + count).map(value).collect::<Vec<_>>();
        let width = |count: usize| {
            let (low, high) = interval(&side(count, 0), &side(count, 51)).unwrap();
            high - low
        };
        let (exact, near) = (width(EXACT), width(EXACT + 1));
        assert!((exact / near - 1.0).abs() < 0.1, "{exact}, {near}");
    }
}
