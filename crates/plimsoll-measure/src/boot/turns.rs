//! Two things in turns, which of them first being left to chance.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use plimsoll_model::{BootComparison, Random};

use super::{Progress, Quiet, Run, Subject, Wishes, given_up};
use crate::engine::{Cancel, Engine, EngineError};

/// Coins for who comes first, other ones each time.
pub(super) fn chance() -> Random {
    Random::new(RandomState::new().build_hasher().finish())
}

/// Starts two images in turns.
///
/// # Errors
/// As for [`measure`](super::measure).
pub fn compare(
    engine: &dyn Engine,
    (subject, against): (&Subject<'_>, &Subject<'_>),
    wishes: &Wishes,
    tell: &mut dyn FnMut(Progress<'_>),
    cancel: &Cancel,
) -> Result<BootComparison, EngineError> {
    let quiet = Quiet::begin(engine);
    let wishes = Wishes { boost: false, ..wishes.clone() };
    let mut quietly = |_: Progress<'_>| {};
    let mut one = Run::new(engine, subject, &wishes, tell, cancel);
    let mut other = Run::new(engine, against, &wishes, &mut quietly, cancel);
    let (mut of_one, mut of_other) = (one.blank(), other.blank());
    of_one.first = one.first(&mut of_one.caveats)?;
    of_other.first = other.first(&mut of_other.caveats)?;
    let mut chance = chance();
    while (of_one.boots.len() as u32) < wishes.boots && !given_up(&of_one) && !given_up(&of_other) {
        let other_first = chance.coin();
        if other_first {
            of_other.boots.push(other.again(against.plan.cpus)?);
        }
        of_one.boots.push(one.again(subject.plan.cpus)?);
        if !other_first {
            of_other.boots.push(other.again(against.plan.cpus)?);
        }
    }
    Ok(BootComparison::of(of_one, of_other, quiet.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_come_first_about_as_often() {
        let mut chance = chance();
        let first = (0..1000).filter(|_| chance.coin()).count();
        assert!((400..600).contains(&first), "{first}");
    }
}
