//! Local dependencies as manifests declare them, each with its place.

use std::sync::Arc;

use plimsoll_model::Sources;
use plimsoll_syntax::Span;
use plimsoll_syntax::yaml::{self, Node};
use toml_edit::{Document, Item, TableLike, Value};

use crate::discover::paths::{below, file_name};
use crate::repo::Place;

/// The language a manifest belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// pyproject.toml, requirements files, Pipfile.
    Python,
    /// package.json.
    Node,
}

/// When a dependency is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Always.
    Main,
    /// With an extra or a group that is asked for.
    Optional,
    /// In development.
    Dev,
}

/// A dependency on a folder or file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name; for a bare path of a requirements file the path.
    pub name: String,
    /// The path, `file:` taken off.
    pub path: String,
    /// When it is installed.
    pub group: Group,
    /// Where it is declared.
    pub at: Place,
}

impl Local {
    /// Whether the path begins at the root of a machine.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.path.starts_with('/') || has_drive(&self.path)
    }

    /// Whether the path lies in somebody's home.
    #[must_use]
    pub fn is_home(&self) -> bool {
        let homes = ["/Users/", "/home/", "/root/"];
        homes.iter().any(|h| self.path.starts_with(h)) || has_drive(&self.path)
    }
}

/// Whether a path begins with a drive of Windows.
fn has_drive(path: &str) -> bool {
    let mut chars = path.trim_start_matches('/').chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

/// The language of a file that is a manifest.
#[must_use]
pub fn language(path: &str) -> Option<Language> {
    match file_name(path) {
        "pyproject.toml" | "Pipfile" => Some(Language::Python),
        "package.json" => Some(Language::Node),
        name if name.starts_with("requirements") && name.ends_with(".txt") => {
            Some(Language::Python)
        }
        _ => None,
    }
}

/// The manifests below a folder that were read.
pub fn manifests<'a>(
    sources: &'a Sources,
    folder: &'a str,
) -> impl Iterator<Item = (&'a str, Language)> {
    let paths = sources.files.keys().map(String::as_str);
    paths.filter(move |p| below(folder, p).is_some()).filter_map(|p| Some((p, language(p)?)))
}

/// The local dependencies of a manifest.
#[must_use]
pub fn locals(sources: &Sources, path: &str) -> Vec<Local> {
    let Some(text) = sources.text(path) else { return Vec::new() };
    let mut reader = Reader { path: path.into(), found: Vec::new() };
    match file_name(path) {
        "pyproject.toml" | "Pipfile" => reader.toml(text),
        "package.json" => reader.package_json(text),
        _ => reader.requirements(text),
    }
    reader.found
}

struct Reader {
    path: Arc<str>,
    found: Vec<Local>,
}

impl Reader {
    fn add(&mut self, name: &str, path: &str, group: Group, span: Span) {
        self.found.push(Local {
            name: name.to_owned(),
            path: path.to_owned(),
            group,
            at: Place::new(&self.path, span),
        });
    }

    fn toml(&mut self, text: &str) {
        let Ok(document) = Document::parse(text) else { return };
        let root = document.as_item();
        self.project(root);
        self.poetry(root);
        self.uv(root);
        self.table(item(root, &["packages"]), Group::Main);
        self.table(item(root, &["dev-packages"]), Group::Dev);
    }

    /// `[project]` and `[dependency-groups]`: PEP 508 requirements.
    fn project(&mut self, root: &Item) {
        self.array(item(root, &["project", "dependencies"]), Group::Main);
        let groups = [
            (&["project", "optional-dependencies"][..], Group::Optional),
            (&["dependency-groups"][..], Group::Dev),
        ];
        for (path, group) in groups {
            let Some(table) = item(root, path).and_then(Item::as_table_like) else { continue };
            table.iter().for_each(|(_, list)| self.array(Some(list), group));
        }
    }

    fn array(&mut self, list: Option<&Item>, group: Group) {
        let values = list.and_then(Item::as_array).into_iter().flat_map(|a| a.iter());
        for value in values {
            let (Some(text), Some(span)) = (value.as_str(), value_span(value)) else { continue };
            if let Some((name, path)) = direct(text) {
                self.add(name, &path, group, span);
            }
        }
    }

