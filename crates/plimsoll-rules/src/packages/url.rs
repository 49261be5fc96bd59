//! Names, paths and URLs as manifests write them.

/// Whether a path begins at the root of a machine: `/x`, `C:\x`, `~`.
#[must_use]
pub(crate) fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.starts_with('~') || has_drive(path)
}

/// Whether a path begins with a drive of Windows.
pub(crate) fn has_drive(path: &str) -> bool {
    let mut chars = path.trim_start_matches('/').chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && chars.next() == Some(':')
}

/// Whether a path lies in somebody's home.
pub(crate) fn is_home(path: &str) -> bool {
    let homes = ["/Users/", "/home/", "/root/", "~"];
    homes.iter().any(|h| path.starts_with(h)) || has_drive(path)
}

/// A distribution's name as indexes compare it (PEP 503).
pub(crate) fn python_name(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        let c = if matches!(c, '_' | '.' | '-') { '-' } else { c.to_ascii_lowercase() };
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}

/// The name a requirement begins with.
pub(crate) fn requirement_name(text: &str) -> &str {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// What the URL of a direct reference names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Direct<'a> {
    Path(String),
    Git(&'a str),
}

/// A direct reference: `name[extra] @ file:///path ; marker`. Its name, and what it names.
pub(crate) fn direct(text: &str) -> Option<(&str, Direct<'_>)> {
    let (name, url) = text.split_once('@')?;
    let name = name.split('[').next().unwrap_or(name).trim();
    let plain = !name.is_empty() && requirement_name(name) == name;
    let url = url.split(" ;").next().unwrap_or(url).trim();
    if !plain {
        return None;
    }
    let here = ["{root:uri}/", "file:///${PROJECT_ROOT}/", "file://${PROJECT_ROOT}/"];
    if let Some(relative) = here.iter().find_map(|h| url.strip_prefix(h)) {
        return Some((name, Direct::Path(without_fragment(relative).to_owned())));
    }
    if url.starts_with("git+") {
        return Some((name, Direct::Git(url)));
    }
    Some((name, Direct::Path(file_url(url)?)))
}

/// The path of a `file:` URL. One with variables is not known.
pub(crate) fn file_url(url: &str) -> Option<String> {
    let rest = url.strip_prefix("file:")?;
    let rest = rest.strip_prefix("//localhost").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
    let rest = without_fragment(rest);
    (!rest.is_empty() && !rest.contains(['$', '{'])).then(|| percent_decoded(rest))
}

pub(crate) fn without_fragment(text: &str) -> &str {
    text.split('#').next().unwrap_or(text)
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = text.get(i + 1..i + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex.filter(|_| bytes[i] == b'%') {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_indexes_do() {
        assert_eq!(python_name("Olorin__Core.x"), "olorin-core-x");
        assert_eq!(requirement_name("fastapi[all] (>=0.1)"), "fastapi");
    }

    #[test]
    fn direct_references() {
        for (text, want) in [
            ("a @ file:///Users/me/a%20b", Some(("a", Direct::Path("/Users/me/a b".into())))),
            (
                "a[x]@file:///abs/a ; python_version > '3'",
                Some(("a", Direct::Path("/abs/a".into()))),
            ),
            ("c @ {root:uri}/../c", Some(("c", Direct::Path("../c".into())))),
            ("x @ file:///${PROJECT_ROOT}/../x#egg=x", Some(("x", Direct::Path("../x".into())))),
            ("g @ git+https://h/g.git@v1", Some(("g", Direct::Git("git+https://h/g.git@v1")))),
            ("h @ https://h/h.whl", None),
            ("v @ file:///${HOME}/v", None),
            ("fastapi>=1", None),
        ] {
            assert_eq!(direct(text), want, "{text}");
        }
    }
}
