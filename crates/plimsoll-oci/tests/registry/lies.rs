//! Registries that do not say the truth.

use std::time::Instant;

use plimsoll_oci::Error;
use plimsoll_oci::registry::{Remote, Settings};

use crate::folder::Folder;
use crate::image::{OCI, describe, digest, image, noise};
use crate::liar::{End, Liar, say, say_endlessly, say_part};
use crate::{bytes, open, settings};

fn name(liar: &Liar) -> String {
    format!("{}/app", liar.host)
}

fn resolve(liar: &Liar) -> Error {
    open(&name(liar)).resolve(None).unwrap_err()
}

fn says(error: &Error, part: &str) {
    let text = error.to_string();
    assert!(text.contains(part), "{part}: {text}");
    assert!(!text.contains(char::is_control) && text.len() < 1000, "{text:?}");
}

/// A server whose every answer is the same.
fn always(head: &'static str, body: &[u8]) -> Liar {
    let body = body.to_vec();
    Liar::start(move |_, _, stream| say(stream, head, &body))
}

#[test]
fn a_manifest_that_is_not_what_its_digest_says() {
    let image = image(OCI, "amd64");
    let liar = always("200 OK", &image.manifest);
    let other = digest(b"other");
    let error = open(&format!("{}@{other}", name(&liar))).resolve(None).unwrap_err();
    assert_eq!(error, Error::Digest { wanted: other, got: digest(&image.manifest) });
    open(&name(&liar)).resolve(None).unwrap();
}

#[test]
fn a_digest_header_that_lies() {
    let image = image(OCI, "amd64");
    let manifest = image.manifest.clone();
    let liar = Liar::start(move |_, _, stream| {
        let said = digest(b"other");
        say(stream, &format!("200 OK\r\nDocker-Content-Digest: {said}"), &manifest)
    });
    let got = digest(&image.manifest);
    assert_eq!(resolve(&liar), Error::Digest { wanted: digest(b"other"), got });
    let garbage = always("200 OK\r\nDocker-Content-Digest: md5:1", &image.manifest);
    says(&resolve(&garbage), "a digest that is none");
}

#[test]
fn blobs_of_other_bytes() {
    let descriptor = describe("x", &noise(1, 5000));
    let wrong = always("200 OK", &noise(2, 5000));
    let error = bytes(&open(&name(&wrong)), &descriptor).unwrap_err();
    assert_eq!(error, Error::Digest { wanted: descriptor.digest, got: digest(&noise(2, 5000)) });
    let long = always("200 OK", &noise(1, 5001));
    says(&bytes(&open(&name(&long)), &descriptor).unwrap_err(), "more than its 5000 bytes");
    let endless = Liar::start(|_, _, stream| say_endlessly(stream, "200 OK", &noise(1, 5000)));
    says(&bytes(&open(&name(&endless)), &descriptor).unwrap_err(), "more than its 5000 bytes");
}

#[test]
fn bodies_without_an_end() {
    let manifest = Liar::start(|_, _, stream| say_endlessly(stream, "200 OK", b"{"));
    assert!(matches!(resolve(&manifest), Error::TooLarge(_)));
    let error = Liar::start(|_, _, stream| say_endlessly(stream, "404 Not Found", b"{"));
    says(&resolve(&error), "there is no image");
    let head = Liar::start(|_, _, stream| say_endlessly(stream, "200 OK\r\nX: y", b""));
    assert!(matches!(resolve(&head), Error::TooLarge(_)));
}

#[test]
fn a_huge_manifest_is_not_even_read() {
    let liar = Liar::start(|_, _, stream| say_part(stream, "200 OK", 5 << 20, b"{}"));
    says(&resolve(&liar), "manifests (127.0.0.1:");
}

