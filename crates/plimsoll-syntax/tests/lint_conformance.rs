//! BuildKit's build checks: cases of our own, then every case of BuildKit's where the
//! conformance folder is at hand (`conformance_data` says where it is looked for).
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::print_stderr, reason = "a skipped test must say so")]
#![expect(clippy::disallowed_methods, reason = "a test is not part of the pure crate")]

mod conformance_data;

use conformance_data::{conformance, json};
use plimsoll_syntax::LineIndex;
use plimsoll_syntax::dockerfile::lint::{Linted, lint};
use plimsoll_syntax::dockerfile::{self, Inputs};
use plimsoll_syntax::ignorefile::IgnoreFile;
use serde_json::Value;

fn run(source: &str, inputs: &Inputs, ignored: &str) -> Linted {
    let file = dockerfile::parse(source);
    lint(source, &dockerfile::stages(&file), inputs, &IgnoreFile::parse(ignored).patterns)
}

/// The warnings as `line check: detail`, sorted.
fn ours(source: &str, linted: &Linted) -> Vec<String> {
    let index = LineIndex::new(source);
    let show = |w: &dockerfile::lint::Warning| {
        format!("{} {}: {}", index.line(w.span.start), w.check.as_str(), w.detail)
    };
    let mut shown: Vec<_> = linted.warnings.iter().map(show).collect();
    shown.sort();
    shown
}

fn theirs(warnings: &Value) -> Vec<String> {
    let show = |w: &Value| {
        let (check, detail) = (w["rule"].as_str().unwrap(), w["detail"].as_str().unwrap());
        format!("{} {check}: {detail}", w["line"])
    };
    let mut shown: Vec<_> = warnings.as_array().into_iter().flatten().map(show).collect();
    shown.sort();
    shown
}

/// Checks what is found without build arguments: lines and names of checks.
#[track_caller]
fn check(source: &str, expected: &[&str]) -> Linted {
    let linted = run(source, &Inputs::default(), "");
    let found = ours(source, &linted);
    let found: Vec<_> = found.iter().map(|w| w.split(':').next().unwrap()).collect();
    assert_eq!(found, expected, "{source}");
    linted
}

#[test]
fn names_and_cases() {
    check(
        "FROM a AS Build\nfrom b As c\n",
        &["1 StageNameCasing", "2 ConsistentInstructionCasing", "2 FromAsCasing"],
    );
    check(
        "FROM a AS x\nFROM b AS X\nFROM c AS context\n",
        &["2 DuplicateStageName", "2 StageNameCasing", "3 ReservedStageName"],
    );
    check(
        "arg A=1\nfrom a\nrun b\nCMD [\"c\"]\nEnv d=e\n",
        &["4 ConsistentInstructionCasing", "5 ConsistentInstructionCasing"],
    );
}

#[test]
fn what_an_earlier_instruction_is_replaced_by() {
    check(
        "FROM a\nCMD [\"x\"]\nCMD y\nHEALTHCHECK NONE\nHEALTHCHECK CMD z\nSHELL [\"s\"]\nCMD w\n",
        &[
            "2 MultipleInstructionsDisallowed",
            "3 JSONArgsRecommended",
            "3 MultipleInstructionsDisallowed",
            "4 MultipleInstructionsDisallowed",
        ],
    );
    check("FROM a AS x\nSHELL [\"s\"]\nCMD y\nFROM x\nCMD z\n", &[]);
}

#[test]
fn variables() {
    check(
        "ARG A=b\nFROM a$A$B\nRUN $x\nUSER $A\nARG A\nUSER $A ${TARGETARCH:-x}\n",
        &["2 UndefinedArgInFrom", "4 UndefinedVar", "6 UndefinedVar"],
    );
    let linted = check(
        "FROM a\nENV FOO_A=1 B=$FOO_A\nENV C=$FOO_B\n",
        &["2 UndefinedVar", "3 UndefinedVar"],
    );
    assert!(linted.warnings[1].detail.ends_with("'$FOO_B' (did you mean $FOO_A?)"));
    assert_eq!(linted.warnings[1].subject, "FOO_B");
    // What a stage sets is known in the stages built on it, and nowhere else.
    check(
        "FROM a AS x\nENV A=1\nARG B\nFROM x\nUSER $A$B$PATH\nFROM a\nUSER $A\n",
        &["7 UndefinedVar"],
    );
    check("FROM a\nCOPY <<E <<'F' /d/\n$A\nE\n$B\nF\n", &["2 UndefinedVar"]);
    check("FROM a\nRUN --mount=type=cache,target=$A/x b\n", &["2 UndefinedVar"]);
}

#[test]
fn platforms() {
    check(
        "FROM --platform=linux/arm64 a\nFROM --platform=arm64 a AS build-arm64\n",
        &["1 FromPlatformFlagConstDisallowed"],
    );
    check(
        "FROM --platform=$TARGETPLATFORM a\nFROM --platform=$BUILDPLATFORM a\n",
        &["1 RedundantTargetPlatform"],
    );
    assert!(check("FROM --platform=foo a\nENV a b\n", &[]).refused);
}

