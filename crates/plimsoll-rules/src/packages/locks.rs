//! Lock files: the folders they name, so that they can be held against the manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plimsoll_syntax::Span;
use plimsoll_syntax::yaml::{self, Node};
use toml_edit::{Document, Item, TableLike};

use super::toml::{entries, string, text, truth};
use super::url::python_name;
use crate::discover::paths::{file_name, folder, join};
use crate::repo::Place;

/// The program a lock file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the programs")]
pub enum LockKind {
    Poetry,
    Uv,
    Pdm,
    Pipenv,
    Npm,
    Pnpm,
    Yarn,
}

/// A package that a lock file takes from a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Its name.
    pub name: String,
    /// The path as it is written.
    pub path: String,
    /// Whether it is linked.
    pub linked: bool,
    /// The bytes of the path, quotes left out.
    pub at: Place,
}

/// A lock file.
#[derive(Clone, Debug)]
pub struct Lock {
    /// Its path.
    pub path: Arc<str>,
    /// What it belongs to.
    pub kind: LockKind,
    /// The packages it takes from paths.
    pub locals: Vec<Locked>,
    /// References from one package to another that name a path.
    pub nested: Vec<Locked>,
    /// The names of every package it holds, where that was read.
    pub names: Vec<String>,
    /// Why it could not be read, with the place.
    pub error: Option<(String, Place)>,
    /// The first of `locals` by its name as Python compares it.
    by_name: BTreeMap<String, usize>,
}

/// The lock files that may stand beside a manifest.
const NAMES: [(&str, LockKind); 8] = [
    ("poetry.lock", LockKind::Poetry),
    ("uv.lock", LockKind::Uv),
    ("pdm.lock", LockKind::Pdm),
    ("Pipfile.lock", LockKind::Pipenv),
    ("package-lock.json", LockKind::Npm),
    ("npm-shrinkwrap.json", LockKind::Npm),
    ("pnpm-lock.yaml", LockKind::Pnpm),
    ("yarn.lock", LockKind::Yarn),
];

/// The lock files in a folder, as paths.
pub fn beside(at: &str) -> impl Iterator<Item = (String, LockKind)> + use<'_> {
    NAMES.iter().filter_map(move |(name, kind)| Some((join(at, name)?, *kind)))
}

/// Reads a lock file; `None` where the file is none.
#[must_use]
pub fn read(path: &str, source: &str) -> Option<Lock> {
    let kind = NAMES.iter().find(|(n, _)| *n == file_name(path))?.1;
    let mut lock = Lock {
        path: path.into(),
        kind,
        locals: Vec::new(),
        nested: Vec::new(),
        names: Vec::new(),
        error: None,
        by_name: BTreeMap::new(),
    };
    match kind {
        LockKind::Poetry | LockKind::Uv | LockKind::Pdm => lock.toml(source),
        LockKind::Yarn => lock.yarn(source),
        LockKind::Pipenv | LockKind::Npm | LockKind::Pnpm => lock.yaml(source),
    }
    for (index, local) in lock.locals.iter().enumerate() {
        lock.by_name.entry(python_name(&local.name)).or_insert(index);
    }
    Some(lock)
}

impl Lock {
    /// The folder paths of the file begin at.
    #[must_use]
    pub fn folder(&self) -> &str {
        folder(&self.path)
    }

    /// The entry of a package.
    #[must_use]
    pub fn local(&self, name: &str) -> Option<&Locked> {
        self.locals.get(*self.by_name.get(&python_name(name))?)
    }

    fn locked(&self, name: &str, path: &str, span: Span, linked: bool) -> Locked {
        let path = path.strip_prefix("file://").unwrap_or(path);
        let path = path.strip_prefix("file:").unwrap_or(path);
        Locked {
            name: name.to_owned(),
            path: path.to_owned(),
            linked,
            at: Place::new(&self.path, span),
        }
    }

    fn fail(&mut self, message: &str, span: Span) {
        self.error = Some((message.trim().to_owned(), Place::new(&self.path, span)));
    }

