//! Why real services start as slowly as they do: the images are those of the tests' Docker Engine,
//! the runtime is ours.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_measure::boot::{self, Subject, Wishes};
use plimsoll_measure::engine::{Cancel, Choice, Embedded, Engine, find};
use plimsoll_model::{BootReport, BootWhy, PhaseKind, StartPlan, WaitKind};
use plimsoll_oci::disk::{Store, Unpacked};
use plimsoll_oci::{Digest, Wanted};

/// One at a time: what is measured here is time.
static TURN: Mutex<()> = Mutex::new(());

const PYTHON: &str = "python:3.11-slim";
const NODE: &str = "node:20-slim";

fn image(name: &str) -> Unpacked {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let store = Store::open(&folder.join("why-images")).unwrap();
    let engine = find(&Choice::Docker).unwrap();
    let id = engine.image(name).unwrap().id;
    store.known(Digest::parse(&id).unwrap()).unwrap_or_else(|| {
        store.stream(&mut engine.save(&id).unwrap(), &Wanted::default()).unwrap()
    })
}

struct Story {
    engine: Box<dyn Engine>,
    image: &'static str,
    cpus: f64,
    _turn: MutexGuard<'static, ()>,
}

impl Story {
    fn embedded(name: &'static str, cpus: f64) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let seat = Path::new(env!("CARGO_TARGET_TMPDIR")).join("why-seat");
        fs::create_dir_all(&seat).unwrap();
        let embedded = Embedded::open(&seat).unwrap();
        embedded.add(name, image(name));
        Self { engine: Box::new(embedded), image: name, cpus, _turn: turn }
    }

    fn why(&self, command: &[&str], files: &[(&str, &str)]) -> (BootReport, BootWhy) {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        let files: Vec<(String, Vec<u8>)> =
            files.iter().map(|(at, text)| ((*at).to_owned(), text.as_bytes().to_vec())).collect();
        let plan = StartPlan {
            cpus: Some(self.cpus),
            memory: Some(512 << 20),
            port: Some(8080),
            ..StartPlan::default()
        };
        let subject = Subject {
            name: "service",
            image: self.image,
            id: "sha256:0",
            plan: &plan,
            command: Some(&command),
            files: &files,
            patience: Duration::from_secs(30),
            host_network: false,
        };
        let wishes = Wishes {
            boots: 3,
            evict: false,
            boost: false,
            hold: Duration::ZERO,
            price: None,
            tail: 0.0,
        };
        let cancel = Cancel::new();
        let report = boot::measure(&*self.engine, &subject, &wishes, &mut |_| {}, &cancel).unwrap();
        assert_eq!(report.ready().count(), 3, "{:#?}", report.boots);
        let why = boot::why(&*self.engine, &subject, &report, None, &cancel).unwrap();
        eprintln!("{why:#?}");
        adds_up(&report, &why);
        (report, why)
    }
}

fn adds_up(report: &BootReport, why: &BootWhy) {
    let sum: f64 = why.phases.iter().map(|phase| phase.seconds).sum();
    let ready = report.of(|boot| boot.ready).median.unwrap();
    assert!((sum - ready).abs() < 1e-6, "{sum} is not {ready}");
    assert!(why.phases.iter().all(|phase| phase.seconds >= 0.0 && !phase.method.is_empty()));
}

fn phase(why: &BootWhy, kind: PhaseKind) -> f64 {
    why.phases.iter().find(|phase| phase.kind == kind).map_or(0.0, |phase| phase.seconds)
}

fn wait(why: &BootWhy, kind: WaitKind) -> f64 {
    why.waits.iter().find(|wait| wait.kind == kind).map_or(0.0, |wait| wait.seconds)
}

const SERVE: &str = "http.server.HTTPServer(('0.0.0.0', 8080), http.server.SimpleHTTPRequestHandler)\\
    .serve_forever()";

