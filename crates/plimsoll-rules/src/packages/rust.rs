//! `Cargo.toml`.

use plimsoll_syntax::Span;
use toml_edit::{Item, TableLike};

use super::toml::{entries, entry_span, item, parse, strings, table, text, truth};
use super::{Base, Dependency, Group, Manifest, Syntax, Target};

pub(super) fn read(manifest: &mut Manifest, source: &str) {
    let Some(document) = parse(manifest, source) else { return };
    let root = document.as_item();
    manifest.name = item(root, &["package", "name"]).and_then(Item::as_str).map(str::to_owned);
    sections(manifest, root);
    for (_, target) in entries(root, &["target"]) {
        sections(manifest, target);
    }
    for (_, registry) in entries(root, &["patch"]) {
        crates(manifest, registry.as_table_like(), Syntax::CargoPatch, &Group::Main);
    }
    crates(manifest, table(root, &["replace"]), Syntax::CargoPatch, &Group::Main);
    if table(root, &["workspace"]).is_some() {
        let shared = table(root, &["workspace", "dependencies"]);
        crates(manifest, shared, Syntax::CargoPath, &Group::Optional("workspace".into()));
        members(manifest, root);
    }
}

fn sections(manifest: &mut Manifest, root: &Item) {
    let kinds = [
        ("dependencies", Group::Main),
        ("build-dependencies", Group::Main),
        ("dev-dependencies", Group::Dev(String::new())),
    ];
    for (key, group) in kinds {
        crates(manifest, table(root, &[key]), Syntax::CargoPath, &group);
    }
}

fn crates(manifest: &mut Manifest, found: Option<&dyn TableLike>, syntax: Syntax, group: &Group) {
    let Some(found) = found else { return };
    for (name, value) in found.iter() {
        let (Some(entry), Some(span)) = (value.as_table_like(), entry_span(found, name, value))
        else {
            continue;
        };
        let git = || text(entry, "git").map(|(url, _)| Target::Git { url: url.to_owned() });
        let path = text(entry, "path");
        let target = match path {
            Some((path, _)) => Some(Target::Path(path.to_owned())),
            None if truth(entry, "workspace") => Some(Target::Member),
            None => git(),
        };
        let Some(target) = target else { continue };
        manifest.dependencies.push(Dependency {
            name: name.to_owned(),
            syntax: if matches!(target, Target::Git { .. }) { Syntax::Git } else { syntax },
            target,
            base: Base::Manifest,
            group: group.clone(),
            editable: false,
            at: manifest.place(span),
            path_at: path.map(|(_, at)| {
                manifest.place(Span::new(at.start as usize + 1, at.end as usize - 1))
            }),
        });
    }
}

/// The members: cargo reads the manifest of every one, whatever it builds.
fn members(manifest: &mut Manifest, root: &Item) {
    let mut all = Vec::new();
    for (member, span) in strings(root, &["workspace", "members"]) {
        all.push(member.to_owned());
        if member.contains(['*', '?', '[']) {
            continue;
        }
        manifest.dependencies.push(Dependency {
            name: member.rsplit('/').next().unwrap_or(member).to_owned(),
            target: Target::Path(member.to_owned()),
            base: Base::Manifest,
            syntax: Syntax::CargoMember,
            group: Group::Main,
            editable: false,
            at: manifest.place(span),
            path_at: None,
        });
    }
    manifest.workspace = Some(all);
}
