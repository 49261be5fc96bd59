//! `setup.cfg` of setuptools: `install_requires` and `extras_require`.

use plimsoll_syntax::Span;

use super::url::{Direct, direct, requirement_name};
use super::{Base, Dependency, Group, Manifest, Syntax, Target};

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let mut section = String::new();
    let mut key = String::new();
    let mut start = 0;
    for line in text.split('\n') {
        let trimmed = line.trim();
        let indented = line.starts_with([' ', '\t']);
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            name.clone_into(&mut section);
            key.clear();
        } else if !indented && let Some((name, value)) = trimmed.split_once('=') {
            name.trim().clone_into(&mut key);
            entry(manifest, &section, &key, value, start + line.len() - value.len());
        } else if indented && !trimmed.is_empty() {
            entry(manifest, &section, &key, line, start);
        }
        start += line.len() + 1;
    }
}

/// One line of a value; `at` is its first byte.
fn entry(manifest: &mut Manifest, section: &str, key: &str, line: &str, at: usize) {
    let value = line.trim();
    let at = at + (line.len() - line.trim_start().len());
    let group = match (section, key) {
        ("metadata", "name") => {
            manifest.name = Some(value.to_owned());
            return;
        }
        ("options", "install_requires") => Group::Main,
        ("options.extras_require", extra) => Group::Optional(extra.to_owned()),
        _ => return,
    };
    if value.is_empty() || value.starts_with('#') {
        return;
    }
    manifest.want(requirement_name(value), &group, Span::new(at, at + value.len()));
    let Some((name, found)) = direct(value) else { return };
    let (target, syntax) = match found {
        Direct::Path(path) => (Target::Path(path), Syntax::DirectReference),
        Direct::Git(url) => (Target::Git { url: url.to_owned() }, Syntax::Git),
    };
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        target,
        base: Base::Manifest,
        syntax,
        group,
        editable: false,
        at: manifest.place(Span::new(at, at + value.len())),
        path_at: None,
    });
}
