//! Project files of .NET.

use super::maven::{LocalName, document, push, span};
use super::{Manifest, Syntax};

/// Whether a file is a project.
#[must_use]
pub(super) fn is_project(name: &str) -> bool {
    [".csproj", ".fsproj", ".vbproj"].iter().any(|e| name.ends_with(e))
}

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    // Editors of Windows begin the file with a mark that is no part of it.
    let Some(document) = document(manifest, text) else { return };
    manifest.name = Some(stem(&manifest.path).to_owned());
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let (path, syntax) = if node.has_tag_name_local("ProjectReference") {
            (node.attribute("Include"), Syntax::ProjectReference)
        } else if node.has_tag_name_local("Import") {
            (node.attribute("Project"), Syntax::DotNetFile)
        } else if node.has_tag_name_local("HintPath") {
            (node.text(), Syntax::DotNetFile)
        } else {
            continue;
        };
        // What only counts on a condition may not count in the build.
        let conditional = |n: roxmltree::Node<'_, '_>| {
            n.has_attribute("Condition") || n.has_tag_name_local("Choose")
        };
        if node.ancestors().any(conditional) {
            continue;
        }
        for path in path.unwrap_or("").split(';').map(str::trim) {
            if !path.is_empty() && !path.contains(['$', '*', '@']) {
                push(manifest, stem(&path.replace('\\', "/")), path, syntax, span(node));
            }
        }
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
