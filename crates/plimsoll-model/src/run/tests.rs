//! The form round-trips, and takes what other writers of it may write.

use proptest::prelude::*;

use super::*;
use crate::{Figure, NamedFigure, Provenance, Unit};

prop_compose! {
    fn times()(seconds in -62_135_596_800_i64..253_402_300_800) -> Timestamp {
        Timestamp::from_unix(seconds)
    }
}

prop_compose! {
    fn blobs()(hash: [u8; 32], size: u64) -> BlobRef {
        BlobRef { sha256: BlobDigest::new(hash), size }
    }
}

prop_compose! {
    fn manifests()(
        (started, ended, today) in (times(), times(), times()),
        (events, sources, measured) in (blobs(), blobs(), blobs()),
        (report, baseline) in (proptest::option::of(blobs()), proptest::option::of(blobs())),
        further in proptest::collection::btree_map(any::<String>(), blobs(), 0..4),
        unique in "[0-9a-f]{6}",
        (name, command, version) in (any::<String>(), any::<String>(), any::<String>()),
        (commit, changed) in (proptest::option::of("[0-9a-f]{40}"), any::<Option<usize>>()),
    ) -> RunManifest {
        RunManifest {
            form: RUN_FORM,
            plimsoll_version: version,
            id: RunId::new(started, &unique).unwrap(),
            command,
            repository: RunRepository { name, commit, changed },
            started,
            ended,
            terms: RunTerms { today: today.date(), baseline },
            verdict: report.map(|_| Verdict::Rejected),
            events,
            sources,
            measured,
            report,
            blobs: further,
        }
    }
}

fn figures() -> impl Strategy<Value = NamedFigure> {
    let value = proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    let measured = (value, any::<u32>(), any::<String>()).prop_map(|(value, samples, text)| {
        let provenance = Provenance::new(text.as_str(), "x");
        Figure::measured(value, Unit::Ratio, provenance).with_samples(samples).with_caveat(text)
    });
    let gap = any::<String>().prop_map(|text| Figure::not_measured(Unit::Bytes, text, "command"));
    (any::<String>(), prop_oneof![measured, gap]).prop_map(|(service, figure)| NamedFigure {
        service,
        metric: "m".to_owned(),
        figure,
    })
}

fn events() -> impl Strategy<Value = RunEvent> {
    let happened = prop_oneof![
        any::<String>().prop_map(|stage| Happened::StageBegun { stage }),
        any::<String>().prop_map(|stage| Happened::StageEnded { stage }),
        any::<[usize; 3]>().prop_map(|[paths, files, problems]| Happened::SourcesRead {
            paths,
            files,
            problems
        }),
        (any::<String>(), any::<u64>(), any::<u64>()).prop_map(|(service, bytes, files)| {
            Happened::ContextMeasured { service, bytes, files }
        }),
        (any::<String>(), any::<usize>())
            .prop_map(|(service, builds)| Happened::Replayed { service, builds }),
        figures().prop_map(|figure| Happened::FigureRecorded { figure }),
        any::<usize>()
            .prop_map(|findings| Happened::Judged { verdict: Verdict::Approved, findings }),
        Just(Happened::Other),
    ];
    (any::<u64>(), happened).prop_map(|(at_ms, happened)| RunEvent { at_ms, happened })
}

proptest! {
    #[test]
    fn manifests_round_trip(manifest in manifests()) {
        let text = serde_json::to_string(&manifest).unwrap();
        prop_assert_eq!(serde_json::from_str::<RunManifest>(&text).unwrap(), manifest);
    }

    #[test]
    fn events_round_trip_on_one_line(event in events()) {
        let text = serde_json::to_string(&event).unwrap();
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<RunEvent>(&text).unwrap(), event);
    }

    #[test]
    fn names_of_runs_sort_as_their_times(a in times(), b in times()) {
        let name = |at| RunId::new(at, "000000").unwrap().to_string();
        prop_assert_eq!(name(a).cmp(&name(b)), a.cmp(&b));
        prop_assert_eq!(a.to_string().parse(), Ok(a));
    }

    #[test]
    fn any_text_is_a_name_or_refused(text in "[0-9a-fTZ:.-]{0,40}|[^x]{0,30}") {
        if let Ok(id) = text.parse::<RunId>() {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string(), text.clone());
        }
        if let Ok(digest) = text.parse::<BlobDigest>() {
            prop_assert_eq!(digest.to_string(), text);
        }
    }
}

#[test]
fn an_event_of_a_later_version_is_passed_over() {
    let later = r#"{"at_ms":7,"event":"image-signed","by":{"deep":[1,{"x":null}]}}"#;
    let event: RunEvent = serde_json::from_str(later).unwrap();
    assert_eq!(event, RunEvent { at_ms: 7, happened: Happened::Other });
    let wider = r#"{"at_ms":7,"event":"stage-begun","stage":"read","of":3}"#;
    let begun = Happened::StageBegun { stage: "read".to_owned() };
    assert_eq!(serde_json::from_str::<RunEvent>(wider).unwrap().happened, begun);
}

#[test]
fn a_path_that_leaves_the_repository_is_seen() {
    let inside = |path: &str| {
        let path = path.to_owned();
        let kind = crate::EntryKind::File;
        IndexEntry { path, kind, git_ignored: false, text: None, link: None }.is_inside()
    };
    assert!(inside("a/b") && inside("..a/b..") && inside("a\u{1b}[31m"));
    for path in ["", "/a", "a/../b", "../a", "a//b", "a/", "./a", "a\0b"] {
        assert!(!inside(path), "{path}");
    }
}