#[test]
fn of_python_the_costliest_import_is_named() {
    let story = Story::embedded(PYTHON, 1.0);
    let slow =
        "import time\nuntil = time.monotonic() + 0.2\nwhile time.monotonic() < until: pass\n";
    let app = format!("import store\nimport http.server\n{SERVE}\n");
    let files = [
        ("/srv/app.py", app.as_str()),
        ("/srv/store.py", "import slow_client\n"),
        ("/usr/lib/python3/dist-packages/slow_client.py", slow),
    ];
    let (_, why) = story.why(&["python3", "/srv/app.py"], &files);
    assert_eq!(why.runtime, "Python 3.11");
    let first = &why.imports[0];
    assert_eq!((&*first.name, first.by.as_deref()), ("slow_client", Some("store")));
    assert_eq!(first.file.as_deref(), Some("/usr/lib/python3/dist-packages/slow_client.py"));
    assert!(first.without_bytecode && first.seconds > 0.1, "{first:?}");
    assert!(phase(&why, PhaseKind::Imports) > 0.1);
    assert!(phase(&why, PhaseKind::Runtime) > 0.0 && phase(&why, PhaseKind::Linking) > 0.0);
    assert!(why.modules.is_some_and(|modules| modules > 60));
    assert!(why.without_bytecode.is_some_and(|missing| missing >= 2));
    assert!(why.advice.iter().any(|advice| advice.starts_with("slow_client takes")), "{why:#?}");
}

#[test]
fn of_python_a_dead_peer_and_a_spent_quota_are_waits() {
    let story = Story::embedded(PYTHON, 0.2);
    // A peer that takes the connection and says nothing for a while; then work that any machine needs
    // the quota of several periods for.
    let app = format!(
        "import http.server, socket, os, time\n\
         peer = socket.create_server(('127.0.0.1', 5432))\n\
         if os.fork() == 0:\n    \
             client, _ = peer.accept(); time.sleep(0.4); client.send(b'x'); os._exit(0)\n\
         socket.create_connection(('127.0.0.1', 5432)).recv(1)\n\
         until = time.process_time() + 0.1\n\
         while time.process_time() < until: pass\n{SERVE}\n"
    );
    let (_, why) = story.why(&["python3", "/app.py"], &[("/app.py", &app)]);
    assert!(wait(&why, WaitKind::Network) > 0.2, "{:#?}", why.waits);
    assert!(wait(&why, WaitKind::Quota) > 0.0, "{:#?}", why.waits);
    assert!(why.advice.iter().any(|advice| advice.contains("CPU quota")), "{:#?}", why.advice);
}

#[test]
fn of_node_the_costliest_package_is_named() {
    let story = Story::embedded(NODE, 1.0);
    let server = "const http = require('http'); require('./db');\n\
                  http.createServer((_, to) => to.end('ok')).listen(8080, '0.0.0.0');\n";
    let slow = "const until = Date.now() + 200; while (Date.now() < until);\n";
    let files = [
        ("/srv/server.js", server),
        ("/srv/db.js", "require('slow');\n"),
        ("/srv/node_modules/slow/index.js", slow),
    ];
    let (_, why) = story.why(&["node", "/srv/server.js"], &files);
    assert!(why.runtime.starts_with("Node.js "), "{}", why.runtime);
    let first = &why.imports[0];
    assert_eq!((&*first.name, first.by.as_deref()), ("slow", Some("/srv/db.js")));
    assert!(first.seconds > 0.1 && phase(&why, PhaseKind::Imports) > 0.1);
    assert!(phase(&why, PhaseKind::Runtime) > 0.0);
    assert_eq!(why.modules, Some(2));
}

#[test]
fn of_a_native_program_parts_and_waits_are_known() {
    let story = Story::embedded(PYTHON, 1.0);
    let server = "use IO::Socket::INET; select(undef, undef, undef, 0.3);\
        my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die $!;\
        while (my $c = $s->accept) { <$c>; print $c \"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n\"; close $c }";
    let (_, why) = story.why(&["sh", "-c", "perl /server.pl; true"], &[("/server.pl", server)]);
    assert_eq!(why.runtime, "native");
    assert!(phase(&why, PhaseKind::Linking) > 0.0);
    assert!(wait(&why, WaitKind::Sleep) > 0.2, "{:#?}", why.waits);
    assert!(why.advice.iter().any(|advice| advice.contains("is sleep")), "{:#?}", why.advice);
}
