//! A registry over TLS, with a certificate that nobody or only we trust.

use std::process::Command;

use plimsoll_oci::registry::{Remote, Settings};

use crate::folder::Folder;
use crate::image::{OCI, digest, image};
use crate::process::Registry;
use crate::{bytes, settings};

/// A registry over TLS serves what was pushed to one without, from the same storage.
fn encrypted() -> Registry {
    let plain = Registry::start();
    plain.push("app", "1", &image(OCI, "amd64"));
    let storage = plain.folder.path().join("storage");
    let folder = Folder::new();
    std::fs::rename(storage, folder.path().join("storage")).unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (key, certificate) = (place("key.pem"), place("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=registry", "-days", "2", "-keyout", &key, "-out", &certificate])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output()
        .expect("the Debian package openssl is needed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let more = format!("  tls:\n    certificate: {certificate}\n    key: {key}\n");
    Registry::with(folder, &more, None)
}

#[test]
fn a_bundle_of_certificates_is_trusted_besides_the_systems() {
    let registry = encrypted();
    let bundle = registry.folder.path().join("certificate.pem");
    let ours = Settings { loopback_tls: true, certificates: Some(bundle), ..settings() };
    let remote = Remote::open_with(&registry.name("app:1"), ours).unwrap();
    let resolved = remote.resolve(None).unwrap();
    assert_eq!(resolved.digest, digest(&image(OCI, "amd64").manifest));
    assert_eq!(bytes(&remote, &resolved.layers[0]).unwrap(), image(OCI, "amd64").blobs[1]);
}

#[test]
fn a_certificate_that_nobody_knows_is_refused() {
    let registry = encrypted();
    let theirs = Settings { loopback_tls: true, ..settings() };
    let remote = Remote::open_with(&registry.name("app:1"), theirs).unwrap();
    let error = remote.resolve(None).unwrap_err().to_string();
    assert!(error.contains("its certificate is not trusted"), "{error}");
    assert!(error.contains("SSL_CERT_FILE"), "{error}");
}

#[test]
fn who_does_not_speak_tls_is_told_apart() {
    let registry = Registry::start();
    let theirs = Settings { loopback_tls: true, ..settings() };
    let remote = Remote::open_with(&registry.name("app:1"), theirs).unwrap();
    let error = remote.resolve(None).unwrap_err().to_string();
    assert!(error.contains("no secure connection (TLS)"), "{error}");
}

#[test]
fn a_bundle_that_is_missing_is_named() {
    let absent = Settings { certificates: Some("/nowhere/bundle.pem".into()), ..settings() };
    let error = Remote::open_with("ghcr.io/org/app", absent).unwrap_err().to_string();
    assert!(error.contains("SSL_CERT_FILE names /nowhere/bundle.pem"), "{error}");
}
