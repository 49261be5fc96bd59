use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_syntax::dockerfile::Inputs;

use super::*;
use crate::{Evaluator, Moment, Overlay, Snapshot, TreeError};

/// A tree with nothing in it.
struct Nothing;

impl Tree for Nothing {
    fn entries(&self, _: Id) -> Result<Arc<[crate::Entry]>, TreeError> {
        Ok(Arc::new([]))
    }

    fn content(&self, _: Id) -> Result<Vec<u8>, TreeError> {
        Err(TreeError("there is nothing".to_owned()))
    }
}

const FILES: [&str; 7] = [
    "app.py",
    "conf/a.ini",
    "conf/sub/b.ini",
    "conf/secret.key",
    "data.tar.gz",
    "web/index.html",
    "wheels/x.whl",
];

fn shipped(dockerfile: &str) -> Shipment {
    let mut tree = Overlay::new(Nothing);
    let files: BTreeMap<String, Vec<u8>> =
        FILES.iter().map(|path| ((*path).to_owned(), path.as_bytes().to_vec())).collect();
    let folder = tree.with_files(Id([0; 20]), &files).unwrap();
    let ignore = Arc::from("*.key\n**/*.key\n");
    let main = Snapshot { folder, git: None, ignore };
    let contexts = Contexts { main, named: BTreeMap::new() };
    let inputs = Inputs::default();
    let moment = Moment { dockerfile: Arc::from(dockerfile), inputs, contexts };
    let mut evaluator = Evaluator::default();
    let keyed = evaluator.build(&tree, &moment).unwrap();
    ship(&mut evaluator.selector, &tree, &moment.contexts, &keyed.graph).unwrap()
}

/// Each file as `from -> to/below`, `to|name` where a folder may stand, and `!line` for a RUN.
fn check(dockerfile: &str, wanted: &[&str]) {
    let shipment = shipped(dockerfile);
    let mut got: Vec<String> = Vec::new();
    for place in shipment.places {
        let join = if place.may_be_destination() { "|" } else { "/" };
        let below = format!("{join}{}", place.below);
        let touched = place.touched.map(|line| format!(" !{line}")).unwrap_or_default();
        let mode = if place.keeps_mode { "" } else { " chmod" };
        got.push(format!("{} -> {}{below}{touched}{mode}", place.from, place.to));
    }
    for left in shipment.left {
        got.push(format!("{:?} line {} {}", left.why, left.line, left.source));
    }
    assert_eq!(got, wanted, "{dockerfile}");
}

#[test]
fn destinations() {
    check("FROM a\nWORKDIR /app\nCOPY app.py .", &["app.py -> app/app.py"]);
    check("FROM a\nWORKDIR /app\nCOPY app.py main.py", &["app.py -> app/main.py|app.py"]);
    check("FROM a\nCOPY app.py /opt/", &["app.py -> opt/app.py"]);
    check("FROM a\nCOPY --chmod=755 app.py /", &["app.py -> /app.py chmod"]);
    check(
        "FROM a\nCOPY conf /etc/x",
        &["conf/a.ini -> etc/x/a.ini", "conf/sub/b.ini -> etc/x/sub/b.ini"],
    );
    check("FROM a\nCOPY conf/*.ini *.py /x/", &["conf/a.ini -> x/a.ini", "app.py -> x/app.py"]);
    check("FROM a\nCOPY c*f /x/", &["conf/a.ini -> x/a.ini", "conf/sub/b.ini -> x/sub/b.ini"]);
    check("FROM a\nCOPY --link app.py /x", &["app.py -> x|app.py"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    check(
        "FROM a\nADD data.tar.gz https://example.com/f /x/\nCOPY --from=nginx /a /b\nCOPY <<E /t\nhi\nE\n",
        &[
            "Remote line 2 https://example.com/f",
            "Archive line 2 data.tar.gz",
            "Image line 3 nginx",
            "Heredoc line 4 ",
        ],
    );
    check("FROM a\nCOPY data.tar.gz /x/", &["data.tar.gz -> x/data.tar.gz"]);
}

#[test]
fn stages_are_followed_as_far_as_they_copy() {
    let stages = "FROM a AS s\nWORKDIR /s\nCOPY conf conf\nRUN make\nCOPY app.py .\n";
    check(
        &format!("{stages}FROM b\nCOPY --from=s /s /app"),
        &[
            "app.py -> app/app.py",
            "conf/a.ini -> app/conf/a.ini !4",
            "conf/sub/b.ini -> app/conf/sub/b.ini !4",
        ],
    );
    check(
        &format!("{stages}FROM b\nCOPY --from=s /s/app.py /m\nCOPY --from=s /s/dist /d"),
        &["app.py -> m|app.py", "Stage line 8 /s/dist"],
    );
    // The name of a file that is put where a folder stands.
    check(
        "FROM a AS s\nWORKDIR /s\nCOPY app.py /s\nFROM b\nCOPY --from=s /s/ /x/",
        &["app.py -> x/app.py"],
    );
    // The chain of the target, and nothing else.
    check(
        "FROM a AS s\nCOPY app.py /one/\nFROM b AS t\nCOPY web /w\nFROM t\nCOPY --from=s /one /two",
        &["web/index.html -> w/index.html", "app.py -> two/app.py"],
    );
}
