//! Any sources, and anything that may be measured.

use plimsoll_model::{
    CacheSetup, ContextSummary, EntryKind, Figure, FolderSize, Misses, NamedFigure, Problem,
    Provenance, ReplayReport, ReplayedBuild, ReplayedFile, ReplayedStep, SetupRate, Sources, Unit,
};
use plimsoll_rules::review::Measured;
use proptest::collection::{btree_map, vec};
use proptest::num::f64::NORMAL;
use proptest::prelude::*;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z]{0,8}"]
}

/// A path whose parts hold whatever a name may hold.
fn paths() -> &'static str {
    "[^/\0]{1,5}x(/[^/\0]{1,5}x){0,3}"
}

prop_compose! {
    pub(super) fn sources()(
        name in texts(),
        files in btree_map(paths(), (texts(), any::<bool>()), 0..8),
        links in btree_map("l/[^/\0]{1,6}x", texts(), 0..3),
        others in btree_map("[a-z]{3,5}", 0_u8..4, 0..4),
        problems in vec((texts(), texts()), 0..3),
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
    fn contexts()(
        root in texts(),
        ignore_file: Option<String>,
        (bytes, files) in any::<(u64, u64)>(),
        unfiltered: Option<u64>,
        sizes in vec((texts(), any::<u64>()), 0..4),
    ) -> ContextSummary {
        let size = |(path, bytes)| FolderSize { path, bytes, files };
        let folders: Vec<FolderSize> = sizes.into_iter().map(size).collect();
        ContextSummary {
            root,
            ignore_file,
            bytes,
            files,
            unfiltered_bytes: unfiltered,
            unfiltered_files: unfiltered,
            idle_patterns: folders.iter().map(|folder| folder.path.clone()).collect(),
            categories: folders.clone(),
            largest: folders.clone(),
            folders,
        }
    }
}

fn build(text: &str, steps: usize, seconds: i64) -> ReplayedBuild {
    let (commit, subject) = (text.to_owned(), text.to_owned());
    ReplayedBuild { commit, subject, seconds, missed: vec![(1, text.to_owned())], steps }
}

fn step(text: &str, count: usize, seconds: f64) -> ReplayedStep {
    let files = vec![ReplayedFile { path: text.to_owned(), count }];
    let misses = vec![Misses { count, reason: text.to_owned(), line: Some(3), files }];
    ReplayedStep {
        stage: text.to_owned(),
        number: 1,
        line: 2,
        text: text.to_owned(),
        builds: count,
        hits: 0,
        seconds: Some(seconds),
        misses,
    }
}

prop_compose! {
    fn replays()(
        service in texts(),
        text in texts(),
        counts: [u16; 4],
        seconds: i64,
        ratio in NORMAL,
    ) -> ReplayReport {
        let [hits, steps, not_started, failing_count] = counts.map(usize::from);
        let setup = CacheSetup::Max;
        ReplayReport {
            service,
            branch: text.clone(),
            builds: vec![build(&text, steps, seconds)],
            not_started,
            failing: vec![(text.clone(), text.clone())],
            failing_count,
            shallow: seconds > 0,
            current: Some(CacheSetup::Inline),
            shown: setup,
            weighted: seconds < 0,
            setups: vec![SetupRate {
                setup,
                hits,
                steps,
                ratio: Some(ratio),
                whole_builds: 1,
                depends: 0,
            }],
            steps: vec![step(&text, hits, ratio)],
            renames: Vec::new(),
            assumptions: vec![text],
        }
    }
}

fn figure((service, value): (String, f64)) -> NamedFigure {
    let whole = Figure::measured(value, Unit::Bytes, Provenance::new(service.as_str(), "x"));
    let share = whole.ratio(&Figure::measured(1.5, Unit::Bytes, Provenance::new("y", "z")));
    // A share beyond all numbers is no figure.
    let finite = share.value().is_some_and(f64::is_finite);
    let figure = if finite { share } else { whole };
    NamedFigure { service, metric: "image.bytes".to_owned(), figure }
}

prop_compose! {
    pub(super) fn measured()(
        contexts in btree_map(texts(), contexts(), 0..3),
        replays in btree_map(texts(), replays(), 0..3),
        values in vec((texts(), NORMAL), 0..4),
    ) -> Measured {
        let figures = values.into_iter().map(figure).collect();
        Measured { contexts, replays, figures, ..Measured::default() }
    }
}
