//! `package.json` of npm, pnpm and yarn.

use plimsoll_syntax::yaml::{self, Node};

use super::{Base, Dependency, Group, Manifest, Syntax, Target};

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let document = yaml::parse(text);
    if let Some(error) = document.errors().first()
        && !super::json::is_json(text)
    {
        manifest.fail(&error.message, error.span);
    }
    let Some(root) = document.documents().next() else { return };
    manifest.name = root.get("name").and_then(Node::as_str).map(str::to_owned);
    manifest.main = root.get("main").and_then(Node::as_str).map(str::to_owned);
    let kinds = [
        ("dependencies", Group::Main),
        ("devDependencies", Group::Dev(String::new())),
        ("optionalDependencies", Group::Optional(String::new())),
    ];
    for (key, group) in kinds {
        for (name, value) in root.get(key).into_iter().flat_map(Node::entries) {
            dependency(manifest, name, value, &group);
        }
    }
    if let Some(workspaces) = root.get("workspaces") {
        let list = workspaces.get("packages").unwrap_or(workspaces);
        manifest.workspace =
            Some(list.items().filter_map(Node::as_str).map(str::to_owned).collect());
    }
}

fn dependency(manifest: &mut Manifest, name: Node<'_>, value: Node<'_>, group: &Group) {
    let (Some(name_text), Some(text)) = (name.as_str(), value.as_str()) else { return };
    manifest.want(name_text, group, name.span().to(value.span()));
    let Some((target, syntax)) = target(text) else { return };
    manifest.dependencies.push(Dependency {
        name: name_text.to_owned(),
        target,
        base: Base::Manifest,
        syntax,
        group: group.clone(),
        editable: !matches!(syntax, Syntax::Git),
        at: manifest.place(name.span().to(value.span())),
        path_at: None,
    });
}

fn target(text: &str) -> Option<(Target, Syntax)> {
    let schemes =
        [("file:", Syntax::NodeFile), ("link:", Syntax::NodeLink), ("portal:", Syntax::NodePortal)];
    for (scheme, syntax) in schemes {
        if let Some(path) = text.strip_prefix(scheme) {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Some((Target::Path(path.to_owned()), syntax));
        }
    }
    if text.starts_with("workspace:") {
        return Some((Target::Member, Syntax::NodeWorkspace));
    }
    let path = ["../", "./", "/", "~/"].iter().any(|p| text.starts_with(p));
    if path {
        return Some((Target::Path(text.to_owned()), Syntax::NodeFile));
    }
    let git = ["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:", "ssh:"];
    git.iter()
        .any(|g| text.starts_with(g))
        .then(|| (Target::Git { url: text.to_owned() }, Syntax::Git))
}
