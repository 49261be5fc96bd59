//! Google Cloud Build configurations.

use std::sync::Arc;

use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{self, Command, Script, Word};
use plimsoll_syntax::yaml::{Node, Yaml};

use super::commands::{self, Site};
use super::paths::join;
use super::scope::Scope;
use super::{BuildTool, Finder, environment};
use crate::repo::Place;

/// Whether a YAML file is a Cloud Build configuration.
pub(crate) fn is_cloudbuild(name: &str, yaml: &Yaml) -> bool {
    let named = name.starts_with("cloudbuild") || name.starts_with("cloud-build");
    let steps = |root: Node<'_>| {
        let first = root.get("steps").and_then(|s| s.items().next());
        first.is_some_and(|s| {
            s.get("name").and_then(|n| n.as_str()).is_some_and(|n| n.contains('/'))
        })
    };
    yaml.documents().next().is_some_and(|root| steps(root) && (named || root.get("jobs").is_none()))
}

/// Goes through the steps.
pub(super) fn find(path: &Arc<str>, yaml: &Yaml, finder: &mut Finder<'_>) {
    let Some(root) = yaml.documents().next() else { return };
    let mut scope = Scope::default();
    for (name, value) in root.get("substitutions").into_iter().flat_map(|n| n.entries()) {
        if let (Some(name), Some(value)) = (name.as_str(), value.as_str()) {
            scope.set(name, value.to_owned());
        }
    }
    for step in root.get("steps").into_iter().flat_map(|n| n.items()) {
        one(path, step, &scope, finder);
    }
}

fn one(path: &Arc<str>, step: Node<'_>, scope: &Scope, finder: &mut Finder<'_>) {
    let text = |key: &str| step.get(key).and_then(|n| n.as_str()).unwrap_or("");
    let place = |span: Span| Place::new(path, span);
    let site = Site {
        place: &place,
        folder: join("", text("dir")),
        job: None,
        environment: environment::guess(&[path, text("id")]),
        scope: scope.clone(),
        depth: 0,
    };
    let args: Vec<Node<'_>> = step.get("args").into_iter().flat_map(|n| n.items()).collect();
    if let Some(script) = step.get("script") {
        return scan_text(path, script, &site, finder);
    }
    let image = text("name");
    let entry = text("entrypoint");
    let shell_entry = ["bash", "sh", "/bin/bash", "/bin/sh"].contains(&entry);
    if shell_entry {
        let body = args
            .iter()
            .skip_while(|a| a.as_str().is_none_or(|t| !t.starts_with('-') || !t.ends_with('c')));
        if let Some(body) = body.into_iter().nth(1) {
            scan_text(path, *body, &site, finder);
        }
        return;
    }
    let program = if entry.is_empty() {
        program_of(image)
    } else {
        Some(entry.rsplit('/').next().unwrap_or(entry))
    };
    let Some(program) = program else { return };
    let command = command(program, step, &args);
    if program == "executor" {
        return kaniko(&command, &site, finder);
    }
    let before = finder.found.builds.len();
    commands::scan(&Script { commands: vec![command], ..Script::default() }, site.clone(), finder);
    for build in finder.found.builds.iter_mut().skip(before) {
        if build.tool == BuildTool::DockerBuild {
            build.tool = BuildTool::CloudBuildDocker;
        }
    }
}

/// The program that a builder image runs.
fn program_of(image: &str) -> Option<&'static str> {
    let name = image.split([':', '@']).next().unwrap_or(image);
    match name {
        n if n.ends_with("cloud-builders/docker") || n == "docker" => Some("docker"),
        n if n.ends_with("cloud-builders/gcloud")
            || n.ends_with("google.com/cloudsdktool/cloud-sdk") =>
        {
            Some("gcloud")
        }
        n if n.ends_with("cloud-builders/kubectl") => Some("kubectl"),
        n if n.contains("kaniko-project/executor") => Some("executor"),
        n if n.ends_with("/helm") => Some("helm"),
        _ => None,
    }
}

fn command(program: &str, step: Node<'_>, args: &[Node<'_>]) -> Command {
    let word = |n: &Node<'_>| Word::from_text(n.as_str().unwrap_or(""), n.span());
    let at = step.get("name").map_or(step.span(), |n| n.span());
    let mut words = vec![Word::from_text(program, at)];
    words.extend(args.iter().map(word));
    for word in &mut words {
        word.quoted = false;
    }
    Command { words, span: step.span(), ..Command::default() }
}

fn scan_text(path: &Arc<str>, node: Node<'_>, site: &Site<'_>, finder: &mut Finder<'_>) {
    let text = node.cooked();
    let script = shell::parse(text.text());
    let place = |span: Span| Place::new(path, text.source_span(span));
    commands::scan(&script, Site { place: &place, ..site.clone() }, finder);
}

fn kaniko(command: &Command, site: &Site<'_>, finder: &mut Finder<'_>) {
    let Some(call) = shell::Invocation::of(command) else { return };
    let args = call.parse(shell::Takes::These(&[
        "--context",
        "-c",
        "--dockerfile",
        "-f",
        "--destination",
        "-d",
        "--target",
        "--build-arg",
    ]));
    let context = args.last(&["--context", "-c"]).and_then(|f| f.value.clone());
    let here = Word::from_text(".", command.span);
    let before = finder.found.builds.len();
    commands::build(
        &call,
        BuildTool::Kaniko,
        &args,
        Some(context.as_ref().unwrap_or(&here)),
        site,
        finder,
    );
    let cached = args
        .last(&["--cache"])
        .is_some_and(|f| f.value.as_ref().is_none_or(|w| w.text() != Some("false")));
    for build in finder.found.builds.iter_mut().skip(before) {
        build.tags = args.values(&["--destination", "-d"]).map(|w| site.fact(w)).collect();
        build.push = Some(true);
        if let Some(file) = args.last(&["--dockerfile"]).and_then(|f| f.value.as_ref()) {
            let fact = site.fact(file);
            build.dockerfile = join("", fact.value.trim_start_matches("/workspace/"))
                .map(|p| crate::repo::Fact::new(p, fact.at));
        }
        if cached {
            let at = (site.place)(command.span);
            build.cache_from.push(crate::repo::Fact::new(
                super::CacheSpec { kind: "kaniko".into(), attrs: vec![] },
                at,
            ));
        }
    }
}
