//! `plimsoll boot --why` put to a real service, by our own runtime.
//!
//! `scripts/test-engine` starts the engine that the image comes from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{Run, command, engine, finished};
use plimsoll_model::{BootReport, PhaseKind};

/// What reads many modules, sleeps and serves.
const SERVICE: &str = "import email, time, http.server as h\ntime.sleep(0.2)\n\
    h.HTTPServer(('0.0.0.0', 8080), h.SimpleHTTPRequestHandler).serve_forever()";

fn boot(args: &[&str]) -> Run {
    assert!(engine(), "no engine: run scripts/test-engine");
    let first = ["boot", "python:3.11-slim", "--engine", "embedded", "--why", "--boots", "2"];
    let fixed = ["--port", "8080", "--hold", "0"];
    let all = [&first[..], &fixed, args, &["--", "python3", "-c", SERVICE]].concat();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("boot-cache");
    finished(command(&std::env::temp_dir(), &all).env("XDG_CACHE_HOME", cache))
}

#[test]
fn where_the_time_goes_is_said() {
    let run = boot(&["--json"]);
    let report: BootReport = serde_json::from_str(&run.out).unwrap();
    let why = report.why.clone().unwrap();
    assert_eq!(why.runtime, "Python 3.11");
    let kinds: Vec<PhaseKind> = why.phases.iter().map(|phase| phase.kind).collect();
    use PhaseKind::{Container, FirstAnswer, Imports, Linking, Runtime, Setup};
    assert_eq!(kinds, [Container, Linking, Runtime, Imports, Setup, FirstAnswer]);
    assert!(why.advice.iter().any(|advice| advice.contains("is sleep")), "{:?}", why.advice);

    let page = boot(&[]).out;
    for said in ["why  Python 3.11", "setup until the port is open", "asleep", "the costliest of"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn of_two_images_at_once_it_is_not_asked() {
    let run = boot(&["--against", "python:3.11-slim"]);
    assert_eq!(run.code, 2, "{}", run.err);
}
