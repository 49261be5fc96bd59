//! Finds a client that can drive BuildKit.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::super::{EngineError, ErrorKind, process};
use super::config;

/// A client that drives BuildKit.
#[derive(Clone, Debug)]
pub(in super::super) struct Client {
    pub(in super::super) program: PathBuf,
    /// What to call it.
    pub(super) name: String,
    /// Whether `docker buildx build` is there; else BuildKit inside the engine is used.
    pub(super) buildx: bool,
    /// Whether it gives its progress as JSON.
    pub(super) raw: bool,
}

const ASK: Duration = Duration::from_secs(30);

/// The first client of the path that can drive BuildKit.
///
/// # Errors
/// Where there is none.
pub(in super::super) fn find() -> Result<Client, EngineError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder would be looked for in the repository, which brings no programs.
    let folders = std::env::split_paths(&path).filter(|f| f.is_absolute());
    let programs: Vec<PathBuf> =
        folders.map(|f| f.join("docker")).filter(|program| program.is_file()).collect();
    if programs.is_empty() {
        let what = "there is no `docker` on the path";
        return Err(EngineError::new(ErrorKind::Unreachable, what)
            .hint("install Docker, or run this where an engine is"));
    }
    // To ask a client takes longer than a small step of a build: the usual places come first.
    let plugin = config::buildx_plugin();
    let quick = programs.iter().find_map(|program| quick(program, plugin));
    quick.or_else(|| programs.iter().find_map(|program| with_buildx(program))).ok_or_else(|| {
        let what = "`docker` has no Buildx, and is too new to have BuildKit without it";
        EngineError::new(ErrorKind::Unreachable, what).hint("install the plugin docker-buildx")
    })
}

fn quick(program: &Path, plugin: bool) -> Option<Client> {
    if plugin && let Some(client) = with_buildx(program) {
        return Some(client);
    }
    // Docker 23 took BuildKit out of the client.
    let said = ask(program, &["--version"])?;
    let version = said.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    let version = version.trim_end_matches(',');
    let major: u32 = version.split('.').next()?.parse().ok()?;
    let name = format!("docker {version}, BuildKit inside the engine");
    let client = Client { program: program.to_owned(), name, buildx: false, raw: false };
    (18..23).contains(&major).then_some(client)
}

fn with_buildx(program: &Path) -> Option<Client> {
    let said = ask(program, &["buildx", "version"])?;
    let version = said.split_whitespace().nth(1).unwrap_or("of an unknown version").to_owned();
    let help = || ask(program, &["buildx", "build", "--help"]);
    let raw = newer(&version).unwrap_or_else(|| help().is_some_and(|h| h.contains("rawjson")));
    let name = format!("docker buildx {version}");
    Some(Client { program: program.to_owned(), name, buildx: true, raw })
}

/// Whether a version is at least 0.13, where progress as JSON began.
fn newer(version: &str) -> Option<bool> {
    let mut parts = version.strip_prefix('v')?.split(['.', '-', '+']);
    let major: u32 = parts.next()?.parse().ok()?;
    let minor: u32 = parts.next()?.parse().ok()?;
    Some((major, minor) >= (0, 13))
}

/// What the client prints, where it does what it is asked.
fn ask(program: &Path, args: &[&str]) -> Option<String> {
    let args = args.iter().map(OsString::from);
    let ended = process::run(Command::new(program).args(args), ASK).ok()?;
    (ended.code == Some(0)).then_some(ended.out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_as_json_began_with_a_version() {
        assert_eq!(newer("v0.12.1"), Some(false));
        assert_eq!(newer("v0.13.0-rc2"), Some(true));
        assert_eq!(newer("1.2"), None);
    }
}