    fn poetry(&mut self, root: &Item) {
        self.table(item(root, &["tool", "poetry", "dependencies"]), Group::Main);
        self.table(item(root, &["tool", "poetry", "dev-dependencies"]), Group::Dev);
        let groups = item(root, &["tool", "poetry", "group"]).and_then(Item::as_table_like);
        for (name, group) in groups.into_iter().flat_map(TableLike::iter) {
            let kind = if name == "main" { Group::Main } else { Group::Dev };
            self.table(item(group, &["dependencies"]), kind);
        }
    }

    /// A table of dependencies, those with a path.
    fn table(&mut self, item: Option<&Item>, group: Group) {
        let Some(table) = item.and_then(Item::as_table_like) else { return };
        for (name, value) in table.iter() {
            let Some(entry) = value.as_table_like() else { continue };
            let optional = entry.get("optional").and_then(Item::as_bool) == Some(true);
            let group = if optional && group == Group::Main { Group::Optional } else { group };
            if let (Some(path), Some(span)) =
                (entry.get("path").and_then(Item::as_str), entry_span(table, name, value))
            {
                self.add(name, path, group, span);
            }
        }
    }

    /// `[tool.uv.sources]`: for the dependencies of the project itself.
    fn uv(&mut self, root: &Item) {
        let Some(table) = item(root, &["tool", "uv", "sources"]).and_then(Item::as_table_like)
        else {
            return;
        };
        let main: Vec<String> = item(root, &["project", "dependencies"])
            .and_then(Item::as_array)
            .into_iter()
            .flat_map(|a| a.iter().filter_map(Value::as_str))
            .map(requirement_name)
            .collect();
        for (name, value) in table.iter() {
            let path = value.as_table_like().and_then(|t| t.get("path")).and_then(Item::as_str);
            let (Some(path), Some(span)) = (path, entry_span(table, name, value)) else { continue };
            let is_main = main.contains(&requirement_name(name));
            self.add(name, path, if is_main { Group::Main } else { Group::Dev }, span);
        }
    }

    fn requirements(&mut self, text: &str) {
        let mut start = 0;
        for line in text.split('\n') {
            let trimmed = line.trim();
            let at = start + (line.len() - line.trim_start().len());
            let span = Span::new(at, at + trimmed.len());
            if let Some((name, path)) = requirement(trimmed) {
                self.add(&name, &path, Group::Main, span);
            }
            start += line.len() + 1;
        }
    }

    fn package_json(&mut self, text: &str) {
        let document = yaml::parse(text);
        let Some(root) = document.documents().next() else { return };
        let kinds = [
            ("dependencies", Group::Main),
            ("devDependencies", Group::Dev),
            ("optionalDependencies", Group::Optional),
        ];
        for (key, group) in kinds {
            for (name, value) in root.get(key).into_iter().flat_map(Node::entries) {
                let (Some(name_text), Some(text)) = (name.as_str(), value.as_str()) else {
                    continue;
                };
                let schemes = ["file:", "link:", "portal:"];
                let Some(path) = schemes.iter().find_map(|s| text.strip_prefix(s)) else {
                    continue;
                };
                let path = path.strip_prefix("//").unwrap_or(path);
                self.add(name_text, path, group, name.span().to(value.span()));
            }
        }
    }
}

/// The item at a path of keys.
fn item<'a>(root: &'a Item, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(root, |item, key| item.as_table_like()?.get(key))
}

fn value_span(value: &Value) -> Option<Span> {
    value.span().map(|s| Span::new(s.start, s.end))
}

/// The bytes of a key and its value.
fn entry_span(table: &dyn TableLike, name: &str, value: &Item) -> Option<Span> {
    let key = table.key(name).and_then(toml_edit::Key::span)?;
    let end = value.span().map_or(key.end, |s| s.end.max(key.end));
    // A table with its own header stands elsewhere than its key in a dotted path.
    Some(Span::new(key.start, end))
}

