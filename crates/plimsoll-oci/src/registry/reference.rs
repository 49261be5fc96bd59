//! The name of an image in a registry.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use plimsoll_model::printable;

use crate::{Digest, Error};

/// What the registry is called in references, and what it is called in Docker's configuration.
const HUB: &str = "docker.io";
const HUB_KEY: &str = "https://index.docker.io/v1/";

/// The name of an image, its parts checked: they go into addresses as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The registry with its port.
    pub(super) host: String,
    /// `org/app`.
    pub(super) repository: String,
    tag: String,
    pub(super) digest: Option<Digest>,
}

impl Reference {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|why| {
            let shown: String = printable(text).chars().take(300).collect();
            Error::Format(format!("`{shown}` is no image reference: {why}"))
        })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => {
                let digest = Digest::parse(digest).ok_or("its digest is not SHA-256")?;
                (name, Some(digest))
            }
            None => (text, None),
        };
        let (host, path) = split_host(name);
        let (repository, tag) = path.split_once(':').unwrap_or((path, "latest"));
        let host = host.to_ascii_lowercase();
        let lone = host == HUB && !repository.contains('/');
        let repository = if lone { format!("library/{repository}") } else { repository.to_owned() };
        match () {
            () if !is_host(&host) => Err("its registry is no host name"),
            () if !is_repository(&repository) => {
                Err("a repository is lower-case letters, digits, `.`, `_`, `-` and `/`")
            }
            () if !is_tag(tag) => Err("a tag is at most 128 letters, digits, `.`, `_` and `-`"),
            () => Ok(Self { host, repository, tag: tag.to_owned(), digest }),
        }
    }

    /// What the manifest is asked for by; a digest says more than a tag.
    pub(super) fn selector(&self) -> String {
        self.digest.map_or_else(|| self.tag.clone(), |digest| digest.to_string())
    }

    /// Where the API of the registry answers.
    pub(super) fn api_host(&self) -> &str {
        if self.host == HUB { "registry-1.docker.io" } else { &self.host }
    }

    /// What the registry's credentials are filed under.
    pub(super) fn credentials_key(&self) -> &str {
        if self.host == HUB { HUB_KEY } else { &self.host }
    }

    /// The command that files them.
    pub(super) fn login(&self) -> String {
        if self.host == HUB { "docker login".into() } else { format!("docker login {}", self.host) }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        match self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => write!(f, ":{}", self.tag),
        }
    }
}

/// Docker's rule: what comes before the first slash is a registry where it looks like a host.
fn split_host(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some(("index.docker.io", path)) => (HUB, path),
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => (HUB, name),
    }
}

fn is_host(host: &str) -> bool {
    let (name, port) = split_port(host);
    let is_name =
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let is_v6 = unbracketed(name).is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    host.len() <= 255 && (is_name || is_v6) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

fn unbracketed(name: &str) -> Option<&str> {
    name.strip_prefix('[')?.strip_suffix(']')
}

fn is_repository(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let is_component = |part: &str| {
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|b| plain(*b))
            && bytes.last().is_some_and(|b| plain(*b))
            && bytes.iter().all(|b| plain(*b) || b"._-".contains(b))
    };
    path.len() <= 255 && path.split('/').all(is_component)
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

/// Whether a host, with or without a port, is this machine: what is sent to it passes no network.
pub(super) fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    let v6 = |text: &str| text.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback());
    name == "localhost"
        || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || unbracketed(name).is_some_and(v6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        assert_eq!(Reference::parse(text).unwrap().to_string(), shown, "{text}");
    }

    #[test]
    fn references_are_read_as_docker_reads_them() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        check("app", "docker.io/library/app:latest");
        check("org/app:1.2", "docker.io/org/app:1.2");
        check("index.docker.io/app", "docker.io/library/app:latest");
        check("GHCR.io/org/app", "ghcr.io/org/app:latest");
        check("localhost/app", "localhost/app:latest");
        check("[::1]:5000/app:x", "[::1]:5000/app:x");
        check(&format!("127.0.0.1:5000/app:1@{digest}"), &format!("127.0.0.1:5000/app@{digest}"));
        assert_eq!(Reference::parse("app").unwrap().api_host(), "registry-1.docker.io");
    }

    #[test]
    fn what_would_leave_its_place_in_an_address_is_refused() {
        for text in [
            "",
            "/",
            "a/../b",
            "ghcr.io/a?b",
            "ghcr.io/a#b",
            "ghcr.io/A",
            "ghcr.io/a:b/c",
            "a@md5:1",
            "user@ghcr.io/a",
            "ghcr.io:x/a",
            "ghcr.io/a:.b",
            "ghcr.io/a\n",
            "[::1/a.b",
            "a b.c/d",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for host in
            ["localhost", "localhost:1", "127.0.0.1", "127.9.8.7:5000", "[::1]:5000", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["127.0.0.1.example.com", "localhost.example.com", "[::2]", "10.0.0.1", "0.0.0.0"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
