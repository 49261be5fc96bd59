//! `plimsoll review --measure` put to a real engine: services that must not ship, and why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::measured::{DOCKERFILE, Server, Story};
use plimsoll_model::CheckName::{
    AnswersHealth, Builds, Imports, OpensPort, Starts, StopsOnSigterm,
};
use plimsoll_model::Verdict;

const MEMORY: &str = "--memory 512Mi";

/// A wheel made by hand: nothing is fetched where the tests run.
const WHEEL: &str = "import zipfile\n\
     with zipfile.ZipFile('tinything-1.0-py3-none-any.whl', 'w') as wheel:\n\
     \x20   info = 'tinything-1.0.dist-info/'\n\
     \x20   wheel.writestr('tinything.py', 'x = 1')\n\
     \x20   wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: tinything\\nVersion: 1.0\\n')\n\
     \x20   wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
     \x20   wheel.writestr(info + 'RECORD', '')\n";

/// What is installed where the interpreter does not look.
const LACKS: &str = "FROM python:3.11-slim AS builder\nWORKDIR /build\nCOPY wheel.py requirements.txt ./\n\
     RUN python wheel.py\n\
     RUN pip install --no-index --find-links=. --target=/deps -r requirements.txt\n\
     FROM python:3.11-slim\nLABEL NONCE\nWORKDIR /app\nCOPY main.py .\nCOPY --from=builder /deps ./deps\nUSER 1000\nEXPOSE 8080\n\
     HEALTHCHECK CMD curl -f http://localhost:8080/health\nCMD [\"python\", \"main.py\"]\n";

#[test]
fn what_does_not_build_or_load_is_rejected() {
    let broken = DOCKERFILE.replace("USER", "RUN echo one; echo two three; exit 7\nUSER");
    let main = Server::default().text();
    let imports = Server { before: "import tinything", ..Server::default() }.text();
    let lacks = [
        ("Dockerfile", LACKS),
        ("wheel.py", WHEEL),
        ("requirements.txt", "tinything==1.0\n"),
        ("main.py", &imports),
    ];
    let story = Story::new()
        .service("broken", Some(MEMORY), &[("Dockerfile", &broken), ("main.py", &main)])
        .service("lacks", Some(MEMORY), &lacks)
        .committed();
    let said = story.measured(&[]);
    assert_eq!(said.report.verdict, Verdict::Rejected);
    said.check("broken", Builds, "failed: `RUN echo one; echo two three; exit 7` fails: two three");
    for name in [Imports, Starts, OpensPort, AnswersHealth, StopsOnSigterm] {
        said.check("broken", name, "not run: the image does not build");
    }
    said.finds("image/does-not-build", "broken", "two three");
    let finding = said.findings("image/does-not-build").next().unwrap();
    assert_eq!(finding.primary.to_string(), "broken/Dockerfile:5:1");
    for metric in ["build.cold.seconds", "image.bytes", "boot.first_request.seconds"] {
        let gap = format!("{:?}", said.figure("broken", metric));
        assert!(gap.contains("the image does not build"), "{gap}");
    }
    said.check("lacks", Builds, "passed: ");
    said.check("lacks", Imports, "failed: tinything cannot be loaded: ");
    said.finds("dependencies/import-fails", "lacks", "tinything");
    said.check("lacks", Starts, "failed: it ended with code 1: ModuleNotFoundError");
    said.finds("runtime/does-not-start", "lacks", "tinything");
}

#[test]
fn what_does_not_start_or_listen_is_rejected() {
    let deaf = Server { before: "print('so quiet'); time.sleep(600)", ..Server::default() };
    let local = Server { host: "127.0.0.1", ..Server::default() };
    let exits = Server { before: "sys.exit('no database')", ..Server::default() };
    let greedy = Server {
        before: "all = [bytearray(b'x' * (1 << 24)) for _ in range(64)]",
        ..Server::default()
    };
    let story = Story::new()
        .serves("deaf", MEMORY, &deaf)
        .serves("local", MEMORY, &local)
        .serves("exits", MEMORY, &exits)
        .serves("greedy", "--memory 128Mi", &greedy)
        .committed();
    let said = story.measured(&["--start-timeout", "4"]);
    assert_eq!(said.report.verdict, Verdict::Rejected);
    for service in ["deaf", "local"] {
        said.check(service, Starts, "passed: ");
        said.check(service, OpensPort, "failed: port 8080 is not open after 4.00 s");
        said.check(service, StopsOnSigterm, "not run: its port is not open");
        said.finds("runtime/port-not-opened", service, "port 8080 is not open");
    }
    let gap = format!("{:?}", said.figure("deaf", "boot.first_request.seconds"));
    assert!(gap.contains("port 8080 is not open"), "{gap}");
    said.check("exits", Starts, "failed: it ended with code 1: no database");
    said.check("exits", OpensPort, "not run: it does not start");
    said.finds("runtime/does-not-start", "exits", "no database");
    said.check(
        "greedy",
        Starts,
        "failed: it was ended because it wanted more than its memory of 134 MB",
    );
    said.finds("runtime/does-not-start", "greedy", "more than its memory");
}

#[test]
fn what_is_sick_or_stubborn_or_dies_when_asked_is_found() {
    let sick = Server { status: "500", ..Server::default() };
    let stubborn = Server { on_term: "None", ..Server::default() };
    let dies = Server {
        status: "200 if print('goodbye', flush=True) else os._exit(9)",
        ..Server::default()
    };
    let eager =
        Server::default().text().replace("if __name__ == '__main__':\n    main()", "main()");
    let eager = [("Dockerfile", DOCKERFILE), ("main.py", &*eager)];
    let story = Story::new()
        .service("eager", Some(MEMORY), &eager)
        .serves("sick", MEMORY, &sick)
        .serves("stubborn", MEMORY, &stubborn)
        .serves("dies", MEMORY, &dies)
        .committed();
    let said = story.measured(&["--start-timeout", "4"]);
    assert_eq!(said.report.verdict, Verdict::Rejected);
    // It serves as soon as it is loaded.
    said.check("eager", Imports, "not run: loading did not end within 4.00 s");
    said.check("eager", StopsOnSigterm, "passed: ");
    said.check("sick", AnswersHealth, "failed: /health answers 500");
    said.check("sick", StopsOnSigterm, "passed: ");
    said.finds("runtime/health-not-answered", "sick", "500");
    said.check("stubborn", AnswersHealth, "passed: ");
    said.check(
        "stubborn",
        StopsOnSigterm,
        "failed: it was killed: 10.0 s after SIGTERM it still ran",
    );
    said.finds("runtime/killed-on-stop", "stubborn", "killed");
    said.check("dies", AnswersHealth, "failed: it ended with code 9: goodbye");
    said.check("dies", StopsOnSigterm, "not run: it does not run any more");
    said.finds("runtime/health-not-answered", "dies", "code 9");
}
