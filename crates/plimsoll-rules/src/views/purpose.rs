//! What an image is there for: to serve, to run, or to build on.

use plimsoll_syntax::shell::Word;

use crate::repo::{Command, DockerfileView};
use crate::review::Review;

use super::building::services_of;
use super::server::server;
use super::{Effective, effective, targets};

/// Shells, and interpreters that are one when nothing follows their name.
const SHELLS: [&str; 17] = [
    "sh", "bash", "ash", "dash", "zsh", "fish", "pwsh", "python", "pypy", "ipython", "node", "irb",
    "jshell", "psql", "iex", "php", "julia",
];

/// Whether all that a Dockerfile ships is there to build on or to work in.
pub(crate) fn is_to_build_on(review: &Review<'_>, file: &DockerfileView) -> bool {
    targets(review, file).into_iter().all(|stage| {
        let settings = effective(file, stage);
        is_base(&settings) && !serves(review, file, &settings)
    })
}

/// Whether somebody can reach the program: it has a port or a health check, or is deployed.
pub(crate) fn serves(review: &Review<'_>, file: &DockerfileView, settings: &Effective<'_>) -> bool {
    !settings.expose.is_empty()
        || settings.healthcheck.is_some()
        || settings.env.contains_key("PORT")
        || server(settings).is_some()
        || services_of(review, file).iter().any(|s| !s.deploys.is_empty())
}

/// Whether an image is there to build on or to work in: it starts nothing, or a shell alone.
pub(crate) fn is_base(settings: &Effective<'_>) -> bool {
    let Some((_, starts)) = settings.starts() else { return true };
    let program = |c: &Command| c.calls().next().map(|call| call.program.to_owned());
    let entry = settings.entrypoint.is_some();
    let wrapped = entry && program(starts).is_some_and(|p| p.contains("entrypoint"));
    let shell = match settings.cmd {
        Some((_, cmd)) if !entry || wrapped => cmd,
        None => starts,
        Some(_) => return false,
    };
    let mut calls = shell.calls();
    let Some(call) = calls.next().filter(|_| shell.script.commands.len() == 1) else {
        return false;
    };
    let open = |w: &Word| matches!(w.text(), Some("-i" | "-l" | "-il" | "-li" | "--login" | "-a"));
    let name = call.program.rsplit('/').next().unwrap_or_default();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    SHELLS.contains(&name) && call.args.iter().all(open)
}
