//! The Docker Engine keeps the promises; `scripts/test-engine` starts it.

use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use plimsoll_measure::engine::{
    self, BuildEvent, BuildRequest, Cancel, Choice, ContainerSpec, Engine, ErrorKind, Network,
    Reach, client_program, find,
};

use crate::folder::Folder;
use crate::suite::{Story, Subject};

const BASE: &str = "python:3.11-slim";

fn docker() -> Box<dyn Engine> {
    find(&Choice::Docker).unwrap_or_else(|error| panic!("{error}: run scripts/test-engine"))
}

fn is_gone(id: &str) -> bool {
    let inspect = Command::new(client_program().unwrap()).args(["inspect", id]).output().unwrap();
    !inspect.status.success()
}

fn subject(_: &Story) -> Subject {
    Subject { engine: docker(), base: BASE.to_owned(), is_gone: Box::new(is_gone) }
}

crate::conformance!(subject);

fn spec(script: &str) -> ContainerSpec {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    ContainerSpec { image: BASE.to_owned(), command: Some(command), ..ContainerSpec::default() }
}

fn printed(spec: &ContainerSpec) -> String {
    let ended = engine::run(&*docker(), spec, Duration::from_secs(60), &Cancel::new()).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.out
}

#[test]
fn a_port_is_reached_from_here_and_from_nowhere_else() {
    let serve = "exec python3 -m http.server 8080";
    let container = docker().start(&ContainerSpec { port: Some(8080), ..spec(serve) }).unwrap();
    let begun = Instant::now();
    loop {
        let mut answer = String::new();
        let asked = container.connect(Reach::Service).and_then(|mut stream| {
            assert!(stream.peer_addr().unwrap().ip().is_loopback());
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            stream.read_to_string(&mut answer)
        });
        if asked.is_ok() && answer.starts_with("HTTP/1.0 200") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{asked:?} {answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_specification_is_kept() {
    let limited = ContainerSpec {
        env: vec![("WORD".to_owned(), "a b".to_owned())],
        user: Some("1234".to_owned()),
        network: Network::None,
        ..spec("echo \"$WORD\"; id -u; ls /sys/class/net; grep NoNewPrivs /proc/self/status")
    };
    assert_eq!(printed(&limited), "a b\n1234\nlo\nNoNewPrivs:\t1\n");
    let entry = ContainerSpec {
        entrypoint: Some(vec!["echo".to_owned()]),
        command: Some(vec!["only".to_owned()]),
        ..spec("")
    };
    assert_eq!(printed(&entry), "only\n");
}

#[test]
fn a_container_without_network_has_no_port() {
    let spec = ContainerSpec { port: Some(1), network: Network::None, ..spec("true") };
    assert_eq!(docker().start(&spec).err().unwrap().kind, ErrorKind::Refused);
}

#[test]
fn nothing_is_left_of_a_container_that_does_not_start() {
    let absent = format!("no-such-program-{}", std::process::id());
    let spec = ContainerSpec { entrypoint: Some(vec![absent.clone()]), ..spec("") };
    assert_eq!(docker().start(&spec).err().unwrap().kind, ErrorKind::NoProgram);
    let mut all = Command::new(client_program().unwrap());
    let all = all.args(["ps", "-a", "--no-trunc", "--format", "{{.Command}}"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&all.stdout).contains(&absent));
}

#[test]
fn the_start_is_told_by_the_engines_clock() {
    let before = std::time::SystemTime::now();
    let container = docker().start(&spec("sleep 60")).unwrap();
    let started = container.state().unwrap().started.unwrap();
    // The engine of the tests is on this machine.
    assert!(started >= before && started <= std::time::SystemTime::now());
}

#[test]
fn a_name_that_a_cancelled_build_took_is_given_back() {
    let docker = docker();
    let tag = format!("plimsoll-engines:taken-{}", std::process::id());
    let folder = Folder::new().file("file", "one");
    let folder =
        folder.file("Dockerfile", &format!("FROM {BASE}\nCOPY file /{}\n", std::process::id()));
    let dockerfile = folder.path().join("Dockerfile");
    let archive = folder.path().join("image.tar");
    let request = BuildRequest { tag: Some(&tag), ..BuildRequest::new(folder.path(), &dockerfile) };
    let first = docker.build(&request, &mut |_| {}, &Cancel::new()).unwrap();
    std::fs::write(folder.path().join("file"), "another").unwrap();
    let cancel = Cancel::new();
    // The image is made and named; what is left is to write the archive.
    let mut tell = |event: BuildEvent<'_>| {
        if let BuildEvent::Step(step) = event
            && step.instruction().starts_with("exporting to image")
            && step.is_over()
        {
            cancel.cancel();
        }
    };
    let request = BuildRequest { output: Some(&archive), ..request };
    let error = docker.build(&request, &mut tell, &cancel).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(docker.image(&tag).unwrap().id, first.image.unwrap().id.unwrap());
    assert_eq!(folder.names(), ["Dockerfile", "file"]);
    docker.remove(&tag).unwrap();
}
