//! `pom.xml`.

use plimsoll_syntax::Span;
use roxmltree::{Document, Node, ParsingOptions};

use super::{Base, Dependency, Group, Manifest, Syntax, Target};

/// The largest file that is parsed: the parser holds every attribute of an element against all
/// others.
const MAX_BYTES: usize = 128 << 10;
/// The most namespaces: the parser copies those of an element to each of its children.
const MAX_NAMESPACES: usize = 200;

/// Parses XML without its document type: entities of a stranger are not expanded.
pub(super) fn document<'t>(manifest: &mut Manifest, text: &'t str) -> Option<Document<'t>> {
    if text.len() > MAX_BYTES || text.matches("xmlns").nth(MAX_NAMESPACES).is_some() {
        manifest.partly = Some(format!(
            "larger than {} kB or with more than {MAX_NAMESPACES} namespaces: it was not looked at",
            MAX_BYTES >> 10
        ));
        return None;
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 200_000, ..Default::default() };
    match Document::parse_with_options(text, options) {
        Ok(document) => Some(document),
        // A document type is no fault; it is only not looked into.
        Err(error @ (roxmltree::Error::DtdDetected | roxmltree::Error::NodesLimitReached)) => {
            manifest.partly = Some(format!("{error}: it was not looked at"));
            None
        }
        Err(error) => {
            let at = error.pos();
            let line = text.split_inclusive('\n').take(at.row.saturating_sub(1) as usize);
            let start = line.map(str::len).sum::<usize>().min(text.len());
            manifest.fail(&error.to_string(), Span::new(start, start));
            None
        }
    }
}

pub(super) fn span(node: Node<'_, '_>) -> Span {
    Span::new(node.range().start, node.range().end)
}

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let Some(document) = document(manifest, text) else { return };
    let root = document.root_element();
    manifest.name = child(root, "artifactId").and_then(|n| n.text()).map(|t| t.trim().to_owned());
    parent(manifest, root);
    // Which profiles are active is known only when Maven runs.
    let always = |n: &Node<'_, '_>| !n.ancestors().any(|a| a.has_tag_name_local("profile"));
    for module in root.descendants().filter(|n| n.has_tag_name_local("module")).filter(always) {
        let Some(path) = module.text().map(str::trim).filter(|p| !p.contains("${")) else {
            continue;
        };
        push(manifest, path, path, Syntax::MavenModule, span(module));
    }
    for dependency in root.descendants().filter(|n| n.has_tag_name_local("dependency")) {
        if let Some(name) = child(dependency, "artifactId").and_then(|n| n.text()) {
            manifest.want(name.trim(), &Group::Main, span(dependency));
        }
    }
    for path in root.descendants().filter(|n| n.has_tag_name_local("systemPath")) {
        let Some(text) = path.text().map(str::trim) else { continue };
        let text = text.replace("${project.basedir}/", "").replace("${basedir}/", "");
        let text = text.replace("${user.home}", "~");
        let name = path.parent_element().and_then(|d| child(d, "artifactId")?.text());
        if !text.contains("${") {
            push(manifest, name.unwrap_or(&text), &text, Syntax::MavenSystemPath, span(path));
        }
    }
}

/// The parent: by default the `pom.xml` above, where it is there.
fn parent(manifest: &mut Manifest, root: Node<'_, '_>) {
    let Some(parent) = child(root, "parent") else { return };
    let name = child(parent, "artifactId").and_then(|n| n.text()).unwrap_or("parent").trim();
    let (path, at) = match child(parent, "relativePath") {
        Some(node) => (node.text().unwrap_or("").trim(), span(node)),
        None => ("../pom.xml", span(parent)),
    };
    if !path.is_empty() && !path.contains("${") {
        push(manifest, name, path, Syntax::MavenParent, at);
    }
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|n| n.has_tag_name_local(name))
}

/// Tag names whatever their namespace is.
pub(super) trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

pub(super) fn push(manifest: &mut Manifest, name: &str, path: &str, syntax: Syntax, at: Span) {
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        target: Target::Path(path.replace('\\', "/")),
        base: Base::Manifest,
        syntax,
        group: Group::Main,
        editable: false,
        at: manifest.place(at),
        path_at: None,
    });
}
