//! Skaffold configurations.

use std::sync::Arc;

use plimsoll_syntax::yaml::{Node, Yaml};

use super::Finder;
use super::paths::{folder, join};
use super::types::{Build, BuildTool, ContextRef};
use crate::repo::{Fact, Place};

/// Finds the artifacts that are built from a Dockerfile.
pub(super) fn find(path: &Arc<str>, yaml: &Yaml, finder: &mut Finder<'_>) {
    for root in yaml.documents() {
        for artifact in root.get_path(&["build", "artifacts"]).into_iter().flat_map(|n| n.items()) {
            let at = Place::new(path, artifact.span());
            let text = |keys: &[&str]| {
                let node = artifact.get_path(keys)?;
                Some(Fact::new(node.as_str()?.to_owned(), Place::new(path, node.span())))
            };
            let other = ["buildpacks", "jib", "ko", "bazel", "custom"]
                .iter()
                .find(|k| artifact.get(k).is_some());
            if let Some(other) = other {
                finder.note(&at, format!("artifacts built with {other} are not analysed"));
                continue;
            }
            let context =
                text(&["context"]).unwrap_or_else(|| Fact::new(".".to_owned(), at.clone()));
            let context = match join(folder(path), &context.value) {
                Some(folder) => ContextRef::Folder(Fact::new(folder, context.at)),
                None => ContextRef::Unknown(context),
            };
            let mut build = Build::new(at, BuildTool::Skaffold, context);
            let file = text(&["docker", "dockerfile"]);
            let name = file.as_ref().map_or("Dockerfile", |f| f.value.as_str());
            let place = file.as_ref().map_or(build.context.at(), |f| &f.at).clone();
            build.dockerfile =
                build.context.folder().and_then(|f| join(f, name)).map(|p| Fact::new(p, place));
            build.target = text(&["docker", "target"]);
            build.tags = text(&["image"]).into_iter().collect();
            build.args = arguments(path, artifact);
            finder.found.builds.push(build);
        }
    }
}

/// The build arguments: those that are set, and the images of other artifacts under their aliases.
fn arguments(path: &Arc<str>, artifact: Node<'_>) -> Vec<(Fact<String>, Option<String>)> {
    let name =
        |node: Node<'_>| Some(Fact::new(node.as_str()?.to_owned(), Place::new(path, node.span())));
    let set = artifact.get_path(&["docker", "buildArgs"]).into_iter().flat_map(|n| n.entries());
    let set = set.filter_map(|(key, value)| Some((name(key)?, value.as_str().map(str::to_owned))));
    let required = artifact.get("requires").into_iter().flat_map(|n| n.items());
    let required = required.filter_map(|image| Some((name(image.get("alias")?)?, None)));
    set.chain(required).collect()
}
