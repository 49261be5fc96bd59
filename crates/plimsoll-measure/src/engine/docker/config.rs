//! What the Docker client's configuration says: the context that holds, and where it leads.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::{EngineError, ErrorKind};

/// How large a file of the configuration may be.
const MOST: u64 = 4 << 20;

/// Where a context leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) host: String,
    /// The folder of its certificates, where it has some.
    pub(super) tls: Option<PathBuf>,
}

/// The folder of the configuration.
pub(super) fn folder() -> Option<PathBuf> {
    let set = std::env::var_os("DOCKER_CONFIG").filter(|value| !value.is_empty());
    set.map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")))
}

/// The name of the context that holds, where it is another than the default.
pub(super) fn current(folder: &Path) -> Option<String> {
    let name = read(&folder.join("config.json"))?.get("currentContext")?.as_str()?.to_owned();
    (!name.is_empty() && name != "default").then_some(name)
}

/// A context by its name.
pub(super) fn context(folder: &Path, name: &str) -> Result<Context, EngineError> {
    // The client keeps each context in a folder that is called by the digest of its name.
    let digest: String = Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
    let missing = |what: String| {
        EngineError::new(ErrorKind::Unreachable, what)
            .hint("docker context ls lists them; DOCKER_CONTEXT or docker context use chooses one")
    };
    let meta = read(&folder.join("contexts/meta").join(&digest).join("meta.json"))
        .ok_or_else(|| missing(format!("there is no Docker context {name} that can be read")))?;
    let docker = meta.get("Endpoints").and_then(|all| all.get("docker"));
    let host = docker.and_then(|docker| docker.get("Host")).and_then(Value::as_str);
    let host = host.ok_or_else(|| missing(format!("the Docker context {name} names no engine")))?;
    let tls = folder.join("contexts/tls").join(&digest).join("docker");
    Ok(Context { host: host.to_owned(), tls: tls.is_dir().then_some(tls) })
}

/// Whether Buildx lies where the client looks for its plugins.
pub(super) fn buildx_plugin() -> bool {
    const FOLDERS: [&str; 4] = [
        "/usr/local/lib/docker/cli-plugins",
        "/usr/local/libexec/docker/cli-plugins",
        "/usr/lib/docker/cli-plugins",
        "/usr/libexec/docker/cli-plugins",
    ];
    let own = folder().into_iter().map(|folder| folder.join("cli-plugins"));
    let extra = folder().and_then(|folder| read(&folder.join("config.json")));
    let extra = extra.as_ref().and_then(|c| c.get("cliPluginsExtraDirs")).and_then(Value::as_array);
    let extra = extra.into_iter().flatten().filter_map(Value::as_str).map(PathBuf::from);
    let mut all = own.chain(extra).chain(FOLDERS.into_iter().map(PathBuf::from));
    all.any(|folder| folder.join("docker-buildx").is_file())
}

fn read(path: &Path) -> Option<Value> {
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST);
    let text = small.then(|| std::fs::read_to_string(path).ok()).flatten()?;
    serde_json::from_str(&text).ok()
}