/// The name of a requirement, as indexes compare it.
fn requirement_name(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    let name = text.trim().get(..end.unwrap_or(text.len())).unwrap_or(text);
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

/// A direct reference to a path: `name @ file:///path ; marker`.
fn direct(text: &str) -> Option<(&str, String)> {
    let (name, url) = text.split_once('@')?;
    let name = name.split('[').next().unwrap_or(name).trim();
    let url = url.split(" ;").next().unwrap_or(url).trim();
    let here = ["{root:uri}/", "file:///${PROJECT_ROOT}/", "file://${PROJECT_ROOT}/"];
    if let Some(relative) = here.iter().find_map(|h| url.strip_prefix(h)) {
        return Some((name, relative.to_owned()));
    }
    Some((name, file_url(url)?)).filter(|(n, _)| !n.is_empty())
}

/// The path of a `file:` URL. One with variables is not known.
fn file_url(url: &str) -> Option<String> {
    let rest = url.strip_prefix("file:")?;
    let rest = rest.strip_prefix("//localhost").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
    let rest = rest.split('#').next().unwrap_or(rest);
    (!rest.is_empty() && !rest.contains(['$', '{'])).then(|| rest.to_owned())
}

/// A line of a requirements file that is a path, editable or not.
fn requirement(line: &str) -> Option<(String, String)> {
    let line = line.split(" #").next().unwrap_or(line).trim();
    let editable = ["-e ", "--editable ", "--editable="];
    let text = editable.iter().find_map(|e| line.strip_prefix(e)).unwrap_or(line).trim();
    if text.starts_with('#') || text.starts_with('-') {
        return None;
    }
    if let Some((name, path)) = direct(text) {
        return Some((name.to_owned(), path));
    }
    if let Some(path) = file_url(text) {
        return Some((file_name(&path).to_owned(), path));
    }
    let path = text.split(" ;").next().unwrap_or(text).split('[').next().unwrap_or(text).trim();
    let is_path = path.starts_with("./") || path.starts_with("../") || path.starts_with('/');
    (is_path && !path.contains('$'))
        .then(|| (file_name(path.trim_end_matches('/')).to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Vec<(String, String, Group, String)> {
        let mut sources = Sources::default();
        sources.insert(path, text);
        let locals = locals(&sources, path).into_iter();
        locals
            .map(|l| {
                let at = l.at.span.map(|s| s.text(text).to_owned()).unwrap_or_default();
                (l.name, l.path, l.group, at)
            })
            .collect()
    }

    fn want(all: &[(&str, &str, Group, &str)]) -> Vec<(String, String, Group, String)> {
        all.iter()
            .map(|(n, p, g, s)| ((*n).to_owned(), (*p).to_owned(), *g, (*s).to_owned()))
            .collect()
    }

    #[test]
    fn python_projects() {
        let text = "[project]\ndependencies = [\"a[x] @ file:///Users/me/a\", \"b>=1\", \
                    \"c @ {root:uri}/../c\"]\n[tool.uv.sources]\nb = { path = \"../b\" }\n\
                    [tool.poetry.group.dev.dependencies]\nd = {path = \"../d\", develop = true}\n";
        assert_eq!(
            of("pyproject.toml", text),
            want(&[
                ("a", "/Users/me/a", Group::Main, "\"a[x] @ file:///Users/me/a\""),
                ("c", "../c", Group::Main, "\"c @ {root:uri}/../c\""),
                ("d", "../d", Group::Dev, "d = {path = \"../d\", develop = true}"),
                ("b", "../b", Group::Main, "b = { path = \"../b\" }"),
            ])
        );
    }

    #[test]
    fn requirements_files() {
        let text = "fastapi==1\n-e ../core\nx @ file:///abs/x ; python_version > '3'\n# ../no\n\
                    -r ../base.txt\n./local\n";
        assert_eq!(
            of("requirements.txt", text),
            want(&[
                ("core", "../core", Group::Main, "-e ../core"),
                ("x", "/abs/x", Group::Main, "x @ file:///abs/x ; python_version > '3'"),
                ("local", "./local", Group::Main, "./local"),
            ])
        );
    }

    #[test]
    fn node_packages() {
        let text = "{\n  \"dependencies\": {\"@x/core\": \"file:../core\", \"y\": \"^1\"},\n  \
                    \"devDependencies\": {\"z\": \"link:../z\"}\n}\n";
        assert_eq!(
            of("package.json", text),
            want(&[
                ("@x/core", "../core", Group::Main, "\"@x/core\": \"file:../core\""),
                ("z", "../z", Group::Dev, "\"z\": \"link:../z\""),
            ])
        );
    }
}
