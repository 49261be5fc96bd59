//! Lock files that repeat what a manifest said: paths of one machine become relative, and the
//! hash that Poetry takes of a manifest is taken anew.

use sha2::{Digest, Sha256};
use toml_edit::{Document, Item, TableLike, Value};

use super::change::Changes;
use crate::discover::paths::{folder, join};
use crate::packages::locks::{self, Lock, LockKind};
use crate::packages::{Ecosystem, url};
use crate::review::Review;

/// Brings the lock files beside a manifest in line with it. What cannot be done is said.
pub(super) fn rewrite(
    review: &Review<'_>,
    manifest: &str,
    changes: &mut Changes,
    notes: &mut Vec<String>,
) {
    for (path, kind) in locks::beside(folder(manifest)) {
        let Some(text) = review.sources.text(&path) else { continue };
        let Some(lock) = locks::read(&path, text) else { continue };
        if lock.error.is_some() {
            notes.push(format!("{path} does not parse: lock again"));
            continue;
        }
        paths(review, &lock, text, changes);
        match kind {
            LockKind::Poetry => poetry(review, manifest, &path, changes, notes),
            LockKind::Pdm | LockKind::Pipenv => hashed(review, manifest, &path, changes, notes),
            LockKind::Uv | LockKind::Npm | LockKind::Pnpm | LockKind::Yarn => {}
        }
    }
}

/// Paths of one machine, where the repository has the package.
fn paths(review: &Review<'_>, lock: &Lock, text: &str, changes: &mut Changes) {
    let ecosystem = match lock.kind {
        LockKind::Npm | LockKind::Pnpm | LockKind::Yarn => Ecosystem::Node,
        _ => Ecosystem::Python,
    };
    for local in lock.locals.iter().chain(&lock.nested).filter(|l| url::is_absolute(&l.path)) {
        let Some(target) = target(review, lock, ecosystem, &local.name) else { continue };
        let relative = super::manifests::relative(&lock.path, &target);
        let is_nested = lock.nested.contains(local);
        let Some(span) = local.at.span else { continue };
        if is_nested && lock.kind == LockKind::Poetry {
            // `name = {path = "…"}` is what metadata with a bare name gives as `name = "*"`.
            let line_end =
                text[span.end as usize..].find('\n').map_or(text.len(), |i| span.end as usize + i);
            let open = text[..span.start as usize].rfind('{').unwrap_or(span.start as usize);
            changes.edit(&lock.path, as_u32(open), as_u32(line_end), "\"*\"".to_owned());
        } else {
            // uv repeats the path in the requirements of the package.
            let old = format!("\"{}\"", local.path);
            for (at, _) in text.match_indices(&old) {
                let (start, end) = (as_u32(at + 1), as_u32(at + old.len() - 1));
                changes.edit(&lock.path, start, end, relative.clone());
            }
        }
    }
}

