//! Builds after builds: what caches hold, and why steps miss.

use std::collections::BTreeMap;

use plimsoll_model::CacheSetup;

use crate::cache::{Cache, Outcome};
use crate::cause::{Cause, Pair, counterparts, root};
use crate::fixture::{History, Memory, graph};
use crate::graph::What;
use crate::keys::{Evaluator, Keyed, Moment};
use crate::select::{Change, Difference};
use crate::tree::{Overlay, Tree, entry_at};

const STAGES: &str = "\
FROM base AS build
COPY lock /
RUN install
COPY src /src
RUN compile
FROM base
RUN system
COPY --from=build /out /out
COPY static /static
";

fn files<'f>(lock: &'f str, source: &'f str, page: &'f str) -> [(&'f str, &'f str); 3] {
    [("lock", lock), ("src/main", source), ("static/page", page)]
}

/// The first letters of the outcomes after the builds before.
fn outcomes(setup: CacheSetup, builds: &[Keyed]) -> String {
    let mut cache = Cache::new(setup);
    let mut last = Vec::new();
    for build in builds {
        last = cache.outcomes(build);
        cache.keep(build);
    }
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Hit => 'h',
        Outcome::Miss => 'M',
        Outcome::Depends => 'D',
        Outcome::NotKept => 'N',
        Outcome::Shared => '=',
    };
    last.iter().map(letter).collect()
}

/// Builds `STAGES` with the contents of `lock`, `src` and `static`, one after the other.
fn stages(builds: &[[&str; 3]]) -> Vec<Keyed> {
    let mut history = History::default();
    builds.iter().map(|[a, b, c]| history.build(STAGES, &files(a, b, c)).0).collect()
}

#[test]
fn each_setup_keeps_its_part() {
    let nothing = stages(&[["1", "1", "1"], ["1", "1", "1"]]);
    let page = stages(&[["1", "1", "1"], ["1", "1", "2"]]);
    let source = stages(&[["1", "1", "1"], ["1", "2", "1"]]);
    let later = stages(&[["1", "1", "1"], ["1", "1", "1"], ["1", "1", "2"], ["1", "2", "2"]]);
    let back = stages(&[["1", "1", "1"], ["2", "1", "1"], ["1", "1", "1"]]);
    for (setup, wanted) in [
        (CacheSetup::None, ["MMMMM=MMM", "MMMMM=MMM", "MMMMM=MMM", "MMMMM=MMM", "MMMMM=MMM"]),
        // The stage is skipped until its inputs change; then all of it runs again.
        (CacheSetup::Inline, ["hhhhh=hhh", "hhhhh=hhM", "hNNMM=hDD", "hNNMM=hDD", "hMMMM=hDD"]),
        (CacheSetup::Min, ["hhhhh=hhh", "hhhhh=hhM", "hNNMM=hDD", "hNNMM=hDD", "hMMMM=hDD"]),
        (CacheSetup::Max, ["hhhhh=hhh", "hhhhh=hhM", "hhhMM=hDD", "hhhMM=hDD", "hMMMM=hDD"]),
        (CacheSetup::Local, ["hhhhh=hhh", "hhhhh=hhM", "hhhMM=hDD", "hhhMM=hDD", "hhhhh=hhh"]),
    ] {
        let found = [&nothing, &page, &source, &later, &back].map(|builds| outcomes(setup, builds));
        assert_eq!(found, wanted, "{}", setup.name());
    }
}

#[test]
fn the_same_work_in_two_stages_is_done_once_and_lost_once() {
    let text = "FROM base AS one\nRUN x\nFROM base AS two\nRUN x\nCOPY src /\nRUN y\n\
        FROM base\nCOPY --from=one /a /a\nCOPY --from=two /b /b\n";
    let mut history = History::default();
    let mut build = |source| history.build(text, &files("1", source, "1")).0;
    let builds = [build("1"), build("2")];
    assert_eq!(outcomes(CacheSetup::Max, &builds), "hh==MM=hD");
    // `two` must run, so the work that it shares with `one` must.
    assert_eq!(outcomes(CacheSetup::Min, &builds), "hN==MM=hD");
}

#[test]
fn a_linked_copy_does_not_depend_on_what_is_below_it() {
    let text = "FROM base\nCOPY lock /\nCOPY --link src /src\nRUN x\n";
    let mut history = History::default();
    let builds = ["1", "2"].map(|lock| history.build(text, &files(lock, "1", "1")).0);
    assert_eq!(outcomes(CacheSetup::Local, &builds), "hMhM");
}

#[test]
fn outcomes_count_or_do_not() {
    assert_eq!(Outcome::Hit.hit(), Some(true));
    assert_eq!(Outcome::NotKept.hit(), Some(false));
    assert_eq!(Outcome::Shared.hit(), None);
    assert!(Cache::new(CacheSetup::Max).is_empty());
}

/// The causes between two builds.
fn causes(before: (&str, &[(&str, &str)]), after: (&str, &[(&str, &str)])) -> Vec<Option<Cause>> {
    let mut history = History::default();
    let (before, after) = (history.build(before.0, before.1), history.build(after.0, after.1));
    let pair = Pair { before: (&before.0, &before.1), after: (&after.0, &after.1) };
    pair.causes(&mut history.evaluator, &history.tree).unwrap()
}