#[test]
fn onbuild_warns_where_it_fires() {
    check("FROM a AS x\nONBUILD ENV a b\nFROM x\n", &["3 LegacyKeyValueFormat"]);
    check("FROM a AS x\nONBUILD ENV a b\nFROM x\nFROM b\n", &[]);
}

#[test]
fn what_is_refused_ends_the_checks() {
    let linted =
        check("FROM a\nMAINTAINER m\nENV a b\nFOO\nMAINTAINER m\n", &["2 MaintainerDeprecated"]);
    assert!(linted.refused);
    assert!(check("FROM a\nENV a b\nSTOPSIGNAL x\nENV a b\n", &["2 LegacyKeyValueFormat"]).refused);
    assert!(check("FROM a\nENV a b\nFROM b\nCOPY --from=1 a b\n", &[]).refused);
    assert!(check("RUN a\n", &[]).refused);
    assert!(check("FROM a\nRUN --mount=type=$A,foo=1 x\nENV a b\n", &["2 UndefinedVar"]).refused);
    assert!(check("FROM a\nRUN \\\n\n x <<E\n", &[]).refused);
}

#[test]
fn checks_are_skipped() {
    let source = "# check=skip=LegacyKeyValueFormat;error=true\nFROM a\nENV a b\nCMD x\n";
    assert!(check(source, &["4 JSONArgsRecommended"]).fails);
    assert!(
        check(" # check=skip=all\nFROM a\nCMD x\n", &["3 JSONArgsRecommended"]).warnings.len() == 1
    );
    check(
        "FROM a\n# why\n\n# check=skip=JSONArgsRecommended // here\nCMD x\nENTRYPOINT y\n",
        &["6 JSONArgsRecommended"],
    );
    check("FROM a\n# check=skip=all\n#\nCMD x\n", &["4 JSONArgsRecommended"]);
    assert!(check("# check=skipp=all\nFROM a\nCMD x\n", &[]).refused);
    check(
        "# check=experimental=all\n# bar\nARG foo=1\nFROM a\n",
        &["3 InvalidDefinitionDescription"],
    );
}

#[test]
fn what_the_ignore_file_leaves_out() {
    let found = |source: &str, ignored: &str| {
        let linted = run(source, &Inputs::default(), ignored);
        ours(source, &linted)
    };
    let source = "FROM a AS x\nFROM a\nCOPY ./d/f /\nADD . /\nCOPY --from=x d /\nADD http://d /\n";
    assert_eq!(
        found(source, "d\n"),
        ["3 CopyIgnoredFile: Attempting to Copy file \"d/f\" that is excluded by .dockerignore"]
    );
    assert_eq!(found(source, "*\n").len(), 2);
    assert_eq!(found(source, "*\n!d/g\n"), [""; 0]);
}

#[test]
fn ports() {
    check(
        "FROM a\nEXPOSE 80 53/UDP 1.2.3.4:80:80 $P\n",
        &["2 ExposeInvalidFormat", "2 ExposeProtoCasing"],
    );
}

#[test]
fn cases_of_buildkit() {
    let Some(path) = conformance("buildkit-lint.json") else { return };
    let data = json(&path);
    let cases = data.as_array().unwrap();
    assert_eq!(cases.len(), 87);
    for case in cases {
        let source = case["dockerfile"].as_str().unwrap();
        let mut inputs = Inputs::default();
        let mut checks = None;
        for (key, value) in case["frontend_attrs"].as_object().into_iter().flatten() {
            let (name, value) = (key.strip_prefix("build-arg:").unwrap(), value.as_str().unwrap());
            match name {
                "BUILDKIT_DOCKERFILE_CHECK" => checks = Some(value.to_owned()),
                _ => drop(inputs.build_args.insert(name.to_owned(), value.to_owned())),
            }
        }
        let expected = &case["library_all_targets"];
        let linted = run(source, &inputs, "");
        assert_eq!(ours(source, &linted), theirs(&expected["warnings"]), "{case}");
        assert_eq!(linted.refused || linted.fails, !expected["error"].is_null(), "{case}");
        // The library knows no ignore file and no build argument for the checks.
        let name = "BUILDKIT_DOCKERFILE_CHECK".to_owned();
        let whole = checks.is_some() || !case["dockerignore"].is_null();
        inputs.build_args.extend(checks.map(|checks| (name, checks)));
        if whole {
            let linted = run(source, &inputs, case["dockerignore"].as_str().unwrap_or(""));
            assert_eq!(ours(source, &linted), theirs(&case["warnings"]), "{case}");
        }
    }
}

#[test]
fn tricky_files() {
    let Some(path) = conformance("buildkit-tricky.json") else { return };
    let data = json(&path);
    let cases = data.as_object().unwrap();
    assert_eq!(cases.len(), 66);
    for (name, case) in cases {
        let source = case["dockerfile"].as_str().unwrap();
        let linted = run(source, &Inputs::default(), "");
        let expected = &case["buildkit"];
        assert_eq!(ours(source, &linted), theirs(&expected["warnings"]), "{name}: {case}");
        assert_eq!(linted.refused || linted.fails, !expected["error"].is_null(), "{name}: {case}");
    }
}
