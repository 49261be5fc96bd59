//! Who may read: a registry that asks for name and password.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_oci::Error;
use plimsoll_oci::registry::{Remote, Resolved, Settings};

use crate::folder::Folder;
use crate::image::{OCI, image};
use crate::process::Registry;
use crate::settings;

/// The password is `sesame`.
const USERS: &str = "ali:$2b$05$abcdefghijklmnopqrstuuKcS.CYWVYVaLiiCKrrc0A5s3mGesJ9O\n";

fn guarded() -> Registry {
    let folder = Folder::new();
    let users = folder.write("users", USERS);
    let more = format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", users.display());
    let registry = Registry::with(folder, &more, Some("ali:sesame"));
    registry.push("app", "1", &image(OCI, "amd64"));
    registry
}

/// Asks with a configuration of Docker's and the helpers of a folder.
fn ask(registry: &Registry, config: Option<&str>, path: &str) -> Result<Resolved, Error> {
    let docker = Folder::new();
    if let Some(config) = config {
        docker.write("config.json", &config.replace("HOST", &registry.host));
    }
    ask_with(
        registry,
        Settings { docker_config: Some(docker.path().to_owned()), path: path.into(), ..settings() },
    )
}

fn ask_with(registry: &Registry, settings: Settings) -> Result<Resolved, Error> {
    let remote = Remote::open_with(&registry.name("app:1"), settings).unwrap();
    let resolved = remote.resolve(None)?;
    crate::bytes(&remote, &resolved.layers[0])?;
    assert!(!format!("{remote:?}").contains("sesame"));
    Ok(resolved)
}

fn refused(answer: Result<Resolved, Error>, parts: &[&str]) {
    let error = answer.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    let text = format!("{error} {error:?}");
    parts.iter().for_each(|part| assert!(text.contains(part), "{part}: {text}"));
    for secret in ["sesame", "hunter2", "YWxpOm"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn a_login_opens_the_door() {
    let registry = guarded();
    let encoded = r#"{"auths": {"HOST": {"auth": "YWxpOnNlc2FtZQ=="}}}"#;
    ask(&registry, Some(encoded), "").unwrap();
    let plain = r#"{"auths": {"http://HOST/v2/": {"username": "ali", "password": "sesame"}}}"#;
    ask(&registry, Some(plain), "").unwrap();
}

#[test]
fn without_a_login_the_command_is_named() {
    let registry = guarded();
    let login = format!("log in with `docker login {}`", registry.host);
    refused(ask(&registry, None, ""), &[&login, "config.json does not exist"]);
    refused(ask(&registry, Some("{}"), ""), &[&login, "config.json has none for"]);
    refused(ask(&registry, Some("{\n\"hunter2"), ""), &[&login, "line 2 is no JSON"]);
    let broken = r#"{"auths": {"HOST": {"auth": "hunter2!"}}}"#;
    refused(ask(&registry, Some(broken), ""), &[&login, "is not base64"]);
    refused(ask_with(&registry, settings()), &[&login, "no Docker configuration"]);
}

#[test]
fn a_wrong_password_is_not_accepted_and_not_shown() {
    let registry = guarded();
    let wrong = r#"{"auths": {"HOST": {"username": "ali", "password": "hunter2"}}}"#;
    refused(
        ask(&registry, Some(wrong), ""),
        &[
            "does not accept the credentials (those of",
            "log in again with `docker login 127.0.0.1:",
        ],
    );
    // An identity is for a token service, which this registry has not.
    let identity = r#"{"auths": {"HOST": {"identitytoken": "hunter2"}}}"#;
    refused(ask(&registry, Some(identity), ""), &["does not accept"]);
}

/// A helper that is a shell script.
fn helper(folder: &Folder, name: &str, script: &str) {
    let file =
        folder.write(&format!("docker-credential-{name}"), &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn with(folder: &Path) -> String {
    format!("{}:/usr/bin:/bin", folder.display())
}

const ANSWER: &str = r#"echo '{"ServerURL": "x", "Username": "ali", "Secret": "sesame"}'"#;

#[test]
fn a_helper_is_asked_for_its_registry() {
    let registry = guarded();
    let folder = Folder::new();
    let asked = folder.path().join("asked");
    helper(&folder, "vault", &format!("echo \"$1 $(cat)\" > {}\n{ANSWER}", asked.display()));
    let path = with(folder.path());
    ask(&registry, Some(r#"{"credHelpers": {"HOST": "vault"}}"#), &path).unwrap();
    let expected = format!("get {}\n", registry.host);
    assert_eq!(std::fs::read_to_string(&asked).unwrap(), expected);
    ask(&registry, Some(r#"{"credsStore": "vault"}"#), &path).unwrap();
    let other = r#"{"credHelpers": {"ghcr.io": "vault"}}"#;
    refused(ask(&registry, Some(other), &path), &["has none for"]);
}

#[test]
fn a_helper_that_knows_nothing_leaves_it_to_the_file() {
    let registry = guarded();
    let folder = Folder::new();
    helper(&folder, "none", "echo 'credentials not found in native keychain'; exit 1");
    let config = r#"{"credsStore": "none", "auths": {"HOST": {"auth": "YWxpOnNlc2FtZQ=="}}}"#;
    ask(&registry, Some(config), &with(folder.path())).unwrap();
}

#[test]
fn a_helper_that_fails_is_named_and_its_words_are_not_repeated() {
    let registry = guarded();
    let folder = Folder::new();
    helper(&folder, "fails", "echo hunter2; echo hunter2 >&2; exit 3");
    helper(&folder, "babbles", "echo hunter2");
    let path = with(folder.path());
    let config = |name: &str| format!(r#"{{"credsStore": "{name}"}}"#);
    let check = |name: &str, path: &str, part: &str| {
        refused(ask(&registry, Some(&config(name)), path), &[part, "docker login"]);
    };
    check("fails", &path, "docker-credential-fails failed (exit status: 3)");
    check("babbles", &path, "docker-credential-babbles did not answer with a user");
    check("absent", &path, "docker-credential-absent is in no folder of the PATH");
    check("../../bin/sh", &path, "is no name of a program");
    // The same folder as seen from here: only absolute folders count.
    let depth = std::env::current_dir().unwrap().components().count();
    let relative = format!("{}{}", "../".repeat(depth), folder.path().display());
    assert!(Path::new(&relative).join("docker-credential-babbles").exists());
    check("babbles", &relative, "is in no folder of the PATH");
}

#[test]
fn a_helper_that_hangs_is_ended() {
    let registry = guarded();
    let folder = Folder::new();
    helper(&folder, "hangs", "sleep 30");
    helper(&folder, "lingers", "exec >&-; sleep 30");
    for name in ["hangs", "lingers"] {
        let docker = Folder::new();
        docker.write("config.json", &format!(r#"{{"credsStore": "{name}"}}"#));
        let begin = Instant::now();
        let answer = ask_with(
            &registry,
            Settings {
                docker_config: Some(docker.path().to_owned()),
                path: with(folder.path()).into(),
                helper: Duration::from_millis(200),
                ..settings()
            },
        );
        refused(answer, &["in time"]);
        assert!(begin.elapsed() < Duration::from_secs(10));
    }
}
