//! Whatever is recorded comes back, and whatever is changed afterwards is noticed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use plimsoll_model::{
    CacheSetup, ContextSummary, EntryKind, Figure, FolderSize, Happened, Misses, NamedFigure,
    Problem, Provenance, ReplayReport, ReplayedBuild, ReplayedFile, ReplayedStep, RunRepository,
    SetupRate, Sources, Unit,
};
use plimsoll_rules::review::{Measured, Terms};
use proptest::prelude::*;

use super::again::Beside;
use super::{Outcome, Record, Recorder, judge};
use crate::pipeline::{self, Found, VERSION};
use crate::report::json;

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

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z]{0,8}"]
}

prop_compose! {
    fn sources()(
        name in texts(),
        files in proptest::collection::btree_map("[^/\0]{1,5}x(/[^/\0]{1,5}x){0,3}", (texts(), any::<bool>()), 0..8),
        links in proptest::collection::btree_map("l/[^/\0]{1,6}x", texts(), 0..3),
        others in proptest::collection::btree_map("[a-z]{3,5}", 0_u8..4, 0..4),
        problems in proptest::collection::vec((texts(), texts()), 0..3),
    ) -> Sources {
        let mut sources = Sources { name, ..Sources::default() };
        for (path, kind) in others {
            let kinds = [EntryKind::Folder, EntryKind::Special, EntryKind::Unread, EntryKind::File];
            sources.insert_entry(&path, kinds[usize::from(kind)], kind % 2 == 0);
        }
        for (path, (text, lossy)) in files {
            sources.insert(&path, text);
            sources.files.get_mut(&path).unwrap().lossy = lossy;
        }
        links.iter().for_each(|(path, to)| sources.insert_link(path, to));
        let problem = |(path, reason)| Problem { path, reason };
        sources.problems = problems.into_iter().map(problem).collect();
        sources
    }
}

prop_compose! {
    fn contexts()(root in texts(), ignore in any::<Option<String>>(), n: [u64; 2], o: Option<u64>, sizes in proptest::collection::vec((texts(), any::<u64>()), 0..4)) -> ContextSummary {
        let folders: Vec<FolderSize> =
            sizes.into_iter().map(|(path, bytes)| FolderSize { path, bytes, files: n[0] }).collect();
        ContextSummary {
            root,
            ignore_file: ignore,
            bytes: n[0],
            files: n[1],
            unfiltered_bytes: o,
            unfiltered_files: o,
            idle_patterns: folders.iter().map(|f| f.path.clone()).collect(),
            categories: folders.clone(),
            largest: folders.clone(),
            folders,
        }
    }
}

prop_compose! {
    fn replays()(service in texts(), text in texts(), n: [u16; 4], seconds: i64, ratio in proptest::num::f64::NORMAL) -> ReplayReport {
        let counts = n.map(usize::from);
        let file = ReplayedFile { path: text.clone(), count: counts[0] };
        let misses = Misses { count: counts[1], reason: text.clone(), line: Some(3), files: vec![file] };
        ReplayReport {
            service,
            branch: text.clone(),
            builds: vec![ReplayedBuild { commit: text.clone(), subject: text.clone(), seconds, missed: vec![(1, text.clone())], steps: counts[2] }],
            not_started: counts[3],
            failing: vec![(text.clone(), text.clone())],
            failing_count: counts[0],
            shallow: seconds > 0,
            current: Some(CacheSetup::Inline),
            shown: CacheSetup::Max,
            weighted: seconds < 0,
            setups: vec![SetupRate { setup: CacheSetup::Max, hits: counts[0], steps: counts[1], ratio: Some(ratio), whole_builds: 1, depends: 0 }],
            steps: vec![ReplayedStep { stage: text.clone(), number: 1, line: 2, text: text.clone(), builds: 1, hits: 0, seconds: Some(ratio), misses: vec![misses] }],
            renames: Vec::new(),
            assumptions: vec![text],
        }
    }
}

prop_compose! {
    fn measured()(
        contexts in proptest::collection::btree_map(texts(), contexts(), 0..3),
        replays in proptest::collection::btree_map(texts(), replays(), 0..3),
        values in proptest::collection::vec((texts(), proptest::num::f64::NORMAL), 0..4),
    ) -> Measured {
        let figure = |(service, value): (String, f64)| {
            let whole = Figure::measured(value, Unit::Bytes, Provenance::new(service.as_str(), "x"));
            let figure = whole.ratio(&Figure::measured(1.5, Unit::Bytes, Provenance::new("y", "z")));
            // A share beyond all numbers is no figure.
            let figure = if figure.value().is_some_and(f64::is_finite) { figure } else { whole };
            NamedFigure { service, metric: "image.bytes".to_owned(), figure }
        };
        Measured { contexts, replays, figures: values.into_iter().map(figure).collect() }
    }
}

/// A small review, recorded once; its tests change copies of it.
struct Story {
    runs: Runs,
    folder: PathBuf,
    report: String,
}

