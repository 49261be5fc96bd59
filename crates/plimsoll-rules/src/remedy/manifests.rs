//! Manifests that name paths of one machine: the paths become relative, where the package
//! manager has a place for that, and names alone where it has none.

use std::collections::BTreeSet;

use plimsoll_syntax::Span;

use super::change::Changes;
use crate::discover::paths::folder;
use crate::layout::image_path;
use crate::packages::{Dependency, Manifest, Syntax, tree};
use crate::repo::Place;
use crate::review::Review;
use crate::views::Manager;

/// Makes the absolute paths of a manifest relative.
pub(super) fn rewrite(
    review: &Review<'_>,
    manifest: &Manifest,
    manager: Manager,
    root: bool,
    changes: &mut Changes,
) {
    let Some(text) = review.sources.text(&manifest.path) else { return };
    let mut tables: BTreeSet<(String, String)> = BTreeSet::new();
    for dependency in &manifest.dependencies {
        let Some(target) = meant(review, &manifest.path, dependency) else { continue };
        let path = relative(&manifest.path, &target);
        match (dependency.syntax, &dependency.path_at) {
            (_, Some(at)) => changes.replace(at, path),
            (Syntax::DirectReference | Syntax::Pdm, None) => {
                reference(text, dependency, &path, manager, changes);
                tables.insert((dependency.name.clone(), path));
            }
            (Syntax::Requirement, None) => requirement(text, dependency, &path, changes),
            (_, None) => textual(text, dependency, &path, changes),
        }
    }
    let table = match manager {
        // A package's own table is read by uv; Poetry reads what its metadata says.
        Manager::Uv => Some("tool.uv.sources"),
        Manager::Poetry if root => Some("tool.poetry.dependencies"),
        _ => None,
    };
    if let Some(table) = table.filter(|_| !tables.is_empty()) {
        let dotted = |(name, path): &(String, String)| format!("{name} = {{ path = \"{path}\" }}");
        let lines: Vec<String> = tables.iter().map(dotted).collect();
        into_table(text, &manifest.path, table, &lines, changes);
    }
}

