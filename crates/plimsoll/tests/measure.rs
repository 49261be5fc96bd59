//! `plimsoll review --measure` put to a real engine: services that are as they should be.
//!
//! `scripts/test-engine` starts the engine and makes the base images.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;

use common::measured::{DOCKERFILE, Server, Story};
use common::records::{blob, manifest};
use plimsoll_model::{CheckName, CheckState, GateState};

#[test]
fn a_good_service_passes_and_is_judged_again_from_its_record() {
    let flags = "--region europe-west1 --memory 512Mi --cpu 1 --set-env-vars REGION=eu --port 8080";
    let server = Server { before: "print(os.environ['REGION'])", ..Server::default() };
    let story = Story::new().serves("api", flags, &server).committed();
    let said = story.measured(&["--starts", "2"]);
    for name in CheckName::ALL {
        said.check("api", name, "passed: ");
    }
    said.check("api", CheckName::Starts, "passed: it runs with 1 CPU and 537 MB of memory");
    for gate in &said.report.gates {
        assert!(gate.state != GateState::Failed, "{gate:?}");
    }
    for metric in
        ["build.cold.seconds", "image.bytes", "boot.first_request.seconds", "stop.seconds"]
    {
        assert!(said.figure("api", metric).value().is_some(), "{metric}");
    }
    let service = &said.report.services[0];
    let builds = service.measured_builds.as_ref().unwrap();
    let cached = |build: &plimsoll_model::BuildReport| {
        build.own_steps().filter(|step| step.command.starts_with("COPY")).all(|step| step.cached)
    };
    assert!(!cached(&builds.cold) && cached(builds.warm.as_ref().unwrap()));
    let changed = builds.changed.as_ref().unwrap();
    assert_eq!((changed.file.as_str(), cached(&changed.build)), ("main.py", false));
    // A layer knows its line: WORKDIR's and COPY's.
    let lines = service.image.as_ref().unwrap().layers.iter().filter_map(|layer| layer.line);
    assert!(lines.eq([3, 4]), "{:?}", service.image.as_ref().unwrap().layers);
    judged_again(&story);
    // The builder knows what it built; a change is a change all the same.
    let again = story.measured(&[]);
    let builds = again.report.services[0].measured_builds.as_ref().unwrap();
    assert!(!cached(&builds.changed.as_ref().unwrap().build));
}

/// The record of the run gives the same report, and every log.
fn judged_again(story: &Story) {
    let run = &story.repo.runs()[0];
    let report = fs::read(blob(run, "report")).unwrap();
    let judged = story.repo.run_recorded(&["judge", "--format", "json", "--fail-on", "never"]);
    assert!(judged.err.contains("byte by byte"), "{}", judged.err);
    assert_eq!(judged.out.as_bytes(), report);
    let forms = ["--full", "--output", "r.md", "--output", "r.html"];
    let page = story.repo.run_recorded(&[&["judge", "--fail-on", "never"][..], &forms].concat());
    assert!(page.out.contains("COPY main.py ."), "{}", page.out);
    for (form, wanted) in [("r.md", "#### Builds"), ("r.html", "<h3>Builds</h3>")] {
        let text = story.repo.read(form);
        for wanted in [wanted, "COPY main.py .", "container starts", "Whose the bytes are"] {
            assert!(text.contains(wanted), "{wanted} is not in {form}");
        }
    }
    let kept = manifest(run).to_string();
    for log in ["build/api-cold.log", "build/api-warm.log", "build/api-changed.log"] {
        assert!(kept.contains(log), "{log} is not in {kept}");
    }
}

const NODE: &str = "const http = require('http');\nprocess.on('SIGTERM', () => process.exit(0));\n\
     http.createServer((_, answer) => answer.end('ok')).listen(8080);\n";

#[test]
fn services_of_other_kinds_are_tried_as_far_as_they_can_be() {
    let late = Server { status: "200 if time.time() > began + 2 else 503", ..Server::default() };
    let node = DOCKERFILE
        .replace("python:3.11", "node:20")
        .replace("\"python\", \"main.py\"", "\"node\", \"main.js\"");
    let node = node.replace("COPY main.py", "COPY main.js");
    let worker = "FROM python:3.11-slim\nLABEL NONCE\nUSER 1000\n\
                  CMD [\"bash\", \"-c\", \"trap 'exit 0' TERM; sleep 600 & wait\"]\n";
    let story = Story::new()
        .serves("late", "--memory 512Mi", &late)
        .service("node", None, &[("Dockerfile", &node), ("main.js", NODE)])
        .service("worker", None, &[("Dockerfile", worker)])
        .committed();
    let said = story.measured(&[]);
    // It is ready when it says so, not when its port is open.
    for name in CheckName::ALL {
        said.check("late", name, "passed: ");
        said.check("node", name, "passed: ");
    }
    let first = said.figure("late", "boot.first_request.seconds").value().unwrap();
    assert!((2.0..20.0).contains(&first), "{first}");
    said.check("node", CheckName::Imports, "passed: Node loads main.js");
    // Nothing is known of its code, and it has no port.
    said.check("worker", CheckName::Imports, "passed: /usr/bin/bash and the libraries it needs");
    said.check("worker", CheckName::Starts, "passed: ");
    said.check("worker", CheckName::OpensPort, "not run: which port it has is not known");
    said.check("worker", CheckName::AnswersHealth, "not run: no health path is known");
    said.check("worker", CheckName::StopsOnSigterm, "passed: ");
    let gap = format!("{:?}", said.figure("worker", "boot.first_request.seconds"));
    assert!(gap.contains("which port it has is not known"), "{gap}");
    assert!(said.report.checklist.iter().all(|item| item.state != CheckState::Failed));
}

#[test]
fn a_secret_that_is_not_given_is_named_and_can_be_given() {
    let server = Server { before: "os.environ['TOKEN']", ..Server::default() };
    let flags = "--memory 512Mi --set-secrets TOKEN=token:1";
    let story = Story::new()
        .serves("api", flags, &server)
        .serves("other", "--memory 512Mi", &Server::default())
        .committed();
    let said = story.measured(&["--service", "api"]);
    let missing =
        "not run: it ended with code 1: KeyError: 'TOKEN' (without TOKEN: give them with --env";
    said.check("api", CheckName::Starts, missing);
    said.check("api", CheckName::OpensPort, "not run: it does not start");
    assert_eq!(said.findings("runtime/does-not-start").count(), 0);
    // What is not asked for is not built.
    assert_eq!(said.all("other").trim(), "");
    let given = story.measured(&["--service", "api", "--env", "TOKEN=x"]);
    for name in CheckName::ALL {
        given.check("api", name, "passed: ");
    }
}
