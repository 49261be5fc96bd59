//! Who asks: what Docker's configuration holds for a registry.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::helper;
use super::reference::Reference;
use super::settings::Settings;
use crate::descriptor::text;

/// The largest configuration that is read.
const LIMIT: u64 = 1 << 20;

/// What proves who asks. It has no `Display`, and its `Debug` keeps it to itself.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Secret {
    /// Name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// What a token service gives tokens for, after a login in a browser.
    Identity(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What was found, and what to tell a person whom the registry refuses.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) secret: Option<Secret>,
    /// Why there is nothing, or where the secret is from; never the secret.
    pub(super) note: String,
}

/// Looks up a registry's credentials.
///
/// What is wrong with the configuration is no error, since a public image needs none: it becomes
/// the note of a refusal.
pub(super) fn find(settings: &Settings, reference: &Reference) -> Found {
    let nothing = |note: String| Found { secret: None, note };
    let Some(folder) = &settings.docker_config else {
        return nothing("there is no Docker configuration to log in with".into());
    };
    let file = folder.join("config.json");
    let config = match read(&file) {
        Ok(Some(config)) => config,
        Ok(None) => return nothing(format!("{} does not exist", file.display())),
        Err(why) => return nothing(format!("{} cannot be read: {why}", file.display())),
    };
    match from_helper(settings, &config, reference) {
        Ok(Some(found)) => return found,
        Ok(None) => {}
        Err(why) => return nothing(why),
    }
    match from_file(&config, reference) {
        Ok(Some(secret)) => {
            Found { secret: Some(secret), note: format!("those of {}", file.display()) }
        }
        Ok(None) => nothing(format!("{} has none for {}", file.display(), reference.host)),
        Err(why) => nothing(format!("{}: {why}", file.display())),
    }
}

fn read(file: &Path) -> Result<Option<Value>, String> {
    let mut bytes = Vec::new();
    match File::open(file) {
        Ok(open) => open.take(LIMIT).read_to_end(&mut bytes).map_err(|e| e.to_string())?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    // Of a syntax error only the place is told: the text around it may be a secret.
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| format!("line {} is no JSON", error.line()))
}

fn from_helper(
    settings: &Settings,
    config: &Value,
    reference: &Reference,
) -> Result<Option<Found>, String> {
    let key = reference.credentials_key();
    let own = config.get("credHelpers").and_then(Value::as_object);
    let own = own.and_then(|all| lookup(all, reference)).and_then(Value::as_str);
    let shared = config.get("credsStore").and_then(Value::as_str);
    let Some(name) = own.or(shared).filter(|name| !name.is_empty()) else { return Ok(None) };
    let found = helper::ask(settings, name, key)?;
    Ok(found.map(|secret| Found {
        secret: Some(secret),
        note: format!("those of the helper docker-credential-{name}"),
    }))
}

fn from_file(config: &Value, reference: &Reference) -> Result<Option<Secret>, &'static str> {
    let all = config.get("auths").and_then(Value::as_object);
    let Some(entry) = all.and_then(|all| lookup(all, reference)) else { return Ok(None) };
    let identity = text(entry, "identitytoken");
    if !identity.is_empty() {
        return Ok(Some(Secret::Identity(identity)));
    }
    let encoded = text(entry, "auth");
    let (user, password) = if encoded.is_empty() {
        (text(entry, "username"), text(entry, "password"))
    } else {
        decode(&encoded).ok_or("the `auth` of the registry is not base64 of `name:password`")?
    };
    Ok((!user.is_empty() && !password.is_empty()).then_some(Secret::Password { user, password }))
}

fn decode(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    // Docker once padded with zero bytes.
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}

/// The entry for a registry. Older clients filed it under an address; one with any other path
/// than the API's is for a part of the registry and says nothing of the rest.
fn lookup<'a>(all: &'a serde_json::Map<String, Value>, reference: &Reference) -> Option<&'a Value> {
    let key = reference.credentials_key();
    all.get(key).or_else(|| {
        let same = |name: &str| host_of(name).eq_ignore_ascii_case(host_of(key));
        all.iter().find(|(name, _)| same(name)).map(|(_, entry)| entry)
    })
}

fn host_of(key: &str) -> &str {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let bare = bare.trim_end_matches('/');
    let bare = bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare);
    if bare == "docker.io" { "index.docker.io" } else { bare }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &str, reference: &str) -> Result<Option<Secret>, &'static str> {
        from_file(&serde_json::from_str(config).unwrap(), &Reference::parse(reference).unwrap())
    }

    fn password(user: &str, password: &str) -> Result<Option<Secret>, &'static str> {
        Ok(Some(Secret::Password { user: user.into(), password: password.into() }))
    }

    #[test]
    fn an_entry_is_found_by_each_of_its_names() {
        let config = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "YTpiOmM="},
            "http://ghcr.io/v2/": {"username": "u", "password": "p"},
            "127.0.0.1:5000": {"auth": "ignored", "identitytoken": "t"},
            "quay.io/org": {"auth": "YTpi"}}}"#;
        assert_eq!(check(config, "app"), password("a", "b:c"));
        assert_eq!(check(config, "ghcr.io/org/app"), password("u", "p"));
        assert_eq!(check(config, "127.0.0.1:5000/app"), Ok(Some(Secret::Identity("t".into()))));
        assert_eq!(check(config, "127.0.0.1:5001/app"), Ok(None));
        assert_eq!(check(config, "quay.io/org/app"), Ok(None));
    }

    #[test]
    fn an_empty_or_broken_entry_is_none() {
        assert_eq!(check(r#"{"auths": {"ghcr.io": {}}}"#, "ghcr.io/a"), Ok(None));
        assert_eq!(check(r#"{"auths": []}"#, "ghcr.io/a"), Ok(None));
        let broken = r#"{"auths": {"ghcr.io": {"auth": "a secret"}}}"#;
        assert!(!check(broken, "ghcr.io/a").unwrap_err().contains("a secret"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = Secret::Password { user: "u".into(), password: "hunter2".into() };
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
