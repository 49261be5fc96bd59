//! A record of which a part was changed: noticed, or it judges the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use plimsoll_model::{ContextSummary, Figure, NamedFigure, Provenance, Sources, Unit};
use plimsoll_rules::review::{Measured, Terms};
use proptest::prelude::*;

use super::super::again::Beside;
use super::super::{Outcome, Record, judge};
use super::{Runs, outcome};
use crate::pipeline::{self, Found, VERSION};
use crate::report::json;

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
            "form", "id", "started", "terms", "sources", "measured", "report", "events", "blobs",
            "repository", "verdict",
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
