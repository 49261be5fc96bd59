//! `pyproject.toml`: PEP 621 and PEP 735, Poetry, uv, PDM and Hatch.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_syntax::Span;
use toml_edit::{Item, TableLike};

use super::toml::{entries, entry_span, item, parse, string, strings, table, text, truth};
use super::url::{Direct, direct, python_name, requirement_name};
use super::{Base, Dependency, Group, Manifest, Syntax, Target};

pub(super) fn read(manifest: &mut Manifest, source: &str) {
    let Some(document) = parse(manifest, source) else { return };
    let root = document.as_item();
    manifest.name = metadata(root, "name");
    manifest.version = metadata(root, "version");
    project(manifest, root);
    poetry(manifest, root);
    pdm(manifest, root);
    uv(manifest, root);
    files(manifest, root);
    let backend = item(root, &["build-system", "build-backend"]).and_then(Item::as_str);
    manifest.backend = backend.map(str::to_owned);
}

fn metadata(root: &Item, key: &str) -> Option<String> {
    let at = |path: &[&str]| item(root, path).and_then(Item::as_str).map(str::to_owned);
    at(&["project", key]).or_else(|| at(&["tool", "poetry", key]))
}

/// `[project]` and `[dependency-groups]`: PEP 508 requirements.
fn project(manifest: &mut Manifest, root: &Item) {
    for (requirement, span) in strings(root, &["project", "dependencies"]) {
        add(manifest, requirement, &Group::Main, span, Syntax::DirectReference);
    }
    let extras = entries(root, &["project", "optional-dependencies"])
        .map(|(name, list)| (Group::Optional(name.to_owned()), list));
    let groups = entries(root, &["dependency-groups"])
        .map(|(name, list)| (Group::Dev(name.to_owned()), list));
    for (group, list) in extras.chain(groups) {
        for (requirement, span) in strings(list, &[]) {
            add(manifest, requirement, &group, span, Syntax::DirectReference);
        }
    }
    for (requirement, span) in strings(root, &["tool", "uv", "dev-dependencies"]) {
        manifest.want(requirement_name(requirement), &Group::Dev("dev".into()), span);
    }
}

fn add(manifest: &mut Manifest, requirement: &str, group: &Group, span: Span, syntax: Syntax) {
    // PDM writes an editable one as `-e file:///…#egg=name`.
    let editable = requirement.strip_prefix("-e ");
    let (name, direct) = match editable {
        Some(url) => {
            let name = url.rsplit_once("#egg=").map_or("", |(_, n)| n);
            let Some((_, direct)) =
                direct(&format!("x @ {}", url.trim())).map(|(_, d)| ((), own(d)))
            else {
                return;
            };
            (name, Some(direct))
        }
        None => match direct(requirement) {
            Some((name, found)) => (name, Some(own(found))),
            None => (requirement_name(requirement), None),
        },
    };
    manifest.want(name, group, span);
    let Some(target) = direct else { return };
    let at = manifest.place(span);
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        syntax: if matches!(target, Target::Git { .. }) { Syntax::Git } else { syntax },
        target,
        base: Base::Manifest,
        group: group.clone(),
        editable: editable.is_some(),
        at,
        path_at: None,
    });
}

fn own(direct: Direct<'_>) -> Target {
    match direct {
        Direct::Path(path) => Target::Path(path),
        Direct::Git(url) => Target::Git { url: url.to_owned() },
    }
}

fn poetry(manifest: &mut Manifest, root: &Item) {
    let Some(poetry) = item(root, &["tool", "poetry"]) else { return };
    let extras = extras(root, poetry);
    let main = |name: &str| {
        let extra = extras.get(&python_name(name));
        extra.map_or(Group::Main, |extra| Group::Optional(extra.clone()))
    };
    sources(manifest, table(poetry, &["dependencies"]), Syntax::Poetry, &main);
    let dev = |_: &str| Group::Dev("dev".into());
    sources(manifest, table(poetry, &["dev-dependencies"]), Syntax::Poetry, &dev);
    for (name, group) in entries(poetry, &["group"]) {
        let asked = group.as_table_like().is_some_and(|t| truth(t, "optional"));
        let kind = |_: &str| match name {
            "main" => Group::Main,
            name if asked => Group::Asked(name.to_owned()),
            name => Group::Dev(name.to_owned()),
        };
        sources(manifest, table(group, &["dependencies"]), Syntax::Poetry, &kind);
    }
}

