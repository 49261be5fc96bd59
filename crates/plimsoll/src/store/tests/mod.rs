//! Whatever is recorded comes back, and whatever is changed afterwards is noticed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod mutated;
mod strategies;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_model::{Happened, RunRepository, Sources};
use plimsoll_rules::review::Measured;
use proptest::prelude::*;
use strategies::{measured, sources};

use super::{Outcome, Record, Recorder};

/// A folder of runs that goes when the test ends.
struct Runs(PathBuf);

impl Runs {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("plimsoll-store-{}-{n}", std::process::id())))
    }

    fn record(&self, outcome: &Outcome<'_>) -> Record {
        let recorder = Recorder::begin_in(&self.0, "review").unwrap();
        recorder.event(Happened::StageBegun { stage: "read".to_owned() });
        recorder.blob("logs/a b", b"log").unwrap();
        let id = recorder.finish(outcome).unwrap();
        Record::open(&self.0.join(id.to_string())).unwrap()
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn outcome<'o>(sources: &'o Sources, measured: &'o Measured) -> Outcome<'o> {
    Outcome {
        repository: RunRepository::default(),
        sources,
        measured,
        today: "2026-11-24".parse().unwrap(),
        baseline: None,
        report: None,
    }
}

#[test]
fn a_run_that_is_not_finished_leaves_nothing() {
    let runs = Runs::new();
    let recorder = Recorder::begin_in(&runs.0, "review").unwrap();
    recorder.event(Happened::Other);
    recorder.blob("x", b"y").unwrap();
    assert_eq!(fs::read_dir(&runs.0).unwrap().count(), 1);
    drop(recorder);
    assert_eq!(fs::read_dir(&runs.0).unwrap().count(), 0);
}

#[test]
fn events_of_many_threads_are_in_the_order_of_their_times() {
    let runs = Runs::new();
    let recorder = Recorder::begin_in(&runs.0, "review").unwrap();
    std::thread::scope(|scope| {
        for stage in ["a", "b", "c", "d"] {
            let recorder = &recorder;
            scope.spawn(move || {
                for _ in 0..50 {
                    recorder.event(Happened::StageBegun { stage: stage.to_owned() });
                    recorder.blob(stage, b"the same bytes").unwrap();
                }
            });
        }
    });
    let id = recorder.finish(&outcome(&Sources::default(), &Measured::default())).unwrap();
    let record = Record::open(&runs.0.join(id.to_string())).unwrap();
    let times: Vec<u64> = record.events().unwrap().iter().map(|e| e.at_ms).collect();
    assert!(times.len() == 200 && times.is_sorted());
    assert_eq!(record.manifest.blobs.len(), 4);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn sources_round_trip(sources in sources()) {
        let runs = Runs::new();
        let record = runs.record(&outcome(&sources, &Measured::default()));
        prop_assert_eq!(record.sources().unwrap(), sources);
        prop_assert_eq!(record.events().unwrap().len(), 1);
    }

    #[test]
    fn measured_round_trips(measured in measured()) {
        let runs = Runs::new();
        let record = runs.record(&outcome(&Sources::default(), &measured));
        prop_assert_eq!(record.measured().unwrap(), measured);
    }
}
