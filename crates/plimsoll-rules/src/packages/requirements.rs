//! Requirements files of pip. A relative path begins at the folder pip runs in; the files that
//! `-r` and `-c` name begin at the folder of the file that names them.

use plimsoll_syntax::Span;

use super::url::{Direct, direct, file_url, requirement_name, without_fragment};
use super::{Base, Dependency, Group, Manifest, Syntax, Target};
use crate::discover::paths::file_name;

/// Whether a path is a requirements or constraints file by its name or folder.
#[must_use]
pub fn is_name(path: &str) -> bool {
    let name = file_name(path);
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    stem.is_some_and(|s| {
        s.contains("requirements")
            || s.contains("constraints")
            || path.rsplit('/').nth(1) == Some("requirements")
    })
}

/// Reads the lines of a requirements file.
pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let mut start = 0;
    for line in text.split('\n') {
        let from = start + (line.len() - line.trim_start().len());
        let plain = line.trim();
        let plain = plain.split(" #").next().unwrap_or(plain).trim();
        let span = Span::new(from, from + plain.len());
        if !plain.is_empty() && !plain.starts_with('#') {
            entry(manifest, plain, span);
        }
        start += line.len() + 1;
    }
}

/// The value of an option: `-r x`, `-rx`, `--requirement=x`.
fn option<'a>(line: &'a str, short: &str, long: &str) -> Option<&'a str> {
    let rest = match line.strip_prefix(long) {
        Some(rest) => rest.strip_prefix('=').or_else(|| rest.strip_prefix(' '))?,
        None => line.strip_prefix(short)?,
    };
    Some(rest.trim())
}

fn entry(manifest: &mut Manifest, line: &str, span: Span) {
    let includes = [
        ("-r", "--requirement", Syntax::Include),
        ("-c", "--constraint", Syntax::Constraint),
        ("-f", "--find-links", Syntax::FindLinks),
    ];
    for (short, long, syntax) in includes {
        if let Some(path) = option(line, short, long) {
            if !path.contains("://") {
                let base = if syntax == Syntax::FindLinks {
                    Base::WorkingDirectory
                } else {
                    Base::Manifest
                };
                push(manifest, file_name(path), path, base, syntax, false, span);
            }
            return;
        }
    }
    manifest.no_index |= line.split_whitespace().any(|w| w == "--no-index");
    let editable = option(line, "-e", "--editable");
    if let Some((name, target)) = requirement(editable.unwrap_or(line)) {
        manifest.want(&name, &Group::Main, span);
        match target {
            Target::Path(path) => push(
                manifest,
                &name,
                &path,
                Base::WorkingDirectory,
                Syntax::Requirement,
                editable.is_some(),
                span,
            ),
            target => manifest.dependencies.push(Dependency {
                name,
                target,
                base: Base::WorkingDirectory,
                syntax: Syntax::Git,
                group: Group::Main,
                editable: editable.is_some(),
                at: manifest.place(span),
                path_at: None,
            }),
        }
    } else if !line.starts_with('-') {
        manifest.want(requirement_name(line), &Group::Main, span);
    }
}

fn push(
    manifest: &mut Manifest,
    name: &str,
    path: &str,
    base: Base,
    syntax: Syntax,
    editable: bool,
    span: Span,
) {
    manifest.dependencies.push(Dependency {
        name: name.to_owned(),
        target: Target::Path(path.to_owned()),
        base,
        syntax,
        group: Group::Main,
        editable,
        at: manifest.place(span),
        path_at: None,
    });
}

/// A requirement that no index answers: its name and what it names.
#[must_use]
pub fn requirement(text: &str) -> Option<(String, Target)> {
    if text.starts_with('-') {
        return None;
    }
    if text.starts_with("git+") {
        let name = text.rsplit_once("egg=").map_or_else(
            || file_name(without_fragment(text)).split(['@', '.']).next().unwrap_or(""),
            |(_, name)| name.split('&').next().unwrap_or(name),
        );
        return Some((name.to_owned(), Target::Git { url: text.to_owned() }));
    }
    if let Some((name, found)) = direct(text) {
        let target = match found {
            Direct::Path(path) => Target::Path(path),
            Direct::Git(url) => Target::Git { url: url.to_owned() },
        };
        return Some((name.to_owned(), target));
    }
    let text = text.split(" ;").next().unwrap_or(text).trim();
    if let Some(path) = file_url(text) {
        let path = without_extras(&path).to_owned();
        return Some((last_part(&path), Target::Path(path)));
    }
    let path = without_extras(without_fragment(text)).trim();
    let is_path = path == "."
        || path == ".."
        || ["./", "../", "/"].iter().any(|p| path.starts_with(p))
        || (path.contains('/') && !path.contains("://") && !path.contains('@'))
        || [".whl", ".tar.gz", ".zip"].iter().any(|e| path.ends_with(e) && !path.contains("://"));
    (is_path && !path.contains('$')).then(|| (last_part(path), Target::Path(path.to_owned())))
}

/// A path without the extras that are asked for: `./core[aws]`.
fn without_extras(path: &str) -> &str {
    path.split('[').next().unwrap_or(path)
}

/// The name a path stands for: of a wheel what is before the version.
fn last_part(path: &str) -> String {
    let name = file_name(path.trim_end_matches('/'));
    let wheel = name.strip_suffix(".whl").and_then(|n| n.split('-').next());
    wheel.unwrap_or(name).to_owned()
}
