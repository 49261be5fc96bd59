//! `go.mod` and `go.work`.

use plimsoll_syntax::Span;

use super::{Base, Dependency, Group, Manifest, Syntax, Target};

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let work = manifest.path.ends_with("go.work");
    let mut block = String::new();
    let mut start = 0;
    for line in text.split('\n') {
        let from = start + (line.len() - line.trim_start().len());
        let plain = line.split("//").next().unwrap_or(line).trim();
        let span = Span::new(from, from + plain.len());
        if plain == ")" {
            block.clear();
        } else if let Some(name) = plain.strip_suffix('(') {
            name.trim().clone_into(&mut block);
        } else if !plain.is_empty() {
            let (verb, rest) = if block.is_empty() {
                plain.split_once(char::is_whitespace).unwrap_or((plain, ""))
            } else {
                (block.as_str(), plain)
            };
            directive(manifest, verb, rest.trim(), span, work);
        }
        start += line.len() + 1;
    }
    if work {
        manifest.workspace.get_or_insert_default();
    }
}

fn directive(manifest: &mut Manifest, verb: &str, rest: &str, span: Span, work: bool) {
    match verb {
        "module" => manifest.name = Some(unquoted(rest).to_owned()),
        "replace" => {
            let Some((old, new)) = rest.split_once("=>") else { return };
            let name = old.split_whitespace().next().unwrap_or("");
            let path = unquoted(new.split_whitespace().next().unwrap_or(""));
            if path.starts_with('.') || super::url::is_absolute(path) {
                push(manifest, unquoted(name), path, Syntax::GoReplace, span);
            }
        }
        // A version that no release has: only a workspace or a replacement gives it.
        "require" if rest.split_whitespace().nth(1) == Some("v0.0.0") => {
            let name = rest.split_whitespace().next().unwrap_or("");
            manifest.want(unquoted(name), &Group::Main, span);
        }
        "use" if work => {
            let path = unquoted(rest);
            manifest.workspace.get_or_insert_default().push(path.to_owned());
            let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
            push(manifest, name, path, Syntax::GoUse, span);
        }
        _ => {}
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '`'])
}

fn push(manifest: &mut Manifest, name: &str, path: &str, syntax: Syntax, span: Span) {
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        target: Target::Path(path.replace('\\', "/")),
        base: Base::Manifest,
        syntax,
        group: Group::Main,
        editable: false,
        at: manifest.place(span),
        path_at: None,
    });
}