/// The packages that only an extra brings, and the first such extra.
fn extras(root: &Item, poetry: &Item) -> BTreeMap<String, String> {
    let plain = |r: &str| python_name(requirement_name(r));
    let named = |(extra, list): (&str, &Item)| -> Vec<(String, String)> {
        strings(list, &[]).map(|(r, _)| (plain(r), extra.to_owned())).collect()
    };
    let always: BTreeSet<String> =
        strings(root, &["project", "dependencies"]).map(|(r, _)| plain(r)).collect();
    // Without `[project]` the table says whether a package is optional.
    let optional: BTreeSet<String> = entries(poetry, &["dependencies"])
        .filter(|(_, v)| v.as_table_like().is_some_and(|t| truth(t, "optional")))
        .map(|(n, _)| python_name(n))
        .collect();
    let project = entries(root, &["project", "optional-dependencies"]).flat_map(named);
    let own = entries(poetry, &["extras"]).flat_map(named);
    let all = project
        .filter(|(n, _)| !always.contains(n))
        .chain(own.filter(|(n, _)| optional.contains(n)));
    let mut first = BTreeMap::new();
    all.for_each(|(name, extra)| {
        first.entry(name).or_insert(extra);
    });
    first
}

/// `[tool.pdm.dev-dependencies]`: lists of requirements.
fn pdm(manifest: &mut Manifest, root: &Item) {
    for (group, list) in entries(root, &["tool", "pdm", "dev-dependencies"]) {
        for (requirement, span) in strings(list, &[]) {
            add(manifest, requirement, &Group::Dev(group.to_owned()), span, Syntax::Pdm);
        }
    }
}

/// `[tool.uv]`: sources of dependencies that are declared elsewhere, and the workspace.
fn uv(manifest: &mut Manifest, root: &Item) {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for want in &manifest.wants {
        let group = groups.entry(want.name.clone()).or_insert_with(|| want.group.clone());
        if want.group == Group::Main {
            *group = Group::Main;
        }
    }
    let group =
        |name: &str| groups.get(&python_name(name)).cloned().unwrap_or(Group::Dev(String::new()));
    sources(manifest, table(root, &["tool", "uv", "sources"]), Syntax::UvSource, &group);
    if table(root, &["tool", "uv", "workspace"]).is_some() {
        let members = strings(root, &["tool", "uv", "workspace", "members"]);
        manifest.workspace = Some(members.map(|(m, _)| m.to_owned()).collect());
    }
}

/// A table whose entries are tables with `path`, `git` or `workspace`.
pub(super) fn sources(
    manifest: &mut Manifest,
    found: Option<&dyn TableLike>,
    syntax: Syntax,
    group: &dyn Fn(&str) -> Group,
) {
    let Some(found) = found else { return };
    for (name, value) in found.iter() {
        let Some(span) = entry_span(found, name, value) else { continue };
        if syntax != Syntax::UvSource && name != "python" {
            manifest.want(name, &group(name), span);
        }
        // A list of sources differs by marker: each counts.
        let tables: Vec<&dyn TableLike> = match value.as_array() {
            Some(list) => list.iter().filter_map(|v| v.as_inline_table()).map(|t| t as _).collect(),
            None => value.as_table_like().into_iter().collect(),
        };
        for entry in tables {
            source(manifest, name, entry, span, syntax, group(name));
        }
    }
}

fn source(
    manifest: &mut Manifest,
    name: &str,
    entry: &dyn TableLike,
    span: Span,
    syntax: Syntax,
    group: Group,
) {
    let path = text(entry, "path").or_else(|| {
        text(entry, "file").filter(|(f, _)| !f.contains("://") || f.starts_with("file:"))
    });
    let (target, syntax, path_at) = match (path, text(entry, "git")) {
        (Some((path, at)), _) => {
            let path = super::url::file_url(path).unwrap_or_else(|| path.replace('\\', "/"));
            (Target::Path(path), syntax, Some(inside(at)))
        }
        (None, Some((git, _))) => (Target::Git { url: git.to_owned() }, Syntax::Git, None),
        (None, None) if truth(entry, "workspace") => (Target::Member, Syntax::UvWorkspace, None),
        (None, None) => return,
    };
    let group = if truth(entry, "optional") && group == Group::Main {
        Group::Optional(String::new())
    } else {
        group
    };
    // uv links members of a workspace unless it is told not to.
    let linked = ["develop", "editable"].iter().any(|k| truth(entry, k));
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        editable: linked || target == Target::Member,
        target,
        base: Base::Manifest,
        syntax,
        group,
        at: manifest.place(span),
        path_at: path_at.map(|at| manifest.place(at)),
    });
}

/// The bytes of a plain string without its quotes.
fn inside(span: Span) -> Span {
    Span::new(span.start as usize + 1, span.end.saturating_sub(1) as usize)
}

/// The readme and the licence, which the build backend opens.
fn files(manifest: &mut Manifest, root: &Item) {
    for key in ["readme", "license"] {
        let Some(found) = item(root, &["project", key]) else { continue };
        let direct = found.as_value().and_then(string).filter(|_| key == "readme");
        let nested = found.as_table_like().and_then(|t| text(t, "file"));
        if let Some((path, span)) = direct.or(nested) {
            let at = manifest.place(span);
            manifest.reads.push((path.to_owned(), at));
        }
    }
    let readme = table(root, &["tool", "poetry"]).and_then(|t| text(t, "readme"));
    if let Some((path, span)) = readme {
        let at = manifest.place(span);
        manifest.reads.push((path.to_owned(), at));
    }
}
