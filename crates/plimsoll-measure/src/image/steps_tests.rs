use std::collections::BTreeSet;

use plimsoll_graph::lower;
use plimsoll_syntax::dockerfile::Inputs;

use super::*;
use crate::image::layers::{Layer, Stack};

/// `-` before an entry says that it made no layer.
fn image(history: &[&str]) -> Saved {
    let history: Vec<Entry> = history
        .iter()
        .map(|text| Entry {
            created_by: text.trim_start_matches('-').to_owned(),
            empty: text.starts_with('-'),
        })
        .collect();
    let layers = history.iter().filter(|entry| !entry.empty).count();
    let stack = Stack { layers: vec![Layer::default(); layers], order: (0..layers).collect() };
    Saved { stack, history, names: Default::default() }
}

/// The layers of each step, or what is wrong.
fn check(dockerfile: &str, history: &[&str], wanted: &str) {
    let graph = lower(dockerfile, &Inputs::default(), &BTreeSet::new()).unwrap();
    let got = match align(&image(history), &graph) {
        Ok(spans) => {
            let spans = spans.values().map(|span| format!("{}-{}", span.below, span.with));
            spans.collect::<Vec<_>>().join(" ")
        }
        Err(mismatch) => mismatch.to_string(),
    };
    assert_eq!(got, wanted, "{dockerfile} {history:?}");
}

const FILE: &str =
    "FROM a AS b\nWORKDIR /app\nENV A=1\nCOPY --chown=1 a.py b/ ./x/\nFROM b\nRUN make \\\n  all\n";

#[test]
fn steps_have_their_layers() {
    let copy = "COPY a.py b/ ./x/ # buildkit";
    let run = "RUN |1 B=c /bin/sh -c make   all # buildkit";
    check(FILE, &["base", "-CMD [x]", "WORKDIR /app", "-ENV A=1", copy, run], "1-2 2-3 3-4");
    check(FILE, &["WORKDIR /app", copy, run, "-CMD [\"x\"]"], "0-1 1-2 2-3");
    // BuildKit may drop an empty layer.
    check(FILE, &["base", "-WORKDIR /app", copy, run], "1-1 1-2 2-3");
    check("FROM scratch\nCOPY a /\n", &["COPY a / # buildkit"], "0-1");
    check("FROM scratch\nWORKDIR /a\nWORKDIR /\n", &["WORKDIR /a", "WORKDIR /"], "0-1");
}

#[test]
fn the_builder_before_buildkit() {
    let history = [
        "/bin/sh -c #(nop) ADD file:aa in / ",
        "-/bin/sh -c #(nop)  CMD [\"bash\"]",
        "/bin/sh -c #(nop) WORKDIR /app",
        "/bin/sh -c #(nop) COPY multi:ab in ./x/ ",
        "|1 B=c /bin/sh -c make   all",
    ];
    check(FILE, &history, "1-2 2-3 3-4");
}

#[test]
fn another_dockerfile_is_told() {
    let copy = "COPY a.py b/ ./x/ # buildkit";
    check(
        FILE,
        &["WORKDIR /app", copy, "RUN /bin/sh -c test # buildkit"],
        "line 6 is `RUN make all`, and the image has `RUN /bin/sh -c test` in its place",
    );
    check(
        FILE,
        &["COPY z ./x/ # buildkit", "RUN make all # buildkit"],
        "line 4 is `COPY --chown=1 a.py b/ ./x/`, and the image has `COPY z ./x/` in its place",
    );
    check(
        FILE,
        &["RUN make all # buildkit"],
        "the image has no step `COPY --chown=1 a.py b/ ./x/` (line 4)",
    );
    check(
        "FROM scratch\nCOPY a /\n",
        &["RUN x # buildkit", "COPY a / # buildkit"],
        "the image has a step more: `RUN x`",
    );
    check("FROM a\nCOPY a /\n", &[], "the image has no step `COPY a /` (line 2)");
}
