//! The fixes of the rules about BuildKit's build checks leave the same build graph: the same
//! stages, bases, references and values.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{reviewed, sources};
use plimsoll_model::{Finding, apply_edits};
use plimsoll_rules::review::Measured;
use plimsoll_syntax::dockerfile::{Inputs, evaluate, parse, stages};

fn findings(rule: &str, text: &str) -> Vec<Finding> {
    let report = reviewed(&sources(&[("Dockerfile", text)]), &Measured::default());
    report.findings.into_iter().filter(|f| f.rule == rule).collect()
}

/// What a build makes of a file: bases and values of the stages, references between them, and
/// the text of its commands.
fn graph(text: &str) -> Vec<String> {
    let file = parse(text);
    let program = stages(&file);
    let values = evaluate(&program, &Inputs::default());
    assert!(file.errors.is_empty() && program.errors.is_empty(), "{text}");
    let mut found = Vec::new();
    for (stage, scope) in program.stages.iter().zip(&values.stages) {
        found.push(format!("{:?} {:?} {:?}", stage.name, scope.image, scope.base));
        for (instr, words) in stage.instructions.iter().zip(&scope.instrs) {
            let node = &file.nodes[instr.node];
            let words: Vec<_> = words.words.iter().map(|word| &word.value).collect();
            let references: Vec<_> = program.references(instr).map(|(to, _, _)| to).collect();
            let text = if words.is_empty() { node.cooked.text() } else { "" };
            found.push(format!("{:?} {words:?} {references:?} {text}", node.keyword));
        }
    }
    found
}

#[track_caller]
fn check(rule: &str, text: &str, expected: &str) {
    let found = findings(rule, text);
    assert!(!found.is_empty(), "{rule} says nothing of {text}");
    let edits: Vec<_> = found.iter().flat_map(|f| f.fix.as_ref().unwrap().edits.clone()).collect();
    let fixed = apply_edits(text, &edits).unwrap();
    assert_eq!(fixed, expected);
    assert_eq!(graph(&fixed), graph(text));
    assert!(findings(rule, &fixed).is_empty(), "{fixed}");
}

#[test]
fn names_and_cases() {
    check(
        "dockerfile/stage-name-case",
        "FROM a AS Build\nFROM build AS Other\nCOPY --from=Build /a /b\n",
        "FROM a AS build\nFROM build AS other\nCOPY --from=Build /a /b\n",
    );
    check(
        "dockerfile/from-as-case",
        "FROM a \\\n as x\nfrom b AS y\n",
        "FROM a \\\n AS x\nfrom b as y\n",
    );
    check(
        "dockerfile/instruction-case",
        "FROM a\nRun x\ncopy a b\nUSER c\n",
        "FROM a\nRUN x\nCOPY a b\nUSER c\n",
    );
}

#[test]
fn empty_lines_of_a_heredoc_stay() {
    check(
        "dockerfile/empty-continuation",
        "FROM a\nRUN x && \\\n\n# c\n  \n cat <<E\na\\\n\nb\nE\n",
        "FROM a\nRUN x && \\\n# c\n cat <<E\na\\\n\nb\nE\n",
    );
    check(
        "dockerfile/empty-continuation",
        "# escape=`\nFROM a\nRUN x `\n\n y\\\n",
        "# escape=`\nFROM a\nRUN x `\n y\\\n",
    );
}

#[test]
fn values_stay_the_same() {
    check(
        "dockerfile/legacy-key-value",
        "FROM a\nENV A b\nENV B  x $A ${C:-d}\nENV C \"q r\"\nLABEL l it \\\n# c\n is\nENV \\\n D e\n",
        "FROM a\nENV A=b\nENV B=\"x $A ${C:-d}\"\nENV C=\"q r\"\nLABEL l=\"it \\\n# c\n is\"\nENV \\\n D=e\n",
    );
    check(
        "dockerfile/legacy-key-value",
        "# escape=`\nFROM a\nENV P C:\\Program Files\n",
        "# escape=`\nFROM a\nENV P=\"C:\\Program Files\"\n",
    );
    // Quotes inside would end those around, so nothing is offered.
    let found = findings("dockerfile/legacy-key-value", "FROM a\nENV A b\nENV O -x \"a b\" -y\n");
    assert!(found.len() == 1 && found[0].fix.is_none(), "{found:?}");
}

#[test]
fn what_has_no_effect_goes() {
    // The builder drops the part before the colon, so the image is the same.
    let text = "FROM a\nEXPOSE 1:80 81\n";
    let found = findings("dockerfile/expose-maps-host", text);
    let edits = &found[0].fix.as_ref().unwrap().edits;
    assert_eq!(apply_edits(text, edits).unwrap(), "FROM a\nEXPOSE 80 81\n");
    let last_cmd = "FROM a\nENTRYPOINT [\"e\"]\nCMD [\"y\"]\n";
    let text = "FROM a\nCMD x \\\n  z\nENTRYPOINT [\"e\"]\nCMD [\"y\"]\n";
    let found = findings("dockerfile/overridden-instruction", text);
    let edits = &found[0].fix.as_ref().unwrap().edits;
    assert_eq!(apply_edits(text, edits).unwrap(), last_cmd);
    check(
        "dockerfile/redundant-platform",
        "FROM --platform=$TARGETPLATFORM  a AS x\n",
        "FROM a AS x\n",
    );
}

#[test]
fn an_author_becomes_a_label() {
    let fixed = |text: &str| {
        let found = findings("dockerfile/maintainer", text);
        let fix = found[0].fix.as_ref()?;
        apply_edits(text, &fix.edits).ok()
    };
    let label = "LABEL org.opencontainers.image.authors";
    assert_eq!(
        fixed("FROM a\nMAINTAINER Ada \"A\" $x <a@b.c>\n"),
        Some(format!("FROM a\n{label}=\"Ada \\\"A\\\" \\$x <a@b.c>\"\n"))
    );
    assert_eq!(fixed(&format!("FROM a\n{label}=x\nMAINTAINER y\n")), None);
}

#[test]
fn what_a_base_may_set_is_not_undefined() {
    let rule = "dockerfile/undefined-variable";
    for text in [
        "FROM a\nENV LD_LIBRARY_PATH=/x:$LD_LIBRARY_PATH\n",
        "FROM a\nENV A=1 B=$C A=$A:2\nUSER $D\n",
        "ARG PYTHON_VERSION=3\nFROM python:$PYTHON_VERSION\nLABEL v=$PYTHON_VERSION\n",
        "FROM a AS x\nARG GOPATH\nFROM b\nCOPY --from=x $GOPATH/a /a\n",
        "FROM a\nRUN echo $X\nARG X\n",
    ] {
        assert_eq!(findings(rule, text).len(), 0, "{text}");
    }
    assert_eq!(findings(rule, "FROM scratch\nUSER $D\n").len(), 1);
    assert_eq!(findings(rule, "FROM a AS x\nARG V\nFROM b\nUSER $V\n").len(), 1);
}
