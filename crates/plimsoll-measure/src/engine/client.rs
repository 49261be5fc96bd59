//! Finds a client that can drive BuildKit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Docker, process};

/// Why there is no engine to build with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No `docker` on the path.
    Client,
    /// No client on the path has Buildx, or BuildKit of its own.
    BuildKit,
    /// No engine answers: what the client says.
    Engine(String),
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Client => f.write_str("there is no `docker` on the path"),
            Self::BuildKit => {
                f.write_str("`docker` has no Buildx, and is too new to have BuildKit without it")
            }
            Self::Engine(said) => write!(f, "no Docker Engine answers: {said}"),
        }
    }
}

impl Missing {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Client => "install Docker, or run this where an engine is",
            Self::BuildKit => "install the plugin docker-buildx",
            Self::Engine(_) => "start the engine, or set DOCKER_HOST; `docker info` must answer",
        }
    }
}

const ASK: Duration = Duration::from_secs(30);

/// The first client of the path that can drive BuildKit, where its engine answers.
///
/// # Errors
/// [`Missing`] says what is not there.
pub fn find() -> Result<Docker, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder would be looked for in the repository, which brings no programs.
    let folders = std::env::split_paths(&path).filter(|f| f.is_absolute());
    let candidates = folders.map(|f| f.join("docker"));
    let mut any = false;
    for program in candidates.filter(|p| p.is_file()) {
        any = true;
        if let Some(docker) = able(program) {
            return docker.answers().map(|()| docker);
        }
    }
    Err(if any { Missing::BuildKit } else { Missing::Client })
}

fn able(program: PathBuf) -> Option<Docker> {
    if ask(&program, &["buildx", "version"]).is_ok() {
        return Some(Docker { program, buildx: true });
    }
    // Docker 23 took BuildKit out of the client.
    let version = ask(&program, &["--version"]).ok()?;
    let major = version.split_whitespace().find_map(|w| w.split('.').next()?.parse::<u32>().ok());
    (18..23).contains(&major?).then_some(Docker { program, buildx: false })
}

impl Docker {
    /// The client's program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    fn answers(&self) -> Result<(), Missing> {
        let said = ask(&self.program, &["version", "--format", "{{.Server.Version}}"]);
        said.map(drop).map_err(Missing::Engine)
    }
}

/// What the client prints; `Err` is its complaint.
fn ask(program: &Path, args: &[&str]) -> Result<String, String> {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let ended = process::run(program, &args, &[], ASK).map_err(|e| e.to_string())?;
    if ended.code == Some(0) {
        return Ok(ended.out);
    }
    let said = ended.err.lines().map(str::trim).find(|l| !l.is_empty());
    Err(said.unwrap_or("it does not say why").to_owned())
}
