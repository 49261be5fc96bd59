use plimsoll_syntax::dockerfile::Inputs;

use super::*;
use crate::fixture::graph;

/// Stage, number, line and text of each step.
fn shown(dockerfile: &str) -> Vec<String> {
    let step = |step: &Step| {
        let Label { stage_name, number, of, line, text, .. } = &step.label;
        format!("{line} [{stage_name} {number}/{of}] {text}")
    };
    graph(dockerfile).steps.iter().map(step).collect()
}

/// The facets of the last step, without its instruction.
fn facets(dockerfile: &str) -> Vec<String> {
    let graph = graph(dockerfile);
    let facets = graph.steps.last().unwrap().facets.iter();
    let shown = facets.filter(|facet| facet.what != What::Instruction);
    shown.map(|facet| format!("{:?}={}", facet.what, facet.value)).collect()
}

/// Whether the last steps of two files have the same facets.
fn same(a: &str, b: &str) -> bool {
    let last = |text: &str| graph(text).steps.last().map(|step| step.facets.clone());
    last(a) == last(b)
}

#[test]
fn steps_have_the_numbers_that_the_builder_prints() {
    let text = "FROM a AS one\nRUN x\nENV A=1\nCOPY f .\n\nFROM scratch\nWORKDIR /\nCOPY \\\n  --from=one \\\n /f /\n";
    let wanted = [
        "1 [one 1/3] FROM a AS one",
        "2 [one 2/3] RUN x",
        "4 [one 3/3] COPY f .",
        // The working directory `/` makes no step, but has a number.
        "8 [stage-1 1/2] COPY --from=one /f /",
    ];
    assert_eq!(shown(text), wanted);
}

#[test]
fn only_what_the_target_needs_is_built() {
    let text = "FROM a AS base\nRUN 1\nFROM base AS one\nRUN 2\nFROM base AS two\nRUN 3\n";
    let target = |target: Option<&str>| {
        let inputs = Inputs { target: target.map(str::to_owned), ..Inputs::default() };
        lower(text, &inputs, &BTreeSet::new())
    };
    let texts =
        |graph: &Graph| graph.steps.iter().map(|s| s.label.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&target(None).unwrap())[1..], ["RUN 1", "RUN 3"]);
    let one = target(Some("ONE")).unwrap();
    assert_eq!(texts(&one)[1..], ["RUN 1", "RUN 2"]);
    assert_eq!((one.target, one.steps[2].parent), (Some(2), Some(1)));
    assert!(target(Some("three")).unwrap_err().message.contains("could not be found"));
}

#[test]
fn an_empty_target_has_no_step() {
    let graph = graph("FROM scratch\nENV A=1\n");
    assert_eq!((graph.steps.len(), graph.target), (0, None));
    assert!(graph.image_chain().is_empty());
}

#[test]
fn the_image_is_a_chain_of_parents() {
    let graph = graph("FROM a AS b\nRUN 1\nFROM a AS c\nRUN 2\nFROM b\nCOPY --from=c /x /\n");
    assert_eq!(graph.image_chain().into_iter().collect::<Vec<_>>(), [0, 1, 4]);
    assert_eq!(graph.steps[4].stages().collect::<Vec<_>>(), [3]);
}

#[test]
fn a_run_sees_variables_in_the_order_of_the_builder() {
    let text =
        "FROM a AS b\nENV A=1 B=2\nARG C=3\nENV A=4\nFROM b\nENV D=5\nARG B=6\nRUN x\nENV E=7\n";
    // What the image below has is set again, in its order; what comes later is not seen.
    let wanted = [("C", "3"), ("A", "4"), ("D", "5"), ("B", "6")];
    let wanted = wanted.map(|(name, value)| format!("Variable({name:?})={value}"));
    assert_eq!(facets(text).split_off(3), wanted);
}

#[test]
fn a_proxy_is_not_seen_and_an_argument_without_a_value_neither() {
    let seen = facets("FROM a\nARG HTTP_PROXY=x\nARG no_proxy=y\nARG NONE\nARG SOME=z\nRUN x\n");
    assert_eq!(seen[3..], ["Variable(\"SOME\")=z"]);
}

#[test]
fn a_run_has_directory_user_and_shell() {
    let text = "FROM a\nWORKDIR /app/\nUSER me\nSHELL [\"sh\", \"-e\"]\nRUN x\n";
    assert_eq!(facets(text), ["Shell=sh -e", "Directory=/app/", "User=me"]);
    // Without a shell that is no part of it.
    assert_eq!(facets("FROM a\nRUN [\"x\"]\n"), ["Directory=/", "User="]);
}