#[test]
fn a_miss_is_led_back_to_the_files_that_changed() {
    let causes = causes((STAGES, &files("1", "1", "1")), (STAGES, &files("1", "2", "1")));
    let change = Change { path: "src/main".to_owned(), difference: Difference::Modified };
    let files = Cause::Files(vec![change]);
    assert_eq!(causes[3], Some(files.clone()));
    assert_eq!(causes[4], Some(Cause::Above(3)));
    assert_eq!((&causes[2], &causes[6]), (&None, &None));
    assert_eq!(causes[8], Some(Cause::Above(7)));
    // Through the stage to its files.
    assert_eq!(root(&causes, 8), Some((3, &files)));
    assert_eq!(root(&causes, 2), None);
    assert_eq!(root(&causes, 99), None);
}

#[test]
fn a_miss_is_led_back_to_the_instruction() {
    let text = "FROM base\nARG V=1\nRUN x\nCOPY lock /\n";
    let files = files("1", "1", "1");
    let cause = |after: &str| causes((text, &files), (after, &files));
    let variable = cause("FROM base\nARG V=2\nRUN x\nCOPY lock /\n");
    assert_eq!(variable[1], Some(Cause::Facets(vec![What::Variable("V".to_owned())])));
    assert_eq!(variable[2], Some(Cause::Above(1)));
    let image = cause("FROM other\nARG V=1\nRUN x\nCOPY lock /\n");
    assert_eq!(image[0], Some(Cause::Facets(vec![What::Image])));
    let new = cause("FROM base\nARG V=1\nRUN x\nRUN y\nCOPY lock /\n");
    assert_eq!(new[2], Some(Cause::New));
    assert_eq!(new[3], Some(Cause::Above(2)));
    // Nothing of it differs but where it stands.
    let order = cause("FROM base\nCOPY lock /\nARG V=1\nRUN x\n");
    assert_eq!(order[1], Some(Cause::Nothing));
}

#[test]
fn steps_are_compared_with_those_that_are_written_alike_first() {
    let before = graph("FROM a AS s\nRUN 1\nRUN 2\nRUN 3\n");
    let after = graph("FROM a AS s\nRUN 2\nRUN 1b\nRUN 3\nRUN 4\nCOPY f /\n");
    let wanted = [Some(0), Some(2), None, Some(3), None, None];
    assert_eq!(counterparts(&before, &after), wanted);
    let after = graph("FROM a AS s\nRUN 1b\nRUN 2\nRUN 2\n");
    assert_eq!(counterparts(&before, &after), [Some(0), Some(1), Some(2), Some(3)]);
}

#[test]
fn a_file_that_is_not_there_is_an_error_with_its_line() {
    let mut tree = Memory::default();
    let contexts = crate::fixture::contexts(tree.folder(&[]));
    let moment = |text: &str| Moment {
        dockerfile: text.into(),
        inputs: Default::default(),
        contexts: contexts.clone(),
    };
    let mut evaluator = Evaluator::default();
    let mut error = |text: &str| evaluator.build(&tree, &moment(text)).unwrap_err().to_string();
    assert_eq!(error("FROM a\n\nCOPY lock /\n"), "line 3: \"/lock\": not found");
    assert!(error("FROM a\nNONSENSE\n").starts_with("line 2: "));
}

#[test]
fn an_overlay_puts_files_in_place() {
    let mut memory = Memory::default();
    let root = memory.folder(&[("a/run", "#!old"), ("a/b", "b"), ("file", "f"), ("link", "->a")]);
    let mut tree = Overlay::new(memory);
    let change = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let files = BTreeMap::from([
        change("a/run", "#!new"),
        change("file/inner", "in place of a file"),
        change("new/folder/x", "x"),
        change("link", "in place of a link"),
    ]);
    let changed = tree.with_files(root, &files).unwrap();
    let read = |path: &str| {
        let entry = entry_at(&tree, changed, path).unwrap()?;
        Some((entry.kind, String::from_utf8(tree.content(entry.id).unwrap()).unwrap()))
    };
    use crate::tree::Kind;
    assert_eq!(read("a/run"), Some((Kind::Program, "#!new".to_owned())));
    assert_eq!(read("a/b"), Some((Kind::File, "b".to_owned())));
    assert_eq!(read("file/inner"), Some((Kind::File, "in place of a file".to_owned())));
    assert_eq!(read("new/folder/x").map(|(_, text)| text), Some("x".to_owned()));
    assert_eq!(read("link").map(|(kind, _)| kind), Some(Kind::File));
    assert_eq!(read("none"), None);
    let names = |id| tree.entries(id).unwrap().iter().map(|e| e.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(changed), ["a", "file", "link", "new"]);
    // What is below is as it was.
    assert_eq!(names(root), ["a", "file", "link"]);
    let deep = BTreeMap::from([("d/".repeat(10_000) + "x", Vec::new())]);
    assert!(tree.with_files(root, &deep).unwrap_err().0.starts_with("folders are nested more"));
}
