//! Compose files: services that are built, and what they run.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_syntax::yaml::{Kind, Node, Yaml};

use super::paths::{folder, join};
use super::types::{
    Build, BuildTool, CacheSpec, ContextRef, Deploy, DeployTool, Discovery, Platform,
};
use crate::repo::{Fact, Place};

/// Finds the services of a compose file. `env` is the text of the `.env` beside it, which gives
/// its variables their values.
pub(super) fn find(path: &Arc<str>, yaml: &Yaml, env: &str, found: &mut Discovery) {
    let vars = &variables(env);
    let Some(services) = yaml.documents().next().and_then(|d| d.get("services")) else { return };
    for (name, service) in services.entries() {
        let reader = Reader { path, vars };
        let Some(name) = reader.fact(Some(name)) else { continue };
        let image = reader.value(service.get("image"));
        if let Some(build) = service.get("build") {
            reader.build(&name, build, image.clone(), found);
        }
        reader.deploy(name, service, image, found);
    }
}

/// The variables of a `.env`.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().map(|line| line.trim().trim_start_matches("export "));
    let pairs = lines.filter(|line| !line.starts_with('#')).filter_map(|l| l.split_once('='));
    let bare = |value: &'_ str| value.split(" #").next().map_or(0, |v| v.trim_end().len());
    pairs
        .map(|(name, value)| {
            let value = value.trim();
            (name.trim(), value[..bare(value)].trim_matches(['"', '\'']))
        })
        .collect()
}

/// A text with the variables that are known replaced; others stay as they are written.
fn expand(text: &str, vars: &BTreeMap<&str, &str>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        out.push_str(before);
        let braced = after.strip_prefix('{').and_then(|t| t.split_once('}'));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = after.find(|c| !plain(c)).unwrap_or(after.len());
        let (name, written, next) = match braced {
            Some((inner, next)) => {
                let end = inner.find(|c| !plain(c)).unwrap_or(inner.len());
                (&inner[..end], &rest[at..rest.len() - next.len()], next)
            }
            None => (&after[..end], &rest[at..=at + end], &after[end..]),
        };
        // `${NAME:-default}` and its like speak of a value that is missing or empty.
        match vars.get(name).filter(|value| !value.is_empty()) {
            Some(value) => out.push_str(value),
            None => out.push_str(written),
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

struct Reader<'a> {
    path: &'a Arc<str>,
    vars: &'a BTreeMap<&'a str, &'a str>,
}

impl Reader<'_> {
    fn fact(&self, node: Option<Node<'_>>) -> Option<Fact<String>> {
        let node = node?;
        Some(Fact::new(node.as_str()?.to_owned(), Place::new(self.path, node.span())))
    }

    /// A text with its variables replaced.
    fn value(&self, node: Option<Node<'_>>) -> Option<Fact<String>> {
        Some(self.fact(node)?.map(|text| expand(&text, self.vars)))
    }

    fn build(
        &self,
        name: &Fact<String>,
        node: Node<'_>,
        image: Option<Fact<String>>,
        found: &mut Discovery,
    ) {
        let short = self.value(Some(node));
        let context = short.or_else(|| self.value(node.get("context")));
        let at = name.at.clone();
        let context = context.unwrap_or_else(|| Fact::new(".".to_owned(), at.clone()));
        let context = self.context(context);
        let mut build = Build::new(at, BuildTool::Compose, context);
        let file = self.value(node.get("dockerfile"));
        build.dockerfile = build.context.folder().and_then(|folder| match file {
            Some(file) => Some(Fact::new(join(folder, &file.value)?, file.at)),
            None => Some(Fact::new(join(folder, "Dockerfile")?, build.context.at().clone())),
        });
        if node.get("dockerfile_inline").is_some() {
            build.dockerfile = None;
        }
        build.target = self.value(node.get("target"));
        build.tags = image.into_iter().collect();
        build.args = self.args(node.get("args"));
        let caches = |key: &str| {
            let items = node.get(key).into_iter().flat_map(|n| n.items());
            items
                .filter_map(|n| self.fact(Some(n)))
                .map(|f| f.map(|t| CacheSpec::parse(&t)))
                .collect()
        };
        build.cache_from = caches("cache_from");
        build.cache_to = caches("cache_to");
        build.contexts =
            node.get("additional_contexts").map(|n| self.contexts(n)).unwrap_or_default();
        found.builds.push(build);
    }

    fn context(&self, context: Fact<String>) -> ContextRef {
        let text = context.value.as_str();
        if text.contains("://") || text.starts_with("git@") {
            return ContextRef::Remote(context);
        }
        if text.contains('$') {
            return ContextRef::Unknown(context);
        }
        match join(folder(self.path), text) {
            Some(folder) => ContextRef::Folder(Fact::new(folder, context.at)),
            None => ContextRef::Unknown(context),
        }
    }

    fn args(&self, node: Option<Node<'_>>) -> Vec<(Fact<String>, Option<String>)> {
        let Some(node) = node else { return Vec::new() };
        if node.kind() == Kind::Map {
            let pair = |(k, v): (Node<'_>, Node<'_>)| {
                Some((self.fact(Some(k))?, v.as_str().map(str::to_owned)))
            };
            return node.entries().filter_map(pair).collect();
        }
        let pair = |fact: Fact<String>| match fact.value.split_once('=') {
            Some((name, value)) => (Fact::new(name.to_owned(), fact.at), Some(value.to_owned())),
            None => (fact, None),
        };
        node.items().filter_map(|n| self.fact(Some(n))).map(pair).collect()
    }

    fn contexts(&self, node: Node<'_>) -> Vec<(String, Fact<String>)> {
        let args = self.args(Some(node));
        args.into_iter()
            .filter_map(|(name, source)| Some((name.value, Fact::new(source?, name.at))))
            .collect()
    }

    fn deploy(
        &self,
        name: Fact<String>,
        service: Node<'_>,
        image: Option<Fact<String>>,
        found: &mut Discovery,
    ) {
        let mut deploy = Deploy::new(name.at.clone(), Platform::Compose, DeployTool::Compose);
        deploy.environment = super::environment::guess(&[self.path]);
        deploy.image = image;
        deploy.settings.memory =
            self.fact(service.get_path(&["deploy", "resources", "limits", "memory"]));
        deploy.settings.cpu =
            self.fact(service.get_path(&["deploy", "resources", "limits", "cpus"]));
        deploy.settings.env = match service.get("environment") {
            Some(node) => {
                let value = |(name, value): (Fact<String>, Option<String>)| {
                    let at = name.at.clone();
                    Some((name, Fact::new(value?, at)))
                };
                self.args(Some(node)).into_iter().filter_map(value).collect()
            }
            None => Vec::new(),
        };
        deploy.service = Some(name);
        found.deploys.push(deploy);
    }
}