#[test]
fn what_is_written_otherwise_may_mean_the_same() {
    for (a, b) in [
        ("FROM a\nRUN x \\\n# why\ny\n", "FROM a\nrun x y\n"),
        ("FROM a\nWORKDIR /a/../b/\n", "FROM a\nWORKDIR /b\n"),
        ("FROM a\nWORKDIR /app\nCOPY f .\n", "FROM a\nCOPY f /app/\n"),
        ("FROM a\nUSER root\nWORKDIR /b\n", "FROM a\nUSER 0\nWORKDIR /b\n"),
        (
            "FROM a\nCOPY --chown=root:1 --chmod=0755 x/f /\n",
            "FROM a\nCOPY --chown=0:01 --chmod=755 f /\n",
        ),
        ("FROM a\nRUN <<-E\n\t\tx\nE\n", "FROM a\nRUN <<-F\n\tx\nF\n"),
        ("FROM a\nCOPY --parents x/./f /\n", "FROM a\nCOPY --parents x/./f/ /\n"),
        (
            "FROM a\nRUN --mount=type=bind,source=f,target=/t x\n",
            "FROM a\nRUN --mount=type=bind,source=g,target=/t x\n",
        ),
    ] {
        assert!(same(a, b), "{a}{b}");
    }
}

#[test]
fn what_differs_has_another_key() {
    for (a, b) in [
        ("FROM a\nRUN x\n", "FROM a\nRUN y\n"),
        ("FROM a\nRUN x\n", "FROM a\nRUN [\"x\"]\n"),
        ("FROM a\nRUN x\n", "FROM a\nRUN --network=none x\n"),
        ("FROM a\nCOPY f /a\n", "FROM a\nCOPY f /a/\n"),
        ("FROM a\nCOPY f /a\n", "FROM a\nCOPY g /a\n"),
        ("FROM a\nCOPY f /\n", "FROM a\nADD f /\n"),
        ("FROM a\nCOPY --parents f /\n", "FROM a\nCOPY f /\n"),
        ("FROM a\nCOPY <<E /f\nx\nE\n", "FROM a\nCOPY <<E /f\ny\nE\n"),
        ("FROM a\nRUN <<E\n#!/x\nE\n", "FROM a\nRUN <<F\n#!/x\nF\n"),
        (
            "FROM a\nRUN --mount=type=cache,target=/a x\n",
            "FROM a\nRUN --mount=type=cache,target=/b x\n",
        ),
    ] {
        assert!(!same(a, b), "{a}{b}");
    }
}

#[test]
fn heredocs_have_their_variables_replaced_unless_quoted() {
    let text =
        |word: &str, value: &str| format!("FROM a\nARG V={value}\nCOPY <<{word} /f\n$V\nE\n");
    assert!(!same(&text("E", "1"), &text("E", "2")));
    assert!(same(&text("\"E\"", "1"), &text("\"E\"", "2")));
}

#[test]
fn inputs_are_files_stages_images_and_addresses() {
    let text = "FROM a AS b\nRUN 1\nFROM a\nCOPY f .\nCOPY --from=b /x /\nCOPY --from=c:1 /x /\n\
        ADD https://x.example/y /\nCOPY --from=docs . /docs\n\
        RUN --mount=type=bind,from=b,target=/t --mount=type=cache,target=/c \\\n --mount=type=secret,id=s x\n";
    let named = BTreeSet::from(["docs".to_owned()]);
    let graph = lower(text, &Inputs::default(), &named).unwrap();
    let kinds: Vec<&str> = graph.steps[3..]
        .iter()
        .flat_map(|step| &step.inputs)
        .map(|input| match input {
            Input::Files { context: None, .. } => "context",
            Input::Files { .. } => "named",
            Input::Stage { last: Some(1), .. } => "stage",
            Input::Stage { .. } => "another stage",
            Input::Image(_) => "image",
            Input::Remote(_) => "remote",
        })
        .collect();
    assert_eq!(kinds, ["context", "stage", "image", "remote", "named", "stage"]);
}

#[test]
fn a_link_with_a_mode_is_a_copy() {
    let linked = |text: &str| graph(text).steps[1].linked;
    assert!(linked("FROM a\nCOPY --link f /\n"));
    assert!(!linked("FROM a\nCOPY --link --chmod=755 f /\n"));
}

#[test]
fn what_the_builder_refuses_has_no_graph() {
    let refused = |text: &str| lower(text, &Inputs::default(), &BTreeSet::new()).unwrap_err();
    assert_eq!(refused("FROM a\nNONSENSE x\n").line, 2);
    assert_eq!(refused("FROM a\nRUN <<E\n").line, 2);
    refused("");
    refused("FROM $NOTHING\n");
    // What is not built is not looked at so closely.
    graph("FROM a AS b\nUSER ${X:?missing}\nFROM a\nRUN x\n");
}

#[test]
fn triggers_of_a_base_are_noted() {
    let graph = graph("FROM a AS b\nONBUILD RUN x\nFROM b\nRUN y\n");
    assert_eq!(graph.notes.len(), 1);
    assert_eq!(graph.notes[0].0, 3);
}
