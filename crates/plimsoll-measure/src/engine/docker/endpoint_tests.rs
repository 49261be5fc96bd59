use std::fs;

use super::*;

/// A configuration in a folder that goes when the test ends.
struct Config(PathBuf);

impl Config {
    fn new(name: &str) -> Self {
        let name = format!("plimsoll-endpoint-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, path: &str, text: &str) -> &Self {
        let full = self.0.join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
        self
    }

    fn env(&self) -> Environment {
        Environment { config: Some(self.0.clone()), ..Environment::default() }
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn who_names_an_address_first_is_heard() {
    let config = Config::new("order");
    config
        .file("config.json", r#"{"currentContext":"far"}"#)
        .file(
            &format!("contexts/meta/{}/meta.json", digest("far")),
            r#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376"}}}"#,
        )
        .file(&format!("contexts/tls/{}/docker/ca.pem", digest("far")), "");
    let mut env = config.env();
    let at = |env: &Environment, asked| {
        let found = find(env, asked).unwrap();
        (found.host, found.found, found.untold)
    };
    let far = ("tcp://far:2376".to_owned(), "the current context, far".to_owned(), false);
    assert_eq!(at(&env, None), far);
    let tls = find(&env, None).unwrap().tls.unwrap();
    assert!(tls.key.ends_with(format!("contexts/tls/{}/docker/key.pem", digest("far"))));
    env.context = Some("default".to_owned());
    assert_eq!(at(&env, None).0, "unix:///var/run/docker.sock");
    env.host = Some("unix:///a.sock".to_owned());
    assert_eq!(at(&env, None), ("unix:///a.sock".to_owned(), "DOCKER_HOST".to_owned(), false));
    assert!(at(&env, Some("tcp://b:1")).2);
    env.host = None;
    env.context = Some("nowhere".to_owned());
    let error = find(&env, None).unwrap_err();
    assert!(error.what.contains("nowhere") && error.hint.is_some());
}

fn digest(name: &str) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_rootless_socket_is_taken_where_the_other_is_not() {
    let config = Config::new("rootless");
    config.file("run/docker.sock", "").file("docker.sock", "");
    let mut env = config.env();
    env.runtime_dir = Some(config.0.join("run"));
    let both = by_default(&env, &config.0.join("docker.sock"));
    assert_eq!((both.found.as_str(), both.untold), ("the default", false));
    let rootless = by_default(&env, &config.0.join("none.sock"));
    assert_eq!((rootless.found.as_str(), rootless.untold), ("the rootless default", true));
}

#[test]
fn certificates_come_with_the_variables() {
    let mut env = Environment { host: Some("tcp://a:2376".to_owned()), ..Environment::default() };
    env.cert_path = Some(PathBuf::from("/certs"));
    assert_eq!(find(&env, None).unwrap().tls, None);
    env.tls = true;
    assert_eq!(find(&env, None).unwrap().tls.unwrap().ca, Path::new("/certs/ca.pem"));
}

#[test]
fn what_is_not_reached_says_what_to_do() {
    let env = Environment { host: Some("ssh://me@far".to_owned()), ..Environment::default() };
    let error = find(&env, None).unwrap().route().unwrap_err();
    assert!(error.what.contains("ssh://me@far (DOCKER_HOST)"));
    assert!(error.hint.unwrap().contains("forward its socket"));
    let tcp = Environment { host: Some("tcp://a:1/".to_owned()), ..Environment::default() };
    assert_eq!(find(&tcp, None).unwrap().route().unwrap(), Route::Tcp("a:1".to_owned()));
}