/// The package of the repository that is meant by a path which leads to none: one of a machine,
/// or one that leaves the repository.
pub(super) fn meant(
    review: &Review<'_>,
    manifest: &str,
    dependency: &Dependency,
) -> Option<String> {
    let packages = &review.repo.packages;
    let manifest = packages.get(manifest)?;
    match packages.place(review.sources, manifest, dependency) {
        tree::Place::Machine { candidate } => candidate,
        tree::Place::Above | tree::Place::Gone(_) if dependency.path().is_some() => {
            match packages.named(manifest.ecosystem, &dependency.name) {
                [only] => Some(only.clone()),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The path from a manifest to a folder of the repository.
pub(super) fn relative(manifest: &str, target: &str) -> String {
    image_path::relative(folder(manifest), target)
}

/// `"name[extra] @ file:///… ; marker"` becomes `"name[extra] ; marker"`.
fn reference(
    text: &str,
    dependency: &Dependency,
    path: &str,
    manager: Manager,
    changes: &mut Changes,
) {
    let Some(span) = dependency.at.span else { return };
    let Some(written) = text.get(span.range()) else { return };
    let (Some(at), Some(quote)) = (written.find('@'), written.chars().next()) else { return };
    let name = written[1..at].trim();
    let marker = written.find(" ;").and_then(|i| written.get(i..written.len() - 1)).unwrap_or("");
    let marker = if matches!(quote, '"' | '\'') { marker } else { "" };
    let quoted = matches!(quote, '"' | '\'');
    let plain = if quoted { name } else { written[..at].trim() };
    let after = match manager {
        Manager::Pdm => format!("{plain} @ file:///${{PROJECT_ROOT}}/{path}{marker}"),
        _ => format!("{plain}{marker}"),
    };
    let after = if quoted { format!("{quote}{after}{quote}") } else { after };
    changes.replace(&dependency.at, after);
}

/// A line of a requirements file: its URL becomes a path.
fn requirement(text: &str, dependency: &Dependency, path: &str, changes: &mut Changes) {
    let Some(written) = dependency.at.span.and_then(|s| text.get(s.range())) else { return };
    let editable = ["-e ", "--editable ", "--editable="].iter().find(|e| written.starts_with(**e));
    let marker = written.find(" ;").map_or("", |i| &written[i..]);
    let path = if path.starts_with('.') { path.to_owned() } else { format!("./{path}") };
    changes.replace(&dependency.at, format!("{}{path}{marker}", editable.unwrap_or(&"")));
}

/// The path inside an entry, as it is written there.
fn textual(text: &str, dependency: &Dependency, path: &str, changes: &mut Changes) {
    let (Some(span), Some(old)) = (dependency.at.span, dependency.path()) else { return };
    let Some(written) = text.get(span.range()) else { return };
    let turned = old.replace('/', "\\");
    let found = [old, turned.as_str()].into_iter().find_map(|o| Some((written.find(o)?, o.len())));
    let Some((at, length)) = found else { return };
    // `file:///abs` leaves no slashes behind.
    let before = written[..at].trim_end_matches('/');
    let start = span.start as usize + before.len();
    let end = span.start as usize + at + length;
    changes.replace(&Place::new(&dependency.at.path, Span::new(start, end)), path);
}

/// Adds lines to a table of a TOML file, which is made where it is missing.
pub(super) fn into_table(
    text: &str,
    path: &str,
    table: &str,
    lines: &[String],
    changes: &mut Changes,
) {
    let header = format!("[{table}]");
    let parent = table.rsplit_once('.').map(|(p, _)| format!("[{p}]"));
    if let Some(end) = table_end(text, &header) {
        let body: String = lines.iter().map(|l| format!("{l}\n")).collect();
        let newline = if text[..end].ends_with('\n') { "" } else { "\n" };
        changes.insert(path, offset(end), format!("{newline}{body}"));
        return;
    }
    let body: String = lines.iter().map(|l| format!("{l}\n")).collect();
    let end = parent.and_then(|p| table_end(text, &p)).unwrap_or_else(|| text.trim_end().len());
    // The end of a table is after the line break of its last line.
    let newline = if text[..end].ends_with('\n') { "\n" } else { "\n\n" };
    // The file's own last line break ends the new table.
    let body = if text[end..].trim().is_empty() && text[end..].starts_with('\n') {
        body.trim_end()
    } else {
        &body
    };
    changes.insert(path, offset(end), format!("{newline}{header}\n{body}"));
}

/// Where the last line of a table ends.
fn table_end(text: &str, header: &str) -> Option<usize> {
    let mut at = 0;
    let mut end = None;
    for line in text.split_inclusive('\n') {
        let plain = line.split('#').next().unwrap_or(line).trim();
        if plain.starts_with('[') && plain.ends_with(']') && !line.starts_with([' ', '\t']) {
            if end.is_some() {
                break;
            }
            if plain == header {
                end = Some(at + line.len());
            }
        } else if end.is_some() && !plain.is_empty() {
            end = Some(at + line.len());
        }
        at += line.len();
    }
    end
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Every manifest a service installs from, its packages' too: those with absolute paths.
pub(super) fn with_absolute<'r>(
    review: &Review<'r>,
    roots: impl IntoIterator<Item = String>,
) -> Vec<&'r Manifest> {
    let packages = &review.repo.packages;
    let mut next: Vec<String> = roots.into_iter().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    while let Some(path) = next.pop() {
        let Some(manifest) = packages.get(&path).filter(|_| seen.insert(path.clone())) else {
            continue;
        };
        for dependency in &manifest.dependencies {
            let place = packages.place(review.sources, manifest, dependency);
            let Some(folder) = place.folder() else { continue };
            match packages.in_folder(folder, manifest.ecosystem) {
                Some(package) => {
                    next.push(package.path.to_string());
                    // setuptools reads it beside `pyproject.toml`.
                    next.extend(crate::discover::paths::join(folder, "setup.cfg"));
                }
                // `-r other.txt`
                None => next.push(folder.to_owned()),
            }
        }
        if manifest.dependencies.iter().any(|d| meant(review, &path, d).is_some()) {
            found.push(manifest);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::Sources;

    fn table(text: &str) -> String {
        let mut changes = Changes::default();
        into_table(text, "f", "tool.poetry.dependencies", &["a = 1".into()], &mut changes);
        let mut sources = Sources::default();
        sources.insert("f", text);
        let outcome = changes.outcome(&sources).unwrap();
        outcome["f"].clone().unwrap()
    }

    #[test]
    fn tables_are_found_or_made() {
        assert_eq!(
            table("[tool.poetry.dependencies]\nb = 2\n\n[x]\n"),
            "[tool.poetry.dependencies]\nb = 2\na = 1\n\n[x]\n"
        );
        assert_eq!(
            table("[tool.poetry]\nn = [\n  'x',\n]\n\n[x]\n"),
            "[tool.poetry]\nn = [\n  'x',\n]\n\n[tool.poetry.dependencies]\na = 1\n\n[x]\n"
        );
        assert_eq!(table("[x]\ny = 1\n"), "[x]\ny = 1\n\n[tool.poetry.dependencies]\na = 1\n");
    }
}
