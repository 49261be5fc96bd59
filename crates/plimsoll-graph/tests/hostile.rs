//! Input that somebody made to take long: it does not. (The crate itself must not see a clock.)

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "how long it takes is what is tested")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_graph::{
    Entry, Id, Kind, Selection, Selector, Snapshot, Tree, TreeError, counterparts, lower,
};

/// What takes a second or three in a debug build on a busy machine; what blows up takes hours.
const LONG: Duration = Duration::from_secs(30);

/// One folder with many files.
struct Wide(Arc<[Entry]>);

impl Tree for Wide {
    fn entries(&self, _: Id) -> Result<Arc<[Entry]>, TreeError> {
        Ok(self.0.clone())
    }

    fn content(&self, _: Id) -> Result<Vec<u8>, TreeError> {
        Err(TreeError("nothing here is read".to_owned()))
    }
}

#[test]
fn a_folder_with_many_files_and_patterns_that_blow_up() {
    let entry = |n| Entry {
        name: format!("file-{n:06}-aaaaaaaaaaaaaaaaaaaa"),
        kind: Kind::File,
        id: Id([1; 20]),
    };
    let tree = Wide((0..100_000).map(entry).collect());
    let stars = "*a".repeat(40) + "b";
    let begun = Instant::now();
    let cases =
        [(".", "*.md"), (stars.as_str(), ""), (".", &stars), ("*[a-z]?*", ""), ("file-09999*", "")];
    for (source, ignore) in cases {
        let selection = Selection { patterns: true, ..Selection::path(source) };
        let context = Snapshot { folder: Id([0; 20]), git: None, ignore: ignore.into() };
        let digest = Selector::new().digest(&tree, &context, &selection);
        assert!(digest.is_ok(), "{digest:?}");
    }
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
}

#[test]
fn many_stages_on_each_other() {
    let mut text = String::from("FROM a AS s0\n");
    for stage in 1..500 {
        let below = stage - 1;
        text.push_str(&format!("FROM s{below} AS s{stage}\nENV V{stage}=1 W{stage}=2\n"));
        text.push_str(&format!("RUN x\nCOPY --from=s{below} f{stage} /\n"));
    }
    let begun = Instant::now();
    let graph = lower(&text, &Default::default(), &BTreeSet::new()).unwrap();
    assert_eq!(graph.steps.len(), 1 + 499 * 2);
    assert!(counterparts(&graph, &graph).iter().all(Option::is_some));
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
}
