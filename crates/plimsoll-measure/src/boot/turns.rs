//! Two things in turns, which of them first being left to chance.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use plimsoll_model::BootComparison;

use super::{Progress, Quiet, Run, Subject, Wishes, given_up};
use crate::engine::{Cancel, Engine, EngineError};

/// Who comes first.
pub(super) struct Order {
    state: RandomState,
    count: u64,
}

impl Order {
    pub(super) fn new() -> Self {
        Self { state: RandomState::new(), count: 0 }
    }

    pub(super) fn next(&mut self) -> bool {
        self.count += 1;
        let mut hasher = self.state.build_hasher();
        hasher.write_u64(self.count);
        hasher.finish() & 1 == 1
    }
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
    let mut one = Run { engine, subject, wishes: &wishes, tell, cancel, number: 0 };
    let mut other =
        Run { engine, subject: against, wishes: &wishes, tell: &mut quietly, cancel, number: 0 };
    let (mut of_one, mut of_other) = (one.blank(), other.blank());
    of_one.first = one.first(&mut of_one.caveats)?;
    of_other.first = other.first(&mut of_other.caveats)?;
    let mut order = Order::new();
    while (of_one.boots.len() as u32) < wishes.boots && !given_up(&of_one) && !given_up(&of_other) {
        let other_first = order.next();
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
        let mut order = Order::new();
        let first = (0..1000).filter(|_| order.next()).count();
        assert!((400..600).contains(&first), "{first}");
    }
}
