//! Where the Docker Engine is: the same answer that its own client would give.

use std::path::{Path, PathBuf};

use super::super::{EngineError, ErrorKind};
use super::config;

/// An address, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) tls: Option<Tls>,
    /// Who named it, for people.
    pub(super) found: String,
    /// Whether the client must be told, because it would go elsewhere of itself.
    pub(super) untold: bool,
}

/// Certificates to show and to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) ca: PathBuf,
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
}

/// What of the environment has a say.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    host: Option<String>,
    context: Option<String>,
    /// `DOCKER_TLS_VERIFY` or `DOCKER_TLS`.
    tls: bool,
    cert_path: Option<PathBuf>,
    runtime_dir: Option<PathBuf>,
    config: Option<PathBuf>,
}

impl Environment {
    pub(super) fn read() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name| set(name).and_then(|value| value.into_string().ok());
        Self {
            host: text("DOCKER_HOST"),
            context: text("DOCKER_CONTEXT"),
            tls: set("DOCKER_TLS_VERIFY").or_else(|| set("DOCKER_TLS")).is_some(),
            cert_path: set("DOCKER_CERT_PATH").map(PathBuf::from),
            runtime_dir: set("XDG_RUNTIME_DIR").map(PathBuf::from),
            config: config::folder(),
        }
    }

    fn tls(&self) -> Option<Tls> {
        let folder = self.cert_path.clone().or_else(|| self.config.clone());
        folder.filter(|_| self.tls).map(|folder| Tls::of(&folder))
    }
}

impl Tls {
    fn of(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") }
    }
}

const SOCKET: &str = "/var/run/docker.sock";

/// Where the engine is; `asked` was named on the command line.
pub(super) fn find(env: &Environment, asked: Option<&str>) -> Result<Endpoint, EngineError> {
    if let Some(host) = asked {
        let found = "asked for".to_owned();
        return Ok(Endpoint { host: host.to_owned(), tls: env.tls(), found, untold: true });
    }
    if let Some(host) = &env.host {
        let found = "DOCKER_HOST".to_owned();
        return Ok(Endpoint { host: host.clone(), tls: env.tls(), found, untold: false });
    }
    let named = env.context.clone().map(|name| (name, "DOCKER_CONTEXT"));
    let current = || Some((config::current(env.config.as_deref()?)?, "the current context"));
    if let Some((name, by)) = named.or_else(current).filter(|(name, _)| name != "default") {
        return of_context(env, &name, by);
    }
    Ok(by_default(env, Path::new(SOCKET)))
}

fn of_context(env: &Environment, name: &str, by: &str) -> Result<Endpoint, EngineError> {
    let folder = env.config.as_deref().unwrap_or(Path::new("/"));
    let context = config::context(folder, name)?;
    let tls = context.tls.as_deref().map(Tls::of);
    Ok(Endpoint { host: context.host, tls, found: format!("{by}, {name}"), untold: false })
}

fn by_default(env: &Environment, socket: &Path) -> Endpoint {
    let rootless = env.runtime_dir.as_ref().map(|folder| folder.join("docker.sock"));
    let unix = |path: &Path| format!("unix://{}", path.display());
    // Where both are there, the client takes the one of the machine.
    match rootless.filter(|rootless| !socket.exists() && rootless.exists()) {
        Some(rootless) => Endpoint {
            host: unix(&rootless),
            tls: None,
            found: "the rootless default".to_owned(),
            untold: true,
        },
        None => Endpoint {
            host: unix(socket),
            tls: None,
            found: "the default".to_owned(),
            untold: false,
        },
    }
}

/// How an address is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Unix(String),
    Tcp(String),
}

impl Endpoint {
    pub(super) fn route(&self) -> Result<Route, EngineError> {
        let tcp = ["tcp://", "http://", "https://"];
        if let Some(path) = self.host.strip_prefix("unix://") {
            return Ok(Route::Unix(path.to_owned()));
        }
        if let Some(rest) = tcp.iter().find_map(|scheme| self.host.strip_prefix(scheme)) {
            return Ok(Route::Tcp(rest.trim_end_matches('/').to_owned()));
        }
        let what = format!("{} ({}) is an address that is not reached", self.host, self.found);
        let hint = match self.host.starts_with("ssh://") {
            true => {
                "forward its socket (ssh -nNT -L /tmp/docker.sock:/var/run/docker.sock HOST) \
                     and name unix:///tmp/docker.sock"
            }
            false => "unix:// and tcp:// are",
        };
        Err(EngineError::new(ErrorKind::Unreachable, what).hint(hint))
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
