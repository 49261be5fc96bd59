//! `plimsoll boot` put to real images, by our own runtime: what starts well, and every way not to.
//!
//! `scripts/test-engine` starts the engine that the images come from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use common::measured::{Server, Story};
use common::{Repo, Run, command, engine, finished};
use plimsoll_model::{BootComparison, BootOutcome, BootReport};

const PYTHON: &str = "python:3.11-slim";

/// Where images are unpacked: once for all tests.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("boot-cache")
}

fn boot_in(folder: &Path, args: &[&str]) -> Run {
    let all = [&["boot", "--engine", "embedded"][..], args].concat();
    finished(command(folder, &all).env("XDG_CACHE_HOME", cache()))
}

/// Starts a program in the Python image.
fn booted(args: &[&str], script: &str) -> (BootReport, i32) {
    assert!(engine(), "no engine: run scripts/test-engine");
    let program = ["--", "python3", "-u", "-c", script];
    let fixed = [PYTHON, "--json", "--port", "8080", "--hold", "0"];
    let run = boot_in(&std::env::temp_dir(), &[&fixed[..], args, &program].concat());
    (
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}{}", run.out, run.err)),
        run.code,
    )
}

/// Starts one that is not to become ready.
fn fails(args: &[&str], script: &str) -> (BootOutcome, String) {
    let (report, code) = booted(&[&["--boots", "1"], args].concat(), script);
    assert_eq!(code, 13);
    let first = report.first.unwrap();
    assert_eq!(report.boots[0].outcome, first.outcome);
    (first.outcome, first.detail.unwrap_or_default())
}

const SERVE: &str = "import http.server as h\nh.HTTPServer(('0.0.0.0', 8080), h.SimpleHTTPRequestHandler).serve_forever()";

/// The cgroups of a program's containers: they have its number in their names.
fn left(number: &str) -> Vec<PathBuf> {
    fn search(folder: &Path, number: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with("plimsoll-") && name.contains(number) {
                    found.push(entry.path());
                }
                search(&entry.path(), number, found);
            }
        }
    }
    let mut found = Vec::new();
    search(Path::new("/sys/fs/cgroup"), number, &mut found);
    found
}

#[test]
fn each_start_is_measured_under_its_limits() {
    let (report, code) = booted(&["--boots", "6", "--cpus", "0.5", "--memory", "128Mi"], SERVE);
    assert_eq!((code, report.boots.len(), report.ready().count()), (0, 6, 6));
    for boot in report.boots.iter().chain(&report.first) {
        let (exec, port, ready) = (boot.exec.unwrap(), boot.port.unwrap(), boot.ready.unwrap());
        assert!(0.0 < exec && exec < port && port <= ready, "{boot:?}");
        // A port is open as soon as somebody else could have connected: the probe asks no more.
        assert_eq!(boot.probe, boot.port);
        assert!(
            boot.cpu.unwrap() > 0.0 && boot.throttled.is_some() && boot.threads == Some(1),
            "{boot:?}"
        );
        let memory = boot.memory.unwrap();
        assert!(memory.anon > 1 << 20 && memory.working_set >= memory.anon, "{memory:?}");
        assert!(memory.peak.unwrap() <= 128 << 20, "{memory:?}");
    }
    assert!(report.of(|boot| boot.ready).interval.is_some());
    assert!(report.of(|boot| boot.ready).p95.is_none(), "six starts say nothing of a P95");
}

#[test]
fn the_first_start_finds_an_empty_page_cache() {
    let (report, _) = booted(&["--boots", "3"], SERVE);
    let read = report.first.as_ref().unwrap().read_bytes.unwrap();
    let later = report.boots.last().unwrap().read_bytes.unwrap();
    assert!(read > 1 << 20 && later < read / 4, "{read} bytes, then {later}");
    let (report, _) = booted(&["--boots", "3", "--evict"], SERVE);
    assert!(report.evicted && report.boots.iter().all(|boot| boot.read_bytes.unwrap() > 1 << 20));
}

