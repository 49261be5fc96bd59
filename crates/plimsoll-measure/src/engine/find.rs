//! Finds an engine, and says which and why.

use std::path::PathBuf;
use std::str::FromStr;

use super::buildkit::BuildKit;
use super::docker::{Docker, client};
use super::{Engine, EngineError};

/// Which engine is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The Docker Engine that its own client would use; where nobody
    /// names one and none answers, BuildKit's daemon.
    #[default]
    Auto,
    /// The Docker Engine that its own client would use.
    Docker,
    /// BuildKit's daemon, at `BUILDKIT_HOST` or where it is by default.
    BuildKit,
    /// A Docker Engine at an address.
    DockerAt(String),
    /// BuildKit's daemon at an address.
    BuildKitAt(String),
}

impl FromStr for Choice {
    type Err = String;

    /// `auto`, `docker`, `buildkit`, an address of a Docker Engine, `buildkit:` and an address.
    fn from_str(text: &str) -> Result<Self, String> {
        let known = ["unix://", "tcp://", "http://", "https://", "ssh://", "npipe://"];
        let is_address = |text: &str| text.contains("://");
        match text {
            "auto" => Ok(Self::Auto),
            "docker" => Ok(Self::Docker),
            "buildkit" => Ok(Self::BuildKit),
            _ => match text.strip_prefix("buildkit:") {
                Some(host) if is_address(host) => Ok(Self::BuildKitAt(host.to_owned())),
                None if known.iter().any(|scheme| text.starts_with(scheme)) => {
                    Ok(Self::DockerAt(text.to_owned()))
                }
                _ => Err("name docker, buildkit, an address such as unix:///run/docker.sock or \
                          tcp://host:2376, or buildkit:ADDRESS"
                    .to_owned()),
            },
        }
    }
}

/// The engine that is wanted, where it answers.
///
/// # Errors
/// Where there is none, or it cannot be reached.
pub fn find(choice: &Choice) -> Result<Box<dyn Engine>, EngineError> {
    let docker = |host: Option<&str>| Docker::open(host).map(|e| Box::new(e) as Box<dyn Engine>);
    let buildkit =
        |host: Option<&str>| BuildKit::open(host).map(|e| Box::new(e) as Box<dyn Engine>);
    match choice {
        Choice::Docker => docker(None),
        Choice::BuildKit => buildkit(None),
        Choice::DockerAt(host) => docker(Some(host)),
        Choice::BuildKitAt(host) => buildkit(Some(host)),
        // Who names a Docker Engine wants that one. That Docker is missing is what most people can
        // do something about.
        Choice::Auto => docker(None).or_else(|missing| match is_named() {
            true => Err(missing),
            false => buildkit(None).map_err(|_| missing),
        }),
    }
}

/// Whether the environment names a Docker Engine.
fn is_named() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("DOCKER_HOST") || set("DOCKER_CONTEXT")
}

/// The program of a Docker client that can drive BuildKit.
///
/// # Errors
/// Where there is none on the path.
pub fn client_program() -> Result<PathBuf, EngineError> {
    client::find().map(|client| client.program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read() {
        let read = |text: &str| text.parse::<Choice>();
        assert_eq!(read("docker"), Ok(Choice::Docker));
        assert_eq!(read("tcp://a:1"), Ok(Choice::DockerAt("tcp://a:1".to_owned())));
        let host = "docker-container://b";
        assert_eq!(read(&format!("buildkit:{host}")), Ok(Choice::BuildKitAt(host.to_owned())));
        assert!(read("podman").is_err() && read("buildkit:").is_err() && read("").is_err());
    }
}
