//! Plimsoll ships by its own rules, and its packages hold the program.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{Repo, run_in};
use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn our_own_pipeline_has_nothing_that_blocks_or_should_be_mended() {
    let run = run_in(Path::new(ROOT), &["review", "--format", "json", "--fail-on", "never"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let open = report["findings"].as_array().unwrap().iter();
    let open: Vec<&Value> = open.filter(|finding| finding["level"] != "advice").collect();
    assert!(open.is_empty(), "{open:#?}");
    // It did look.
    let services = report["services"].as_array().unwrap();
    assert_eq!(services.len(), 1, "{services:#?}");
    assert_eq!(services[0]["dockerfile"], "Dockerfile");
    let passed = report["passed"].as_array().unwrap().len();
    assert!(passed > 15, "{passed} rules passed");
    assert_eq!(report["not_analysed"], Value::Array(Vec::new()));
}

#[test]
fn a_wheel_holds_the_program() {
    let repo = Repo::new();
    let run = |program: &str, args: &[&str]| {
        let done = Command::new(program).args(args).current_dir(ROOT).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        said
    };
    let (version, folder) = (env!("CARGO_PKG_VERSION"), repo.path());
    let folder = folder.to_str().unwrap();
    // What is packed does not matter to the packing, and the program of a test is large.
    let script = format!("{folder}/program");
    std::fs::write(&script, "#!/bin/sh\necho plimsoll, packed\n").unwrap();
    let target = "x86_64-unknown-linux-musl";
    run("python3", &["packaging/python/wheel", &script, version, target, folder]);
    let venv = format!("{folder}/venv");
    run("python3", &["-m", "venv", &venv]);
    let mut wheels = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wheel = wheels.find(|path| path.extension().is_some_and(|kind| kind == "whl"));
    let wheel = wheel.unwrap();
    let pip = ["install", "--quiet", "--no-index", wheel.to_str().unwrap()];
    run(&format!("{venv}/bin/pip"), &pip);
    assert_eq!(run(&format!("{venv}/bin/plimsoll"), &[]), "plimsoll, packed\n");
}