    fn toml(&mut self, source: &str) {
        let document = match Document::parse(source) {
            Ok(document) => document,
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                return self.fail(error.message(), Span::new(span.start, span.end));
            }
        };
        let packages = document.get("package").and_then(Item::as_array_of_tables);
        for package in packages.into_iter().flatten() {
            self.package(package);
        }
    }

    /// A `[[package]]` of Poetry, uv or PDM.
    fn package(&mut self, package: &dyn TableLike) {
        let name = text(package, "name").map_or("", |(n, _)| n);
        self.names.push(name.to_owned());
        let found = match self.kind {
            LockKind::Poetry => poetry_source(package),
            LockKind::Uv => uv_source(package),
            _ => text(package, "path").map(|(p, s)| (p, s, truth(package, "editable"))),
        };
        if let Some((path, span, linked)) = found.filter(|(p, ..)| *p != ".") {
            let local = self.locked(name, path, inside(span), linked);
            self.locals.push(local);
        }
        if self.kind == LockKind::Poetry {
            self.poetry_nested(package);
        }
    }

    fn poetry_nested(&mut self, package: &dyn TableLike) {
        let Some(table) = package.get("dependencies") else { return };
        for (name, value) in entries(table, &[]) {
            let entry = value.as_table_like().and_then(|t| text(t, "path"));
            if let Some((path, span)) = entry {
                let nested = self.locked(name, path, inside(span), false);
                self.nested.push(nested);
            }
        }
    }

    fn yaml(&mut self, source: &str) {
        let document = yaml::parse(source);
        let json = self.kind != LockKind::Pnpm && super::json::is_json(source);
        if let Some(error) = document.errors().first()
            && !json
        {
            let (message, span) = (error.message.clone(), error.span);
            self.fail(&message, span);
        }
        let Some(root) = document.documents().next() else { return };
        match self.kind {
            LockKind::Pipenv => {
                for section in ["default", "develop"] {
                    for (name, entry) in root.get(section).into_iter().flat_map(Node::entries) {
                        let linked = entry.get("editable").and_then(Node::as_bool) == Some(true);
                        self.node(name, entry.get("path"), "", linked);
                    }
                }
            }
            LockKind::Npm => {
                for (key, entry) in root.get("packages").into_iter().flat_map(Node::entries) {
                    self.npm(key, entry);
                }
            }
            _ => {
                for (_, importer) in root.get("importers").into_iter().flat_map(Node::entries) {
                    self.importer(importer);
                }
                self.importer(root);
            }
        }
    }

    /// A name and the node of its path, a prefix taken off.
    fn node(&mut self, name: Node<'_>, path: Option<Node<'_>>, prefix: &str, linked: bool) {
        let (Some(name), Some(path)) = (name.as_str(), path) else { return };
        let Some(text) = path.as_str().and_then(|p| p.strip_prefix(prefix)) else { return };
        let local = self.locked(name, text, path.span(), linked);
        self.locals.push(local);
    }

    fn npm(&mut self, key: Node<'_>, entry: Node<'_>) {
        let Some(key) = key.as_str() else { return };
        let Some(name) = key.rsplit_once("node_modules/").map(|(_, n)| n) else { return };
        self.names.push(name.to_owned());
        let linked = entry.get("link").and_then(Node::as_bool) == Some(true);
        let Some(resolved) = entry.get("resolved") else { return };
        let text = resolved.as_str().unwrap_or("");
        if linked || text.starts_with("file:") {
            let local = self.locked(name, text, resolved.span(), linked);
            self.locals.push(local);
        }
    }

    /// An importer of pnpm: its dependencies with `version: link:…` or `file:…`.
    fn importer(&mut self, importer: Node<'_>) {
        for section in ["dependencies", "devDependencies", "optionalDependencies"] {
            for (name, entry) in importer.get(section).into_iter().flat_map(Node::entries) {
                if let Some(name) = name.as_str() {
                    self.names.push(name.to_owned());
                }
                self.node(name, entry.get("version"), "link:", true);
                self.node(name, entry.get("version"), "file:", false);
            }
        }
    }

    /// yarn: `resolution: "@x/core@link:../core"`, or a key with `file:` in version 1.
    fn yarn(&mut self, source: &str) {
        let mut start = 0;
        // The key and the resolution name the same package.
        let mut seen = BTreeSet::new();
        for line in source.split('\n') {
            let schemes = [("@link:", true), ("@portal:", true), ("@file:", false)];
            let found =
                schemes.iter().find_map(|(s, linked)| Some((line.find(s)?, s.len(), *linked)));
            if let Some((at, skip, linked)) = found.filter(|_| !line.starts_with('#')) {
                let head = line[..at].trim().trim_start_matches("resolution:").trim();
                let name = head.trim_start_matches('"').rsplit(' ').next().unwrap_or(head);
                let name = name.trim_matches('"');
                let rest = &line[at + skip..];
                let path = rest.split(['#', '"', ':']).next().unwrap_or(rest);
                let from = start + at + skip;
                if seen.insert((python_name(name), path)) {
                    let local = self.locked(name, path, Span::new(from, from + path.len()), linked);
                    self.locals.push(local);
                }
            }
            start += line.len() + 1;
        }
    }
}

/// `[package.source]` of Poetry.
fn poetry_source(package: &dyn TableLike) -> Option<(&str, Span, bool)> {
    let source = package.get("source").and_then(Item::as_table_like)?;
    let (kind, _) = text(source, "type")?;
    let (url, span) = text(source, "url")?;
    matches!(kind, "directory" | "file").then(|| (url, span, truth(package, "develop")))
}

/// `source = { editable = "../x" }` of uv.
fn uv_source(package: &dyn TableLike) -> Option<(&str, Span, bool)> {
    let source = package.get("source").and_then(Item::as_table_like)?;
    let found = ["editable", "directory", "path"].iter().find_map(|k| {
        let (path, span) = source.get(k).and_then(Item::as_value).and_then(string)?;
        Some((path, span, *k == "editable"))
    });
    found.filter(|(p, ..)| !p.contains("://"))
}

/// The bytes of a plain string without its quotes.
fn inside(span: Span) -> Span {
    Span::new(span.start as usize + 1, span.end.saturating_sub(1) as usize)
}