static STORY: LazyLock<Story> = LazyLock::new(|| {
    let mut sources = Sources { name: "story".to_owned(), ..Sources::default() };
    sources.insert("api/Dockerfile", "FROM alpine\nCOPY a b\nRUNN x\n");
    sources.insert("plimsoll.toml", "due-days = 10\nfail-on = [\"conditional\"]\n");
    sources.insert_link("api/link", "../x");
    let figure = Figure::measured(0.1 + 0.2, Unit::Bytes, Provenance::new("walk", "api"));
    let figures =
        vec![NamedFigure { service: "api".to_owned(), metric: "context.bytes".to_owned(), figure }];
    let contexts = BTreeMap::from([("api".to_owned(), ContextSummary::default())]);
    let measured = Measured { contexts, figures, ..Measured::default() };
    let found = Found::of(sources);
    let day = |text: &str| text.parse().unwrap();
    let terms = |today, baseline| Terms { today, baseline, version: VERSION };
    let first = pipeline::judge(&found, &measured, &terms(day("2026-11-01"), None));
    let report = pipeline::judge(&found, &measured, &terms(day("2026-11-24"), Some(&first)));
    let runs = Runs::new();
    let baseline = json::render(&first);
    let record = runs.record(&Outcome {
        report: Some(&report),
        baseline: Some(&baseline),
        ..outcome(&found.sources, &measured)
    });
    let folder = runs.0.join(record.manifest.id.to_string());
    Story { runs, folder, report: json::render(&report) }
});

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() { all.extend(files(&entry)) } else { all.push(entry) }
    }
    all.sort();
    all
}

/// A copy of the story in which one file is another.
fn changed(file: &Path, bytes: &[u8]) -> Runs {
    let copy = Runs::new();
    for from in files(&STORY.folder) {
        let to = copy.0.join(from.strip_prefix(&STORY.folder).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if from == file { fs::write(to, bytes) } else { fs::copy(from, to).map(|_| ()) }.unwrap();
    }
    copy
}

/// Judges a changed record: it is refused, says that it is another, or judges the same.
fn assert_noticed(copy: &Runs) {
    let Ok(record) = Record::open(&copy.0) else { return };
    let _ = record.events();
    let Ok(again) = judge(&record) else { return };
    let same = json::render(&again.report) == STORY.report;
    assert!(same || !matches!(again.beside, Beside::Same));
}

#[test]
fn the_story_is_judged_the_same() {
    let record = Record::open(&STORY.folder).unwrap();
    let again = judge(&record).unwrap();
    assert!(matches!(again.beside, Beside::Same), "{:?}", again.beside.lines());
    assert_eq!(again.fail_on, Some(vec!["conditional".to_owned()]));
    assert!(STORY.report.contains("2026-11-01"), "the baseline counts");
    let names: Vec<_> =
        fs::read_dir(&STORY.runs.0).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
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

#[test]
fn every_byte_of_the_manifest_is_noticed_or_does_not_matter() {
    let path = STORY.folder.join("manifest.json");
    let whole = fs::read(&path).unwrap();
    // Every second byte, each once; the random changes below try the rest.
    for at in (0..whole.len()).step_by(2) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert_noticed(&changed(&path, &bytes));
    }
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

    #[test]
    fn any_change_of_any_file_is_noticed_or_does_not_matter(
        which: prop::sample::Index,
        at: prop::sample::Index,
        byte: u8,
        how in 0..4,
    ) {
        let all = files(&STORY.folder);
        let file = which.get(&all);
        let mut bytes = fs::read(file).unwrap();
        let at = at.index(bytes.len());
        match how {
            0 => bytes[at] ^= byte | 1,
            1 => bytes.insert(at, byte),
            2 => bytes.truncate(at),
            _ => { bytes.remove(at); }
        }
        assert_noticed(&changed(file, &bytes));
    }

    #[test]
    fn any_bytes_are_a_manifest_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        json in "[\\[{]{0,300}(\"form\":1,)?[\\]}\", 0-9a-f:]{0,40}",
    ) {
        let path = STORY.folder.join("manifest.json");
        for bytes in [bytes.as_slice(), json.as_bytes()] {
            assert_noticed(&changed(&path, bytes));
        }
    }

    #[test]
    fn any_value_in_place_of_a_field_is_read_or_refused(
        field in prop::sample::select(vec![
            "form", "id", "started", "terms", "sources", "measured", "report", "events", "blobs", "repository", "verdict",
        ]),
        value in prop::sample::select(vec![
            "null", "1", "-1", "1e999", "\"\\u0000\"", "[]", "{}", "\"..\"", "99999999999999999999",
            "{\"sha256\":\"../../../../etc/passwd\",\"size\":1}", "{\"today\":\"9999-12-31\"}",
        ]),
    ) {
        let path = STORY.folder.join("manifest.json");
        let mut manifest: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        manifest.insert(field.to_owned(), serde_json::Value::Null);
        let text = serde_json::to_string(&manifest).unwrap();
        let text = text.replace(&format!("\"{field}\":null"), &format!("\"{field}\":{value}"));
        assert_noticed(&changed(&path, text.as_bytes()));
    }
}
