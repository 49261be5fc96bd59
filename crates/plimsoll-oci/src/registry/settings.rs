//! What a connection takes from its surroundings.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What a connection takes from its surroundings, so that nothing deeper asks the environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of Docker's `config.json`; without one, nobody is logged in.
    pub docker_config: Option<PathBuf>,
    /// Where credential helpers are looked for, as `PATH` lists it.
    pub path: OsString,
    /// A bundle of certificates that are trusted besides the system's.
    pub certificates: Option<PathBuf>,
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long a connection may bring nothing.
    pub silence: Duration,
    /// The pause before a broken connection is taken up again; doubled each time.
    pub pause: Duration,
    /// How long a credential helper may take; it may have to ask somebody.
    pub helper: Duration,
    /// Whether registries of this machine are asked over TLS, too.
    pub loopback_tls: bool,
}

impl Settings {
    /// Those of this process: `DOCKER_CONFIG` or the home folder, `PATH`, `SSL_CERT_FILE`.
    #[must_use]
    pub fn from_env() -> Self {
        let folder = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = || std::env::home_dir().map(|home| home.join(".docker"));
        Self {
            docker_config: folder("DOCKER_CONFIG").or_else(home),
            path: std::env::var_os("PATH").unwrap_or_default(),
            certificates: folder("SSL_CERT_FILE"),
            ..Self::bare()
        }
    }

    /// Nobody logged in, no helpers, the system's certificates.
    #[must_use]
    pub fn bare() -> Self {
        Self {
            docker_config: None,
            path: OsString::new(),
            certificates: None,
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            pause: Duration::from_millis(250),
            helper: Duration::from_secs(30),
            loopback_tls: false,
        }
    }
}
