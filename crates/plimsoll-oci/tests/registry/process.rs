//! Debian's registry as a child process, and what it takes to fill it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::image::{Image, digest};

/// A registry that ends with the test.
pub(crate) struct Registry {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) host: String,
    /// `user:password` of who fills it.
    login: Option<&'static str>,
    pub(crate) folder: Folder,
}

impl Registry {
    pub(crate) fn start() -> Self {
        Self::with(Folder::new(), "", None)
    }

    /// Starts one with more lines of configuration. A port that is free may be taken before the
    /// registry has it: then it ends, and another is tried.
    pub(crate) fn with(folder: Folder, more: &str, login: Option<&'static str>) -> Self {
        let mut folder = folder;
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let host = format!("127.0.0.1:{port}");
            let child = spawn(&folder, &host, more);
            let mut registry = Self { child, host, login, folder };
            if registry.answers() {
                return registry;
            }
            folder = std::mem::replace(&mut registry.folder, Folder::new());
        }
        panic!("docker-registry does not start: {}", log(&folder));
    }

    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(&self.host).is_ok() {
                return self.child.try_wait().unwrap().is_none();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    pub(crate) fn name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.host)
    }

    /// Pushes blobs and manifest.
    pub(crate) fn push(&self, repository: &str, tag: &str, image: &Image) {
        image.blobs.iter().for_each(|blob| self.push_blob(repository, blob));
        self.push_manifest(repository, tag, image.media_type, &image.manifest);
    }

    pub(crate) fn push_blob(&self, repository: &str, bytes: &[u8]) {
        let answer = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "", b"");
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        let location = answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
        let start = location.find("/v2/").unwrap();
        let place = format!("{}&digest={}", &location[start..], digest(bytes));
        let answer = self.send("PUT", &place, "application/octet-stream", bytes);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    pub(crate) fn push_manifest(&self, repository: &str, tag: &str, kind: &str, bytes: &[u8]) {
        let answer = self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), kind, bytes);
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> String {
        use base64::Engine as _;
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let login = self.login.map(|login| base64::engine::general_purpose::STANDARD.encode(login));
        let login = login.map(|login| format!("Authorization: Basic {login}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\n{}Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.host,
            login.unwrap_or_default(),
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(folder: &Folder, host: &str, more: &str) -> Child {
    let storage = folder.path().join("storage");
    let text = format!(
        "version: 0.1\nlog:\n  level: warn\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
         http:\n  addr: {host}\n{more}",
        storage.display()
    );
    let config = folder.write("config.yml", &text);
    let log = File::create(folder.path().join("log")).unwrap();
    Command::new("docker-registry")
        .arg("serve")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the Debian package docker-registry is needed: `scripts/test` installs it")
}

fn log(folder: &Folder) -> String {
    std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
}
