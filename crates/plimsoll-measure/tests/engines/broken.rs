//! Engines that are not there, go away or answer nonsense: an error for somebody each time.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use plimsoll_measure::engine::{Choice, Engine, EngineError, ErrorKind, find};

use crate::folder::Folder;

/// What a server says to a request for a path, before it closes.
type Says = fn(&str) -> Vec<u8>;

/// The address of a server that answers each request once and closes.
fn server(folder: &Folder, says: Says) -> String {
    let path = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), says);
        }
    });
    format!("unix://{}", path.display())
}

fn answer(mut stream: UnixStream, says: Says) {
    let mut request = vec![0; 4096];
    let count = stream.read(&mut request).unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..count]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or("").to_owned();
    // A client that went away is not our business.
    let _ = stream.write_all(&says(&path));
}

fn json(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

const VERSION: &str = r#"{"Version":"9.9","ApiVersion":"1.41"}"#;

fn open(host: &str) -> Result<Box<dyn Engine>, EngineError> {
    find(&Choice::DockerAt(host.to_owned()))
}

/// An engine that is not there: where, and what to do.
fn unreachable(host: &str) {
    let error = open(host).err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
    assert!(error.what.contains(host) && error.hint.is_some(), "{error}");
}

#[test]
fn nobody_listens() {
    let folder = Folder::new();
    unreachable(&format!("unix://{}/none.sock", folder.path().display()));
    let dead = folder.path().join("dead.sock");
    drop(UnixListener::bind(&dead).unwrap());
    unreachable(&format!("unix://{}", dead.display()));
    unreachable("tcp://127.0.0.1:1");
    unreachable("ssh://somebody@nowhere.invalid");
}

#[test]
fn somebody_else_listens() {
    for says in [
        (|_| Vec::new()) as Says,
        |_| b"SSH-2.0-OpenSSH\r\n".to_vec(),
        |_| b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Ver".to_vec(),
        |_| b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>".to_vec(),
        |_| b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno".to_vec(),
    ] {
        let folder = Folder::new();
        unreachable(&server(&folder, says));
    }
}

#[test]
fn it_goes_away_in_the_middle() {
    let folder = Folder::new();
    let host = server(&folder, |path| match path {
        _ if path.ends_with("/version") => json(VERSION),
        _ if path.ends_with("/json") => json(r#"{"Id":"sha256:1","Size":5}"#),
        // Some of the archive, and no more.
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\nhalf".to_vec(),
    });
    let engine = open(&host).unwrap();
    assert_eq!(engine.about().version, "9.9");
    assert_eq!(engine.image("a").unwrap().bytes, 5);
    let mut read = Vec::new();
    let error = engine.save("a").unwrap().read_to_end(&mut read).unwrap_err();
    assert!(error.to_string().contains("went away"), "{error}");
    assert_eq!(read, b"half");
}

#[test]
fn it_is_gone_when_it_is_asked_again() {
    let folder = Folder::new();
    let host = server(&folder, |path| match path.ends_with("/version") {
        true => json(VERSION),
        false => Vec::new(),
    });
    let engine = open(&host).unwrap();
    let error = engine.image("a").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Lost, "{error}");
    assert!(error.what.contains(&host) && error.hint.is_some(), "{error}");
}

#[test]
fn its_disk_is_full() {
    let folder = Folder::new();
    let host = server(&folder, |path| {
        let said = r#"{"message":"write /var/lib/x: no space left on device"}"#;
        match path.ends_with("/version") {
            true => json(VERSION),
            false => format!(
                "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{said}",
                said.len()
            )
            .into_bytes(),
        }
    });
    let error = open(&host).unwrap().remove("a").unwrap_err();
    assert_eq!(error.kind, ErrorKind::DiskFull, "{error}");
}