#[test]
fn memory_does_not_depend_on_the_page_cache() {
    let load = format!("import json, email, xml.dom.minidom\nx = bytearray(60 << 20)\n{SERVE}");
    let working_set = |args: &[&str]| {
        let (report, _) = booted(&[&["--boots", "6"], args].concat(), &load);
        report.of(|boot| boot.memory.map(|m| m.working_set as f64)).median.unwrap()
    };
    let (warm, evicted) = (working_set(&[]), working_set(&["--evict"]));
    assert!((evicted / warm - 1.0).abs() < 0.1, "{warm} bytes warm, {evicted} evicted");
}

#[test]
fn one_that_never_listens() {
    let (outcome, _) = fails(&["--timeout", "2"], "import time\ntime.sleep(600)");
    assert_eq!(outcome, BootOutcome::NeverListened);
}

#[test]
fn one_that_listens_on_localhost_only() {
    let began = Instant::now();
    let (outcome, _) = fails(&["--timeout", "40"], &SERVE.replace("0.0.0.0", "127.0.0.1"));
    assert_eq!(outcome, BootOutcome::LocalhostOnly);
    assert!(began.elapsed().as_secs() < 40, "it is seen long before the time is up");
}

#[test]
fn one_that_ends_at_once() {
    let (outcome, said) =
        fails(&[], "import sys\nprint('no \\x1b[31mdatabase', file=sys.stderr)\nsys.exit(3)");
    assert_eq!(outcome, BootOutcome::Exited { code: 3 });
    assert!(said.contains("no ") && said.contains("database"), "{said}");
    let (outcome, _) = fails(&[], "import os\nos.kill(os.getpid(), 11)\nos.abort()");
    assert!(matches!(outcome, BootOutcome::Exited { code: 134 | 139 }), "{outcome:?}");
}

#[test]
fn one_that_wants_too_much_memory() {
    let (outcome, _) = fails(&["--memory", "64Mi"], "x = bytearray(200 << 20)");
    assert_eq!(outcome, BootOutcome::OutOfMemory);
}

#[test]
fn one_that_opens_its_port_long_before_it_is_ready() {
    let late = "import socket, time\ns = socket.create_server(('0.0.0.0', 8080))\ntime.sleep(1)\nwhile True:\n c = s.accept()[0]\n \
                c.recv(4096)\n c.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n')\n c.close()";
    let (report, _) = booted(&["--boots", "1"], late);
    let boot = &report.boots[0];
    let (port, ready) = (boot.port.unwrap(), boot.ready.unwrap());
    assert!(ready - port > 0.9 && ready < 3.0, "{boot:?}");
    // What waited was time, not work.
    assert!(boot.cpu.unwrap() < 0.9, "{boot:?}");
}

#[test]
fn one_whose_health_path_never_answers_well() {
    let never = SERVE.replace(
        "h.SimpleHTTPRequestHandler",
        "type('H', (h.BaseHTTPRequestHandler,), {'do_GET': lambda s: s.send_error(503)})",
    );
    let (outcome, _) = fails(&["--timeout", "2", "--ready", "/health"], &never);
    assert_eq!(outcome, BootOutcome::NeverAnswered { status: Some(503) });
}

#[test]
fn one_that_forks_prints_without_end_and_ignores_sigterm() {
    let wild = format!(
        "import os, signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         for _ in range(20):\n if os.fork() == 0:\n  os.setsid()\n  while True: signal.pause()\n\
         for _ in range(1024): os.write(1, b'x' * (1 << 20))\n{SERVE}"
    );
    let began = Instant::now();
    let run = boot_in(
        &std::env::temp_dir(),
        &[
            PYTHON, "--json", "--port", "8080", "--hold", "1", "--boots", "1", "--", "python3",
            "-c", &wild,
        ],
    );
    let report: BootReport = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, report.boots[0].threads), (0, Some(21)), "{}", run.err);
    // It does not end by itself: it is killed ten seconds after it was asked.
    assert!(report.settled.is_some() && report.stop.is_none());
    assert!(began.elapsed().as_secs() >= 10);
}

