//! Scripts and Makefile targets that commands call.

use std::sync::Arc;

use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{self, Invocation};

use super::commands::{self, Site};
use super::paths::{folder, join};
use super::scope::Scope;
use super::{Finder, environment};
use crate::repo::{Place, Repo};

/// Scripts that call scripts, at the most.
const MAX_DEPTH: usize = 4;

/// Calls of scripts and Makefiles that are followed, at the most: each line of one may call it again.
const MAX_CALLS: usize = 10_000;

/// Follows the call of a script of the repository: `./deploy.sh`, `bash scripts/build`.
pub(super) fn script(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let shell = matches!(call.program, "bash" | "sh" | "zsh" | "dash" | "source" | ".");
    let word = if shell {
        call.args.iter().find(|w| !w.head().starts_with('-'))
    } else {
        call.command.words.get(call.wrappers.len())
    };
    let Some(word) = word else { return };
    if shell
        && call
            .args
            .iter()
            .take_while(|w| w.head().starts_with('-'))
            .any(|w| w.head().ends_with('c') && !w.head().starts_with("--"))
    {
        return inline(call, site, finder);
    }
    let resolved = site.scope.word(word);
    let is_path = shell || resolved.text.starts_with("./") || resolved.text.contains('/');
    if !is_path || !resolved.unknown.is_empty() || resolved.text.starts_with('/') {
        return;
    }
    let Some(path) = site.folder.as_deref().and_then(|f| join(f, &resolved.text)) else { return };
    if site.depth >= MAX_DEPTH {
        return finder.note(
            &(site.place)(word.span),
            "scripts that call scripts are not followed any further",
        );
    }
    let Some(text) = finder.sources.text(&path) else {
        let speaks =
            ["build", "deploy", "docker", "release", "publish"].iter().any(|w| path.contains(w));
        if speaks && finder.sources.kind(&path).is_none() {
            finder.note(
                &(site.place)(word.span),
                format!("the script {path} is not in the repository"),
            );
        }
        return;
    };
    if is_too_much(call, site, finder) {
        return;
    }
    finder.followed.insert(path.clone());
    let file: Arc<str> = path.into();
    let place = |span: Span| Place::new(&file, span);
    let inner = Site { place: &place, depth: site.depth + 1, ..site.clone() };
    commands::scan(&shell::parse(text), inner, finder);
}

/// Counts a call that is followed; says once that it is one too many.
fn is_too_much(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) -> bool {
    finder.calls += 1;
    if finder.calls == MAX_CALLS {
        site.note(call.span(), "more calls of scripts than are followed", finder);
    }
    finder.calls >= MAX_CALLS
}

/// `sh -c '…'`: the text of the argument, each command at the argument's place.
fn inline(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let Some(word) = call.args.iter().find(|w| !w.head().starts_with('-')) else { return };
    if site.depth >= MAX_DEPTH {
        return;
    }
    let text = site.scope.word(word).text;
    let at = (site.place)(word.span);
    let place = |_: Span| at.clone();
    let inner = Site { place: &place, depth: site.depth + 1, ..site.clone() };
    commands::scan(&shell::parse(&text), inner, finder);
}

/// Follows `make target`.
pub(super) fn make(call: &Invocation<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let args = call.parse(shell::Takes::These(&["-C", "-f", "--directory", "--file", "-j", "-o"]));
    let folder = match args.last(&["-C", "--directory"]).and_then(|f| f.value.as_ref()) {
        Some(word) => site.folder.as_deref().and_then(|f| join(f, &site.scope.word(word).text)),
        None => site.folder.clone(),
    };
    let Some(folder) = folder else { return };
    let path = ["Makefile", "makefile", "GNUmakefile"].iter().filter_map(|n| join(&folder, n));
    let path = path.into_iter().find(|p| finder.sources.text(p).is_some());
    let Some(path) = path.filter(|_| site.depth < MAX_DEPTH) else { return };
    if is_too_much(call, site, finder) {
        return;
    }
    finder.followed.insert(path.clone());
    let mut targets: Vec<String> = Vec::new();
    for word in &args.positional {
        if word.split_assignment().is_none() {
            targets.push(site.scope.word(word).text);
        }
    }
    targets_of(&path, &targets, &folder, site, finder);
}

/// Scans the recipes of targets and of what they depend on; of all where none is named.
fn targets_of(
    path: &str,
    targets: &[String],
    folder: &str,
    site: &Site<'_>,
    finder: &mut Finder<'_>,
) {
    let repo = finder.repo;
    let Some(makefile) = repo.makefiles.get(path) else { return };
    let file: Arc<str> = path.into();
    for line in makefile.recipes(targets) {
        let place = |span: Span| Place::new(&file, line.source_span(span));
        let mut scope = site.scope.clone();
        for (name, value) in makefile.variables() {
            scope.vars.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let inner = Site {
            place: &place,
            folder: Some(folder.to_owned()),
            scope,
            depth: site.depth + 1,
            ..site.clone()
        };
        commands::scan(&shell::parse(line.text()), inner, finder);
    }
}

/// Reads the scripts and Makefiles that nothing calls: a person may.
pub(super) fn scripts_nobody_calls(finder: &mut Finder<'_>) {
    let sources = finder.sources;
    for (path, file) in &sources.files {
        let is_script = path.ends_with(".sh")
            || path.ends_with(".bash")
            || file.text.starts_with("#!/bin/sh")
            || file.text.starts_with("#!/bin/bash")
            || file.text.starts_with("#!/usr/bin/env bash");
        if finder.followed.contains(path) {
            continue;
        }
        let name: Arc<str> = path.as_str().into();
        let place = |span: Span| Place::new(&name, span);
        if !mentions(&file.text) {
            continue;
        }
        let mut site = Site {
            place: &place,
            folder: Some(String::new()),
            job: None,
            environment: environment::guess(&[path]),
            scope: Scope::default(),
            depth: 1,
        };
        if is_script {
            site.folder = Some(where_run(path, &file.text, finder.repo).to_owned());
            commands::scan(&shell::parse(&file.text), site, finder);
        } else if finder.repo.makefiles.contains_key(path) {
            targets_of(path, &[], folder(path), &site, finder);
        }
    }
}

/// Where a person runs a script: from the root, which is the custom, or from where it stands. That is
/// so where it has a Dockerfile beside it and does not speak of its folder.
fn where_run<'p>(path: &'p str, text: &str, repo: &Repo) -> &'p str {
    let own = folder(path);
    let beside = || repo.dockerfiles.iter().any(|file| folder(&file.path) == own);
    if own.is_empty() || text.contains(&format!("{own}/")) || !beside() { "" } else { own }
}

fn mentions(text: &str) -> bool {
    ["docker", "gcloud", "kubectl", "helm", "podman", "buildah"].iter().any(|w| text.contains(w))
}