fn as_u32(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The folder of the package a lock file means.
fn target(review: &Review<'_>, lock: &Lock, ecosystem: Ecosystem, name: &str) -> Option<String> {
    if let [only] = review.repo.packages.named(ecosystem, name) {
        return Some(only.clone());
    }
    let relative = lock.local(name).filter(|l| !url::is_absolute(&l.path))?;
    join(lock.folder(), &relative.path)
}

/// The content hash of `poetry.lock`, where ours agrees with the one it has.
fn poetry(
    review: &Review<'_>,
    manifest: &str,
    lock: &str,
    changes: &mut Changes,
    notes: &mut Vec<String>,
) {
    let (Some(before), Some(text)) = (review.sources.text(manifest), review.sources.text(lock))
    else {
        return;
    };
    let Some(after) = after(review, manifest, changes) else { return };
    let Some((start, old)) = content_hash(text) else { return };
    let variant =
        [true, false].into_iter().find(|groups| hash(before, *groups).as_deref() == Some(old));
    match variant.and_then(|groups| hash(&after, groups)) {
        Some(new) => changes.edit(lock, as_u32(start), as_u32(start + old.len()), new),
        None => notes
            .push(format!("run `poetry lock` in {}: its hash was stale before", shown(manifest))),
    }
}

fn shown(manifest: &str) -> &str {
    crate::views::building::shown(folder(manifest))
}

/// The text of a manifest as the changes leave it, where they touch it.
fn after(review: &Review<'_>, manifest: &str, changes: &Changes) -> Option<String> {
    changes.outcome(review.sources).ok()?.remove(manifest)?
}

/// Lock files whose hash only their own program takes.
fn hashed(
    review: &Review<'_>,
    manifest: &str,
    lock: &str,
    changes: &Changes,
    notes: &mut Vec<String>,
) {
    if after(review, manifest, changes).is_some() {
        notes.push(format!("lock again: {lock} holds a hash of {manifest}"));
    }
}

fn content_hash(text: &str) -> Option<(usize, &str)> {
    let key = "content-hash = \"";
    let start = text.rfind(key)? + key.len();
    let end = start + text.get(start..)?.find('"')?;
    Some((start, text.get(start..end)?))
}

/// Whether Poetry takes a lock file for stale: its hash is not that of the manifest, as no
/// version of Poetry takes it. `None` where that cannot be told.
#[must_use]
pub(crate) fn is_stale(manifest: &str, lock: &str) -> Option<bool> {
    let (_, old) = content_hash(lock)?;
    let mut all = vec![hash(manifest, true)?, hash(manifest, false)?];
    // Poetry 1 does not look at `[project]`.
    all.extend(hash(&tool_alone(manifest)?, false));
    Some(all.iter().all(|h| h != old))
}

/// A manifest with `[tool]` alone.
fn tool_alone(manifest: &str) -> Option<String> {
    let mut document = manifest.parse::<toml_edit::DocumentMut>().ok()?;
    document.remove("project");
    document.remove("dependency-groups");
    Some(document.to_string())
}

/// Poetry's hash of a manifest: SHA-256 of what decides the lock, as JSON with sorted keys.
/// Poetry before 2.3 leaves dependency groups out.
fn hash(manifest: &str, with_groups: bool) -> Option<String> {
    let document = Document::parse(manifest).ok()?;
    let root = document.as_item();
    let at = |path: &[&str]| path.iter().try_fold(root, |i, k| i.as_table_like()?.get(k));
    let project: Vec<(String, String)> =
        ["requires-python", "dependencies", "optional-dependencies"]
            .iter()
            .filter_map(|k| Some(((*k).to_owned(), json(at(&["project", k])?)?)))
            .collect();
    let groups = at(&["dependency-groups"]).filter(|_| with_groups).and_then(json);
    let groups = groups.filter(|g| g != "{}");
    let modern = !project.is_empty() || groups.is_some();
    let mut poetry: Vec<(String, String)> = Vec::new();
    for key in ["dependencies", "source", "extras", "dev-dependencies", "group"] {
        match at(&["tool", "poetry", key]) {
            Some(item) => poetry.push((key.to_owned(), json(item)?)),
            None if modern || key == "group" => {}
            None => poetry.push((key.to_owned(), "null".to_owned())),
        }
    }
    let mut all = Vec::new();
    if !project.is_empty() {
        all.push(("project".to_owned(), object(project)));
    }
    all.extend(groups.map(|g| ("dependency-groups".to_owned(), g)));
    let text = if modern {
        all.push(("tool".to_owned(), object(vec![("poetry".to_owned(), object(poetry))])));
        object(all)
    } else {
        object(poetry)
    };
    Some(Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect())
}

/// JSON as Python writes it: sorted keys, `, ` and `: `, nothing but ASCII.
fn json(item: &Item) -> Option<String> {
    match item {
        Item::Value(value) => json_value(value),
        Item::Table(table) => json_table(table),
        Item::ArrayOfTables(tables) => {
            let all: Option<Vec<String>> = tables.iter().map(|t| json_table(t)).collect();
            Some(format!("[{}]", all?.join(", ")))
        }
        Item::None => None,
    }
}

fn json_value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(json_text(text.value())),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(truth) => Some(truth.value().to_string()),
        Value::Array(array) => {
            let all: Option<Vec<String>> = array.iter().map(json_value).collect();
            Some(format!("[{}]", all?.join(", ")))
        }
        Value::InlineTable(table) => json_table(table),
        // Poetry cannot write dates, and its manifests hold no fractions.
        Value::Float(_) | Value::Datetime(_) => None,
    }
}

fn json_table(table: &dyn TableLike) -> Option<String> {
    let pairs: Option<Vec<(String, String)>> =
        table.iter().map(|(k, v)| Some((k.to_owned(), json(v)?))).collect();
    Some(object(pairs?))
}

fn object(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{}: {v}", json_text(k))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (' '..='~').contains(&c) => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_poetrys() {
        // Taken from the lock file of the example, which Poetry 2.5.1 wrote.
        let manifest = include_str!("../../../../examples/olorin/backend/pyproject.toml");
        let lock = include_str!("../../../../examples/olorin/backend/poetry.lock");
        let (_, old) = super::content_hash(lock).unwrap();
        assert_eq!(super::hash(manifest, true).as_deref(), Some(old));
    }
}
