//! BuildKit's own daemon keeps the promises. `scripts/truth buildkit ADDRESS BASE` names one, and an
//! image with a shell in a registry that it reaches.

use plimsoll_measure::engine::{Choice, find};

use crate::suite::{Story, Subject};

fn subject(_: &Story) -> Subject {
    let engine = find(&Choice::BuildKit).unwrap_or_else(|error| panic!("{error}"));
    let base =
        std::env::var("PLIMSOLL_BASE").unwrap_or_else(|_| panic!("PLIMSOLL_BASE is not set"));
    Subject { engine, base, is_gone: Box::new(|_| true) }
}

crate::conformance!(subject);

#[test]
fn times_are_exact_where_the_client_tells_them() {
    let subject = subject(&crate::suite::WORKS);
    assert!(subject.engine.capabilities().exact_times, "{:?}", subject.engine.about());
}
