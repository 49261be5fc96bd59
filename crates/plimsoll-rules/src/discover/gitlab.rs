//! GitLab CI.

use std::sync::Arc;

use plimsoll_syntax::Span;
use plimsoll_syntax::shell;
use plimsoll_syntax::yaml::{Node, Yaml};

use super::commands::{self, Site};
use super::scope::Scope;
use super::{Finder, environment};
use crate::repo::Place;

/// Whether a path is one of a GitLab pipeline.
pub(crate) fn is_gitlab(path: &str) -> bool {
    let name = super::paths::file_name(path);
    name.starts_with(".gitlab-ci")
        || name.ends_with(".gitlab-ci.yml")
        || path.starts_with(".gitlab/ci/")
}

/// Goes through the scripts of the jobs.
pub(super) fn find(path: &Arc<str>, yaml: &Yaml, finder: &mut Finder<'_>) {
    let Some(root) = yaml.documents().next() else { return };
    if let Some(include) = root.get("include") {
        let place = Place::new(path, include.span());
        finder.note(&place, "files that this pipeline includes are read only where they are in the repository and named as pipelines");
    }
    let mut globals = Scope::default();
    variables(root, &mut globals);
    for (name, job) in root.entries() {
        let Some(name) = name.as_str().filter(|n| !RESERVED.contains(n)) else { continue };
        let mut scope = globals.clone();
        variables(job, &mut scope);
        let stage = job.get("stage").and_then(|n| n.as_str()).unwrap_or("");
        let environment =
            job.get("environment").and_then(|e| e.as_str().or_else(|| e.get("name")?.as_str()));
        for key in ["before_script", "script", "after_script"] {
            let Some(script) = job.get(key) else { continue };
            let lines: Vec<Node<'_>> =
                if script.as_str().is_some() { vec![script] } else { lines(script) };
            for line in lines {
                let text = line.cooked();
                let place = |span: Span| Place::new(path, text.source_span(span));
                let site = Site {
                    place: &place,
                    folder: Some(String::new()),
                    job: None,
                    environment: environment.map_or_else(
                        || environment::guess(&[name, stage]),
                        |e| environment::guess(&[e]).or(Some(e.to_owned())),
                    ),
                    scope: scope.clone(),
                    depth: 0,
                };
                commands::scan(&shell::parse(text.text()), site, finder);
            }
        }
    }
}

/// Keys of a pipeline that are no jobs.
pub(crate) const RESERVED: [&str; 9] = [
    "include",
    "stages",
    "variables",
    "default",
    "workflow",
    "image",
    "services",
    "cache",
    "pages_default",
];

/// The lines of a script; lists inside it come from `!reference` and anchors.
fn lines(script: Node<'_>) -> Vec<Node<'_>> {
    script
        .items()
        .flat_map(|n| if n.as_str().is_some() { vec![n] } else { n.items().collect() })
        .collect()
}

fn variables(node: Node<'_>, scope: &mut Scope) {
    for (name, value) in node.get("variables").into_iter().flat_map(|n| n.entries()) {
        let value = value.as_str().or_else(|| value.get("value")?.as_str());
        if let (Some(name), Some(value)) = (name.as_str(), value) {
            scope.set(name, value.to_owned());
        }
    }
}
