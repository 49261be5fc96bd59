//! The rules of scope, case by case.

use super::super::{ErrorStage, parse, stages};
use super::*;

fn run(source: &str, args: &[(&str, &str)]) -> Evaluation {
    let build_args = args.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    evaluate(&stages(&parse(source)), &Inputs { build_args, ..Inputs::default() })
}

/// The values of the words of the last instruction.
fn last(evaluation: &Evaluation) -> Vec<&str> {
    let instr = evaluation.stages.last().and_then(|stage| stage.instrs.last()).unwrap();
    instr.words.iter().map(|word| word.value.text()).collect()
}

#[track_caller]
fn check(source: &str, args: &[(&str, &str)], expected: &[&str]) {
    let evaluation = run(source, args);
    assert_eq!(evaluation.errors, []);
    assert_eq!(last(&evaluation), expected);
}

#[test]
fn one_env_sees_what_was_before_it() {
    check("FROM scratch\nENV a=1\nENV a=2 b=$a\nUSER $b-$a\n", &[], &["1-2"]);
    check("FROM scratch\nARG a=1 b=$a\nUSER $b\n", &[], &["1"]);
}

#[test]
fn a_global_argument_needs_redeclaration() {
    check("ARG V=1\nFROM scratch\nUSER x$V\n", &[], &["x"]);
    check("ARG V=1\nFROM scratch\nARG V\nUSER x$V\n", &[], &["x1"]);
    check("ARG V=1\nFROM scratch\nARG V\nUSER x$V\n", &[("V", "2")], &["x2"]);
    check("ARG V=1\nFROM scratch\nARG V=3\nUSER x$V\n", &[], &["x3"]);
    check("FROM scratch\nARG TARGETARCH\nUSER $TARGETARCH$TARGETOS\n", &[], &["amd64"]);
}

#[test]
fn env_beats_arg_and_a_later_arg_an_earlier_one() {
    check("FROM scratch\nENV V=1\nARG V=2\nUSER $V\n", &[("V", "3")], &["1"]);
    check("FROM scratch\nARG V=1\nARG V=2\nUSER $V\n", &[], &["2"]);
    check("FROM scratch\nARG V=1\nARG V\nUSER $V\n", &[], &["1"]);
}

#[test]
fn a_stage_inherits() {
    let source = "FROM scratch AS a\nENV E=1\nARG A=2\nFROM a\nUSER $E$A\n";
    check(source, &[], &["12"]);
    let evaluation = run(source, &[]);
    let names: Vec<_> = evaluation.visible(1, 0).into_keys().collect();
    assert_eq!(names, ["A", "E"]);
    assert_eq!(evaluation.visible(0, 1).len(), 1);
}

#[test]
fn unknown_stays_unknown() {
    let evaluation = run("FROM x\nARG V\nENV A=$V\nUSER $A-$HOME-${B+$C}\n", &[]);
    let value = &evaluation.stages[0].instrs[2].words[0].value;
    let missing: Vec<_> = value.missing().iter().map(|m| (m.name.as_str(), m.kind)).collect();
    let (arg, image) = (MissingKind::Arg, MissingKind::BaseImage);
    assert_eq!(missing, [("B", image), ("HOME", image), ("V", arg)]);
    assert_eq!(value.text(), "--");
}

#[test]
fn a_base_may_be_chosen_by_an_argument() {
    let source = "ARG B=dev\nFROM x AS dev\nFROM y AS prod\nFROM $B\n";
    let file = parse(source);
    let program = stages(&file);
    let evaluation = evaluate(&program, &Inputs::default());
    assert_eq!(evaluation.reachable(&program, None), [0, 2]);
    assert_eq!(run(source, &[("B", "prod")]).stages[2].base, Base::Stage(1));
}

#[test]
fn values_can_be_refused() {
    let first = |source| run(source, &[]).errors[0].error.message.clone();
    assert_eq!(first("ARG B\nFROM $B\n"), "base name ($B) should not be blank");
    assert!(first("FROM x\nARG V\nENV x=${V:?need}\n").ends_with("V: need"));
    assert_eq!(first("FROM x\nSTOPSIGNAL $S\n"), "invalid signal: ");
    assert!(first("FROM --platform=$P x\n").starts_with("empty platform value"));
}

#[test]
fn growth_is_bounded() {
    let mut source = "FROM scratch\nENV a=aaaaaaaa\n".to_owned();
    source.push_str(&"ENV a=$a$a$a$a\n".repeat(2_000));
    let evaluation = run(&source, &[]);
    assert!(evaluation.errors.iter().any(|e| e.error.stage == ErrorStage::Limit));
}