#[test]
fn nothing_is_left_behind_even_by_one_that_is_killed() {
    let mut child = command(
        &std::env::temp_dir(),
        &[
            "boot",
            "--engine",
            "embedded",
            PYTHON,
            "--port",
            "8080",
            "--timeout",
            "60",
            "--",
            "python3",
            "-c",
            "import time\ntime.sleep(600)",
        ],
    )
    .env("XDG_CACHE_HOME", cache())
    .spawn()
    .unwrap();
    let number = format!("-{}-", child.id());
    let began = Instant::now();
    let wait = |there: bool| {
        while left(&number).is_empty() == there {
            assert!(began.elapsed().as_secs() < 90, "{:?}", left(&number));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    wait(true);
    child.kill().unwrap();
    child.wait().unwrap();
    wait(false);
}

#[test]
fn two_images_are_started_in_turns() {
    let folder = std::env::temp_dir();
    let script = format!("n = sum(i * i for i in range(1_000_000))\n{SERVE}");
    let program = ["--", "python3", "-c", &script];
    let args = [PYTHON, "--json", "--port", "8080", "--boots", "6", "--against", PYTHON];
    let run = boot_in(&folder, &[&args[..], &program].concat());
    let compared: BootComparison = serde_json::from_str(&run.out).unwrap();
    assert_eq!((run.code, compared.ready.pairs, compared.cpu.pairs), (0, 6, 6), "{}", run.err);
    assert!(compared.cpu.interval.is_some() && compared.cpu.could_have_seen.is_some());
}

/// A client of the engine that can build.
fn client() -> PathBuf {
    plimsoll_measure::engine::client_program().unwrap()
}

/// Builds an image of files; its name.
fn built(name: &str, files: &[(&str, &str)]) -> String {
    assert!(engine(), "no engine: run scripts/test-engine");
    let repo = files.iter().fold(Repo::new(), |repo, (path, text)| repo.file(path, text));
    let tag = format!("plimsoll-test-boot:{name}");
    let path = repo.path();
    let done = Command::new(client())
        .env("DOCKER_BUILDKIT", "1")
        .args(["build", "--quiet", "--tag", &tag, "."])
        .current_dir(&path)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    tag
}

/// Starts an image with its own command.
fn of_image(image: &str, args: &[&str]) -> BootReport {
    let fixed = [image, "--json", "--boots", "6", "--memory", "1Gi", "--cpus", "1"];
    let run = boot_in(&std::env::temp_dir(), &[&fixed[..], args].concat());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn median(report: &BootReport) -> f64 {
    report.of(|boot| boot.cpu).median.unwrap()
}

#[test]
fn a_fastapi_service_with_and_without_bytecode() {
    let app = "from fastapi import FastAPI\nimport email, xml.dom.minidom, sqlite3, unittest, asyncio, ssl\napp = FastAPI()\n\n\
               @app.get('/health')\ndef health():\n    return {'ok': True}\n";
    let dockerfile = "FROM python:3.11-slim\nRUN pip install --no-cache-dir fastapi uvicorn && python -m compileall -q /usr/lib/python3.11\n\
                      WORKDIR /app\nCOPY app.py .\nRUN useradd --uid 1000 app\nUSER app\nEXPOSE 8080\n\
                      CMD [\"uvicorn\", \"app:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8080\"]\n";
    let with = built("fastapi", &[("Dockerfile", dockerfile), ("app.py", app)]);
    let without = "FROM plimsoll-test-boot:fastapi\nUSER root\nRUN find / -xdev -name '*.pyc' -delete\nUSER app\n";
    let without = built("fastapi-plain", &[("Dockerfile", without)]);
    let (with, without) =
        (of_image(&with, &["--ready", "/health"]), of_image(&without, &["--ready", "/health"]));
    assert_eq!(
        (with.settings.port, with.ready().count(), without.ready().count()),
        (Some(8080), 6, 6)
    );
    let (with, without) = (median(&with), median(&without));
    assert!(without > with * 1.5, "{with} s of CPU with bytecode, {without} s without");
}

#[test]
fn a_node_service() {
    let server = "const h = require('http');\nprocess.on('SIGTERM', () => process.exit(0));\n\
                  h.createServer((_, a) => a.end('ok')).listen(process.env.PORT || 3000);\n";
    let dockerfile = "FROM node:20-slim\nCOPY main.js /\nEXPOSE 3000\nENTRYPOINT [\"node\"]\nCMD [\"/main.js\"]\n";
    let image = built("node", &[("Dockerfile", dockerfile), ("main.js", server)]);
    let report = of_image(&image, &[]);
    assert_eq!(report.settings.port, Some(3000));
    assert!(report.stop.unwrap() < 5.0 && report.settled.is_some());
    let report = of_image(&image, &["--port", "80", "--env", "PORT=80"]);
    assert_eq!((report.settings.port, report.ready().count()), (Some(80), 6));
}

#[test]
fn a_java_service() {
    let server = "import com.sun.net.httpserver.HttpServer;\nclass Main {\n  public static void main(String[] a) throws Exception {\n    \
                  var s = HttpServer.create(new java.net.InetSocketAddress(8080), 0);\n    \
                  s.createContext(\"/\", e -> { e.sendResponseHeaders(200, -1); e.close(); });\n    s.start();\n  }\n}\n";
    let dockerfile = "FROM eclipse-temurin:17\nWORKDIR /app\nCOPY Main.java .\nRUN javac Main.java\nEXPOSE 8080\nCMD [\"java\", \"Main\"]\n";
    let image = built("java", &[("Dockerfile", dockerfile), ("Main.java", server)]);
    let report = of_image(&image, &[]);
    assert_eq!(report.ready().count(), 6);
    // The machine sees the limit of its container, and takes a quarter of it at most for its heap.
    let memory = report.settled.unwrap().0;
    assert!(memory.anon < 256 << 20, "{memory:?}");
}

#[test]
fn a_static_program_needs_nothing_else_in_its_image() {
    let source = "use std::io::*;\nfn main() {\n  let l = std::net::TcpListener::bind(\"0.0.0.0:8080\").unwrap();\n  \
                  for s in l.incoming() {\n    let mut s = s.unwrap();\n    let _ = s.read(&mut [0; 4096]);\n    \
                  let _ = s.write_all(b\"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n\");\n  }\n}\n";
    let repo = Repo::new().file("main.rs", source);
    let done = Command::new("rustc")
        .args(["-O", "-C", "target-feature=+crt-static", "-o", "server", "main.rs"])
        .current_dir(repo.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let dockerfile = "FROM scratch\nCOPY server /server\nUSER 65534:65534\nEXPOSE 8080\nENTRYPOINT [\"/server\"]\n";
    fs::write(repo.path().join("Dockerfile"), dockerfile).unwrap();
    let archive = repo.path().join("server.tar");
    let tag = "plimsoll-test-boot:static";
    for args in [
        &["build", "--quiet", "--tag", tag, "."][..],
        &["save", "--output", archive.to_str().unwrap(), tag],
    ] {
        let done = Command::new(client())
            .env("DOCKER_BUILDKIT", "1")
            .args(args)
            .current_dir(repo.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let report = of_image(archive.to_str().unwrap(), &[]);
    assert_eq!(report.ready().count(), 6);
    let ready = report.of(|boot| boot.ready).median.unwrap();
    assert!(ready < 1.0, "{ready} s");
}

#[test]
fn a_service_is_built_and_started_as_its_deployment_says() {
    let flags = "--region europe-west1 --memory 256Mi --cpu 1 --no-cpu-boost --set-env-vars REGION=eu --port 8080";
    let server = Server { before: "print(os.environ['REGION'])", ..Server::default() };
    let story = Story::new().serves("api", flags, &server).committed();
    let run = boot_in(
        &story.repo.path(),
        &["api", "--boots", "6", "--hold", "0", "--json", "--svg", "boots.svg"],
    );
    let report: BootReport =
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.err));
    assert_eq!((run.code, report.ready().count()), (0, 6), "{}", run.err);
    let settings = &report.settings;
    assert_eq!(
        (settings.cpus, settings.memory, settings.port),
        (Some(1.0), Some(256 << 20), Some(8080))
    );
    assert!(
        settings.source.as_ref().unwrap().starts_with(".github/workflows/deploy.yml:"),
        "{settings:?}"
    );
    // The platform would give it two while it starts, as soon as it is asked to.
    let boost = report.boost.unwrap();
    assert_eq!(
        (boost.cpus, boost.is_set, boost.boots.len(), boost.ready.pairs),
        (2.0, false, 6, 6)
    );
    assert!(boost.billed.is_some() && boost.cost.is_some());
    assert!(story.repo.read("boots.svg").starts_with("<svg"));
    assert_eq!(story.left(), Vec::<String>::new());
}

#[test]
fn a_review_starts_an_image_that_is_given_without_an_engine() {
    let flags = "--region europe-west1 --memory 256Mi --cpu 1 --port 8080";
    let story = Story::new().serves("api", flags, &Server::default()).committed();
    let folder = story.repo.path();
    let archive = folder.with_file_name("api.tar");
    let docker = |args: &[&str]| {
        let done = Command::new(client())
            .env("DOCKER_BUILDKIT", "1")
            .args(args)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    docker(&["build", "--quiet", "--tag", "plimsoll-test-boot:review", "api"]);
    docker(&["save", "--output", archive.to_str().unwrap(), "plimsoll-test-boot:review"]);
    let image = format!("api={}", archive.display());
    let args = ["--image", &image, "--boots", "59", "--format", "json"];
    let run = finished(
        story
            .command(&args)
            .env("XDG_CACHE_HOME", cache())
            .env("DOCKER_HOST", "unix:///nonexistent.sock"),
    );
    let report: plimsoll_model::Report =
        serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {}", run.err));
    let value = |metric: &str| {
        let named = report.figures.iter().find(|figure| figure.metric == metric);
        named.unwrap_or_else(|| panic!("{metric} is not there")).figure.value()
    };
    for metric in [
        "boot.ready.p95",
        "boot.first_request.seconds",
        "boot.first.seconds",
        "boot.cpu.seconds",
        "memory.boot.bytes",
        "memory.boot_ratio",
    ] {
        assert!(value(metric).is_some_and(|value| value > 0.0), "{metric}");
    }
    let boots = &report.services[0].boots;
    assert_eq!(boots.len(), 1);
    assert!(
        boots[0].why.as_ref().is_some_and(|why| why.runtime.starts_with("Python")),
        "{boots:?}"
    );
    let gate = report.gates.iter().find(|gate| gate.budget.metric == "boot.ready.p95").unwrap();
    assert_eq!(gate.state, plimsoll_model::GateState::Passed);
}

#[test]
fn what_makes_no_sense_is_said() {
    let repo = Repo::new();
    let folder = repo.path();
    for (args, code, wanted) in [
        (&["no-such-image:1"][..], 3, "no-such-image"),
        (&["--service", "x"], 2, "there is no service x"),
        (&[], 2, "it is not known what is to be started"),
        (&[PYTHON, "--env", "production"], 2, "an image has no environment production"),
        (&[PYTHON, "--cpus", "0"], 2, "0.5, 2 or 500m"),
        (&[PYTHON, "--memory", "5"], 2, "512Mi"),
        (&[PYTHON, "--ready", "health"], 2, "begins with /"),
    ] {
        let run = boot_in(&folder, args);
        assert_eq!(run.code, code, "{args:?}: {}", run.err);
        assert!(run.err.contains(wanted), "{args:?}: {}", run.err);
    }
    let run =
        boot_in(&folder, &[PYTHON, "--port", "8080", "--boots", "1", "--", "no-such-program"]);
    assert_eq!(run.code, 13, "{}", run.err);
    assert!(run.out.contains("no-such-program"), "{}", run.out);
}
