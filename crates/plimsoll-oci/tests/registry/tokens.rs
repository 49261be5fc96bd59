//! Registries with a token service.

use std::sync::Arc;

use plimsoll_oci::Error;
use plimsoll_oci::registry::{Remote, Settings};

use crate::folder::Folder;
use crate::image::{OCI, image};
use crate::liar::{Liar, say, say_endlessly};
use crate::settings;

/// A registry that wants the token `good`, which `service` may give.
fn registry(service: &Liar) -> Liar {
    with_realm(format!("http://{}/token?x=y", service.host))
}

fn with_realm(realm: String) -> Liar {
    let manifest = image(OCI, "amd64").manifest;
    Liar::start(move |seen, _, stream| match seen.header("authorization") {
        Some("Bearer good") => say(stream, "200 OK", &manifest),
        _ => {
            let scope = r#"service="the one",scope="repository:app:push,delete""#;
            let challenge = format!("WWW-Authenticate: Bearer realm=\"{realm}\",{scope}");
            say(stream, &format!("401 No\r\n{challenge}"), b"")
        }
    })
}

fn answering(head: &'static str, body: &'static str) -> Liar {
    Liar::start(move |_, _, stream| say(stream, head, body.as_bytes()))
}

fn open(registry: &Liar, entry: &str) -> (Remote, Folder) {
    let docker = Folder::new();
    docker.write("config.json", &format!(r#"{{"auths": {{"{}": {entry}}}}}"#, registry.host));
    let settings = Settings { docker_config: Some(docker.path().to_owned()), ..settings() };
    (Remote::open_with(&format!("{}/app", registry.host), settings).unwrap(), docker)
}

fn fails(registry: &Liar, entry: &str, part: &str) {
    let error = open(registry, entry).0.resolve(None).unwrap_err().to_string();
    assert!(error.contains(part), "{part}: {error}");
    assert!(!error.contains("sesame") && !error.contains("hunter2"), "{error}");
    assert!(!error.contains(char::is_control), "{error:?}");
}

const ALI: &str = r#"{"username": "ali", "password": "sesame"}"#;

#[test]
fn a_token_for_reading_is_asked_for_once() {
    for body in [r#"{"token": "good"}"#, r#"{"token": "", "access_token": "good"}"#] {
        let service = answering("200 OK", body);
        let registry = registry(&service);
        let (remote, _docker) = open(&registry, "{}");
        remote.resolve(None).unwrap();
        remote.resolve(None).unwrap();
        let seen = service.seen();
        assert_eq!(seen.len(), 1);
        let query = "x=y&service=the+one&scope=repository%3Aapp%3Apull";
        assert_eq!(seen[0].line, format!("GET /token?{query} HTTP/1.1"));
        assert_eq!(seen[0].header("authorization"), None);
    }
}

#[test]
fn a_password_goes_to_the_service_and_only_the_token_to_the_registry() {
    let service = answering("200 OK", r#"{"token": "good"}"#);
    let registry = registry(&service);
    open(&registry, ALI).0.resolve(None).unwrap();
    assert_eq!(service.seen()[0].header("authorization"), Some("Basic YWxpOnNlc2FtZQ=="));
    let told: Vec<_> = registry
        .seen()
        .iter()
        .map(|seen| seen.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(told, [None, Some("Bearer good".to_owned())]);
}

#[test]
fn an_identity_is_exchanged_for_a_token() {
    let service = answering("200 OK", r#"{"access_token": "good"}"#);
    let registry = registry(&service);
    open(&registry, r#"{"identitytoken": "hunter2&+"}"#).0.resolve(None).unwrap();
    let seen = &service.seen()[0];
    assert_eq!(seen.line, "POST /token?x=y HTTP/1.1");
    assert_eq!(
        seen.body,
        "grant_type=refresh_token&client_id=plimsoll&service=the+one\
         &scope=repository%3Aapp%3Apull&refresh_token=hunter2%26%2B"
    );
}

#[test]
fn a_token_that_ran_out_is_replaced() {
    let service = Liar::start(|_, count, stream| {
        let body = format!(r#"{{"token": "t{count}"}}"#);
        say(stream, "200 OK", body.as_bytes())
    });
    let realm = format!("http://{}/token", service.host);
    let manifest = image(OCI, "amd64").manifest;
    let registry = Liar::start(move |seen, count, stream| {
        // The token of the second login is good for the third image only.
        let good = if count < 3 { "Bearer t0" } else { "Bearer t1" };
        match seen.header("authorization") {
            Some(told) if told == good => say(stream, "200 OK", &manifest),
            _ => say(stream, &format!("401 No\r\nWWW-Authenticate: Bearer realm=\"{realm}\""), b""),
        }
    });
    let (remote, _docker) = open(&registry, "{}");
    for _ in 0..3 {
        remote.resolve(None).unwrap();
    }
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn a_service_that_refuses() {
    let no = answering("401 No", r#"{"errors":[{"message":"sesame is wrong"}]}"#);
    fails(&registry(&no), ALI, "does not accept the credentials (those of ");
    fails(&registry(&no), "{}", "it wants to know who asks (");
    let useless = answering("200 OK", r#"{"token": "bad"}"#);
    fails(&registry(&useless), ALI, "does not accept the credentials");
    fails(&registry(&useless), "{}", "log in with `docker login 127.0.0.1:");
}

#[test]
fn a_service_that_lies() {
    for body in
        ["", "{}", "[", r#"{"token": 5}"#, r#"{"token": "a\r\nX: y"}"#, r#"{"token": "\u0000"}"#]
    {
        fails(&registry(&answering("200 OK", body)), ALI, "gives no token that can be used");
    }
    let endless = Liar::start(|_, _, stream| say_endlessly(stream, "200 OK", b"{"));
    fails(&registry(&endless), ALI, "does not stop answering");
    fails(&registry(&answering("500 Oh", "")), ALI, "answers 500");
}

#[test]
fn a_password_is_not_sent_on_or_in_clear_text() {
    let thief = Arc::new(answering("200 OK", r#"{"token": "good"}"#));
    let to = thief.host.clone();
    let service = Liar::start(move |_, _, stream| {
        say(stream, &format!("307 There\r\nLocation: http://{to}/token"), b"")
    });
    fails(&registry(&service), ALI, "its token service answers 307");
    assert!(thief.seen().is_empty());
    for realm in ["http://auth.example/token", "ftp://auth.example"] {
        fails(&with_realm(realm.into()), ALI, "not encrypted, on the host auth.example");
    }
    for realm in ["/token", "https://a:b@auth.example/", ""] {
        fails(&with_realm(realm.into()), ALI, "names no address");
    }
}

#[test]
fn a_registry_that_does_not_say_how_to_log_in() {
    let registry = answering("401 No", "");
    let (remote, _docker) = open(&registry, ALI);
    let error = remote.resolve(None).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
}
