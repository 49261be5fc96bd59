//! Where a Dockerfile installs what a manifest of the application lists.

use plimsoll_syntax::shell::{Invocation, Word};

use super::building::{Context, clamp, in_repository};
use super::install::{Install, Manager, installs};
use crate::discover::paths::{below, file_name, folder};
use crate::repo::{Command, DockerfileView, Place, Stage, Step};

/// The call that installs a manifest.
#[derive(Clone, Debug)]
pub struct Installed<'a> {
    /// The instruction.
    pub step: &'a Step,
    /// The command.
    pub command: &'a Command,
    /// The call.
    pub call: Invocation<'a>,
    /// Where.
    pub at: Place,
}

/// The first call of the needed stages that installs from a manifest.
#[must_use]
pub fn installed<'a>(
    file: &'a DockerfileView,
    target: Option<&str>,
    manifest: &str,
) -> Option<Installed<'a>> {
    let runs = file.reachable(target).flat_map(Stage::runs);
    runs.filter_map(|(step, command)| {
        let call = exports(command).filter(|_| file_name(manifest) == "pyproject.toml");
        let installs = installs(command).filter(|i| reads(i, manifest)).map(|i| i.call);
        let call = call.into_iter().chain(installs).next()?;
        Some(Installed { step, command, call, at: command.place(call.span()) })
    })
    .next()
}

/// The call of `poetry export` in a command.
#[must_use]
pub fn exports(command: &Command) -> Option<Invocation<'_>> {
    command.calls().find(|c| {
        let own = c.program == "poetry" && c.subcommand(0) == Some("export");
        own || (c.program.starts_with("python")
            && c.has("-m")
            && c.has("poetry")
            && c.has("export"))
    })
}

/// Whether an install reads the manifest.
fn reads(install: &Install<'_>, manifest: &str) -> bool {
    let named = |w: &Word| file_name(w.text().unwrap_or("")) == file_name(manifest);
    let here = |w: &Word| matches!(w.head(), "." | "./") || w.head().starts_with(".[");
    let words = || install.call.args.iter();
    match (file_name(manifest), install.manager) {
        ("Pipfile", manager) => manager == Manager::Pipenv,
        ("package.json", manager) => manager.is_node() && install.from_manifest(),
        ("pyproject.toml", Manager::Poetry) => true,
        ("pyproject.toml", Manager::Uv) if install.call.subcommand(0) == Some("sync") => true,
        ("pyproject.toml", Manager::Uv | Manager::Pip) => words().any(|w| here(w) || named(w)),
        (_, Manager::Uv | Manager::Pip) => words().any(named),
        _ => false,
    }
}

/// Where the needed stages copy a manifest from the context: itself, or the folder it is in.
#[must_use]
pub fn copied<'a>(
    file: &'a DockerfileView,
    target: Option<&str>,
    context: &Context<'_>,
    manifest: &str,
) -> Option<&'a Place> {
    let inside = below(context.folder, manifest)?;
    let takes = |path: &str| {
        let whole = in_repository(context.folder, path);
        whole == manifest || whole == folder(manifest) || pattern(&clamp(path), inside)
    };
    file.reachable(target).flat_map(|s| sources(s)).find(|(p, _)| takes(p)).map(|(_, at)| at)
}

/// The sources of a stage that are paths or patterns of the context.
fn sources(stage: &Stage) -> Vec<(&str, &Place)> {
    let copies = stage.copies().filter(|(_, c)| c.from.is_none()).flat_map(|(_, c)| &c.sources);
    let patterns = copies.filter(|s| s.known && s.path.value.contains('*'));
    let mut all = super::building::taken(stage);
    all.extend(patterns.map(|s| (s.path.value.as_str(), &s.path.at)));
    all
}

/// Whether a pattern with one `*` in its last part takes a path.
fn pattern(pattern: &str, path: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return false };
    let rest = path.strip_prefix(head).and_then(|p| p.strip_suffix(tail));
    rest.is_some_and(|middle| !middle.contains('/') && !tail.contains('*'))
}

/// Whether an install needs manifests only, and not the sources.
#[must_use]
pub fn needs_manifests_only(install: &Install<'_>) -> bool {
    let here = |w: &&Word| w.head().starts_with('.');
    match install.manager {
        Manager::Pip | Manager::Uv => {
            install.from_manifest() && !install.call.args.iter().any(|w| here(&w))
        }
        Manager::Npm | Manager::Yarn | Manager::Pnpm => {
            install.from_manifest() && install.verb != "deploy" && install.verb != "workspaces"
        }
        Manager::Poetry | Manager::Pipenv | Manager::Bundler | Manager::Composer => {
            install.from_manifest()
        }
        Manager::Go => install.verb == "download",
        Manager::Dotnet => install.verb == "restore",
        _ => false,
    }
}
