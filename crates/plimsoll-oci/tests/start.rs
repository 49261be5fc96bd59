//! What keeps a container from starting, before anybody starts one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{layer, report};
use plimsoll_model::{Start, StartProblem};
use serde_json::{Value, json};

fn start(entries: &[&str], config: Value) -> Start {
    report(&[layer(entries)], &config).start
}

/// The problem, in short.
fn check(entries: &[&str], config: Value, wanted: &str) {
    let start = start(entries, config.clone());
    let said: Vec<String> = start
        .problems
        .iter()
        .map(|problem| match problem {
            StartProblem::NoCommand => "no command".to_owned(),
            StartProblem::NotFound { program } => format!("no {program}"),
            StartProblem::NotExecutable { path, mode } => format!("{path} {mode}"),
            StartProblem::NoInterpreter { interpreter, .. } => format!("needs {interpreter}"),
            StartProblem::CarriageReturn { path } => format!("{path} ends in \\r"),
            StartProblem::WrongArchitecture { is, wanted, .. } => format!("{is} on {wanted}"),
            StartProblem::MissingLibraries { libraries, .. } => libraries.join(" "),
            StartProblem::UnknownUser { user } => format!("who is {user}"),
            StartProblem::WorkingDirClosed { path } => format!("{path} is closed"),
        })
        .collect();
    assert_eq!(said.join(", "), wanted, "{entries:?} {config}");
}

#[test]
fn a_command_is_found_as_a_shell_finds_it() {
    let sh = ["0755 bin/sh: x", "0755 usr/local/bin/app: x", "0755 srv/run: x"];
    check(&sh, json!({}), "no command");
    check(&sh, json!({"Cmd": ["app"]}), "");
    check(&sh, json!({"Cmd": ["app"], "Env": ["PATH=/bin"]}), "no app");
    check(&sh, json!({"Cmd": ["./run"], "WorkingDir": "/srv"}), "");
    check(&sh, json!({"Cmd": ["./run"]}), "no ./run");
    check(&sh, json!({"Entrypoint": ["app"], "Cmd": ["nothing"]}), "");
    check(&sh, json!({"Cmd": ["/bin/sh", "-c", "exec A=1 app --port $PORT"]}), "");
    check(&sh, json!({"Cmd": ["/bin/sh", "-c", "exec gunicorn app"]}), "no gunicorn");
    check(&sh, json!({"Cmd": ["/bin/sh", "-c", "cd /srv && ./run"]}), "");
    check(&sh, json!({"Cmd": ["/bin/sh", "-c", "$APP"]}), "");
    check(&["bin -> usr/bin", "0755 usr/bin/app: x"], json!({"Cmd": ["/bin/app"]}), "");
    check(&["bin/app -> /nothing"], json!({"Cmd": ["/bin/app"]}), "no /bin/app");
    check(&["bin/app/"], json!({"Cmd": ["/bin/app"]}), "no /bin/app");
}

#[test]
fn its_user_must_be_known_and_may_execute_it() {
    let users = [
        "etc/passwd: root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/app:/bin/sh\n",
        "etc/group: root:x:0:\napp:x:1000:\nextra:x:50:app\n",
        "0700 root/",
        "0755 root/run: x",
        "0644 srv/run: x",
        "0750,0,50 srv/extra: x",
        "0700,1000,1000 srv/own: x",
    ];
    check(&users, json!({"Cmd": ["/srv/run"]}), "srv/run 0644");
    check(&users, json!({"Cmd": ["/root/run"]}), "");
    check(&users, json!({"Cmd": ["/root/run"], "User": "app"}), "root is closed");
    check(&users, json!({"Cmd": ["/srv/own"], "User": "app"}), "");
    check(&users, json!({"Cmd": ["/srv/own"], "User": "2000"}), "srv/own 0700");
    check(&users, json!({"Cmd": ["/srv/extra"], "User": "app"}), "");
    check(&users, json!({"Cmd": ["/srv/extra"], "User": "app:app"}), "srv/extra 0750");
    check(&users, json!({"Cmd": ["/srv/extra"], "User": "1000:50"}), "");
    check(&users, json!({"Cmd": ["/srv/own"], "User": "nobody"}), "who is nobody");
    check(&users, json!({"Cmd": ["/srv/own"], "User": "app:wheel"}), "who is wheel");
    assert_eq!(start(&users, json!({"Cmd": ["/srv/own"], "User": "app"})).uid, Some(1000));
}

#[test]
fn a_script_needs_its_interpreter() {
    let script = |line: &str| format!("0755 run: {line}\nrest");
    let of = |line: &str, wanted: &str| {
        let script = script(line);
        let entries = ["0755 bin/sh: x", "0755 usr/bin/env: x", "0755 usr/bin/python3: x", &script];
        check(&entries, json!({"Cmd": ["/run"]}), wanted);
    };
    of("#!/bin/sh", "");
    of("#!/bin/sh -e", "");
    of("#!/bin/bash", "needs /bin/bash");
    of("#!/usr/bin/env python3", "");
    of("#!/usr/bin/env -S python3 -u", "");
    of("#!/usr/bin/env node", "needs node");
    of("#!/bin/sh\r", "run ends in \\r");
}

/// A program of ELF with nothing but its head.
fn elf(machine: u8) -> Vec<u8> {
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 2, 1, 1];
    bytes.resize(64, 0);
    (bytes[16], bytes[18], bytes[20], bytes[52]) = (2, machine, 1, 64);
    bytes
}

#[test]
fn a_program_is_for_a_processor() {
    let of = |machine: u8| {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(64);
        header.set_mode(0o755);
        tar.append_data(&mut header, "app", elf(machine).as_slice()).unwrap();
        report(&[tar.into_inner().unwrap()], &json!({"Cmd": ["/app"]})).start.problems
    };
    assert_eq!(of(62), []);
    let is = |problems: &[StartProblem]| match problems {
        [StartProblem::WrongArchitecture { is, wanted, .. }] => format!("{is} {wanted}"),
        other => format!("{other:?}"),
    };
    assert_eq!(is(&of(183)), "arm64 amd64");
}

#[test]
fn a_program_needs_its_loader_and_its_libraries() {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let image = |more: &[&str]| {
        let mut tar = tar::Builder::new(layer(more));
        let mut bytes = tar.get_mut().clone();
        bytes.truncate(bytes.len() - 1024);
        let mut tar = tar::Builder::new(bytes);
        let mut header = tar::Header::new_gnu();
        header.set_size(program.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, "app", program.as_slice()).unwrap();
        report(&[tar.into_inner().unwrap()], &json!({"Cmd": ["/app"]}))
    };
    let loader = ["lib64/ld-linux-x86-64.so.2: x", "lib/ld-linux-aarch64.so.1: x"];
    let alpine = image(&["lib/ld-musl-x86_64.so.1: x"]).start.problems;
    assert!(
        matches!(&alpine[..], [StartProblem::NoInterpreter { interpreter, .. }] if interpreter.contains("/ld-")),
        "{alpine:?}"
    );
    let bare = image(&loader);
    let problems = bare.start.problems;
    assert!(
        matches!(&problems[..], [StartProblem::MissingLibraries { libraries, .. }] if libraries.iter().any(|l| l.starts_with("libc.so"))),
        "{problems:?}"
    );
    assert_eq!(bare.missing_libraries.len(), 1);
    let whole = [
        loader.as_slice(),
        &["usr/lib/libc.so.6: x", "usr/lib/libgcc_s.so.1: x", "usr/lib/libm.so.6: x"],
    ]
    .concat();
    assert_eq!(image(&whole).start.problems, []);
}