#[test]
fn nested_and_old_manifests() {
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    says(&resolve(&always("200 OK", deep.as_bytes())), "no JSON");
    let old = "200 OK\r\nContent-Type: application/vnd.docker.distribution.manifest.v1+prettyjws\
               \r\nDocker-Content-Digest: sha256:0000000000000000000000000000000000000000000000000000000000000000";
    says(&resolve(&always(old, br#"{"schemaVersion": 1}"#)), "old schema 1");
    says(&resolve(&always("200 OK", b"<html>")), "no JSON");
    says(&resolve(&always("200 OK", b"")), "no JSON");
}

#[test]
fn words_of_a_registry_are_harmless() {
    let body = br#"{"errors":[{"code":"A\u001bB","message":"\u001b[2J\u202egone\r\nnext"}]}"#;
    for status in ["404 N", "403 N", "429 N", "500 N", "418 N", "400 N", "401 N"] {
        let body = body.to_vec();
        let liar = Liar::start(move |_, _, stream| say(stream, status, &body));
        says(&resolve(&liar), "app");
    }
    let liar = always("404 N", body);
    says(&resolve(&liar), r#"("\u{1b}[2J\u{202e}gone\u{d}\u{a}next")"#);
    let long = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "long ".repeat(5000));
    says(&resolve(&always("500 N", long.as_bytes())), "long long");
    says(&resolve(&always("200", b"\0\x1b[2J")), "no JSON");
    says(
        &resolve(&Liar::start(|_, _, stream| {
            use std::io::Write as _;
            let _ = stream.write_all(b"SSH-2.0-\x1b[2J\r\n");
            End::Close
        })),
        "the connection broke",
    );
}

/// Credentials for the first server.
fn logged_in(liar: &Liar) -> (Remote, Folder) {
    let docker = Folder::new();
    let host = &liar.host;
    docker.write(
        "config.json",
        &format!(r#"{{"auths": {{"{host}": {{"username": "ali", "password": "sesame"}}}}}}"#),
    );
    let settings = Settings { docker_config: Some(docker.path().to_owned()), ..settings() };
    (Remote::open_with(&name(liar), settings).unwrap(), docker)
}

const BASIC: &str = "Basic YWxpOnNlc2FtZQ==";

#[test]
fn credentials_do_not_follow_to_another_host() {
    let blob = noise(3, 1000);
    let descriptor = describe("x", &blob);
    let sent = blob.clone();
    let elsewhere = Liar::start(move |_, _, stream| say(stream, "200 OK", &sent));
    for to in [format!("localhost:{}", elsewhere.port()), elsewhere.host.clone()] {
        let registry = Liar::start(move |seen, _, stream| match seen.header("authorization") {
            None => say(stream, "401 No\r\nWWW-Authenticate: Basic realm=\"x\"", b""),
            Some(_) => {
                say(stream, &format!("307 There\r\nLocation: http://{to}/b?sig=s3cret"), b"")
            }
        });
        let (remote, _docker) = logged_in(&registry);
        assert_eq!(bytes(&remote, &descriptor).unwrap(), blob);
        assert_eq!(registry.seen()[1].header("authorization"), Some(BASIC));
    }
    assert_eq!(elsewhere.seen().len(), 2);
    assert!(elsewhere.seen().iter().all(|seen| seen.header("authorization").is_none()));
}

#[test]
fn credentials_are_not_given_to_a_host_that_asks_for_them_after_a_redirect() {
    let thief = Liar::start(|_, _, stream| {
        say(stream, "401 No\r\nWWW-Authenticate: Basic realm=\"x\"", b"")
    });
    let to = thief.host.clone();
    let registry = Liar::start(move |_, _, stream| {
        say(stream, &format!("302 There\r\nLocation: http://{to}/b?sig=s3cret"), b"")
    });
    let (remote, _docker) = logged_in(&registry);
    let error = remote.resolve(None).unwrap_err();
    says(&error, "where the registry sends us, answers 401");
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert!(thief.seen().iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(thief.seen().len(), 1);
}

#[test]
fn redirects_that_lead_nowhere() {
    let circle = Liar::start(|_, _, stream| say(stream, "302 There\r\nLocation: /v2/x", b""));
    says(&resolve(&circle), "sends us on more than 5 times");
    assert_eq!(circle.seen().len(), 6);
    for (to, part) in [
        ("http://registry.example/x", "not encrypted, on the host registry.example"),
        ("http://127.0.0.1.example/x", "not encrypted"),
        ("file:///etc/passwd", "not encrypted"),
        ("http://[", "no address"),
    ] {
        let liar =
            Liar::start(move |_, _, stream| say(stream, &format!("302 F\r\nLocation: {to}"), b""));
        says(&resolve(&liar), part);
    }
    says(&resolve(&always("302 Found", b"")), "answers 302");
}

#[test]
fn what_a_registry_is_told_is_not_repeated() {
    let registry = Liar::start(|seen, count, stream| match seen.header("authorization") {
        None => say(stream, "401 No\r\nWWW-Authenticate: Basic realm=\"x\"", b""),
        Some(told) => {
            let body =
                format!(r#"{{"errors":[{{"code":"DENIED","message":"{told} sesame {count}"}}]}}"#);
            say(stream, "403 No", body.as_bytes())
        }
    });
    let (remote, _docker) = logged_in(&registry);
    let error = remote.resolve(None).unwrap_err();
    let text = format!("{error} {error:?} {remote:?}");
    assert!(!text.contains("sesame") && !text.contains("YWxp"), "{text}");
    says(&error, "(DENIED)");
    says(&error, "may not read it");
}

#[test]
fn a_registry_that_asks_to_wait() {
    let manifest = image(OCI, "amd64").manifest;
    let liar = Liar::start(move |_, count, stream| match count {
        0 => say(stream, "429 Slow\r\nRetry-After: 1", b""),
        _ => say(stream, "200 OK", &manifest),
    });
    let begin = Instant::now();
    open(&name(&liar)).resolve(None).unwrap();
    assert!(begin.elapsed().as_millis() >= 900);
    let again = always("429 Slow\r\nRetry-After: 1", b"");
    says(&resolve(&again), "try again in 1 s");
    assert_eq!(again.seen().len(), 2);
    for (head, part) in [
        ("429 Slow\r\nRetry-After: 3600", "try again in 3600 s"),
        ("429 Slow\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT", "try again later"),
        ("429 Slow", "try again later"),
    ] {
        let liar = always(head, b"");
        says(&resolve(&liar), part);
        assert_eq!(liar.seen().len(), 1);
    }
}

#[test]
fn a_registry_that_is_not_there() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = open(&format!("127.0.0.1:{port}/app")).resolve(None).unwrap_err();
    says(&error, "127.0.0.1: the connection is refused: nothing listens there");
    let error = open("registry.invalid/app").resolve(None).unwrap_err();
    says(&error, "registry.invalid: no address is known for this name");
}
