//! Paths as Go's `path/filepath` sees them on Unix.

/// Cleans a path as Go's `filepath.Clean` does: no `.`, no inner `..`, no doubled or last `/`.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The folder of a path as Go's `filepath.Dir` gives it; `.` for a plain name.
pub(super) fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |slash| &path[..=slash]))
}

/// The folders above a path, from the outermost, as moby makes them from [`dir`].
pub(super) fn parents(path: &str) -> Vec<String> {
    let dir = dir(path);
    if dir == "." {
        return Vec::new();
    }
    let mut ends: Vec<usize> = dir.match_indices('/').map(|(at, _)| at).collect();
    ends.push(dir.len());
    ends.into_iter().map(|end| dir[..end].to_owned()).collect()
}

/// `starts_with`, where most paths differ in the first byte.
pub(super) fn begins(path: &str, start: &str) -> bool {
    let (a, b) = (path.as_bytes().first(), start.as_bytes().first());
    b.is_none() || a == b && path.starts_with(start)
}

/// `ends_with`, where most paths differ in the last byte.
pub(super) fn ends(path: &str, end: &str) -> bool {
    let (a, b) = (path.as_bytes().last(), end.as_bytes().last());
    b.is_none() || a == b && path.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaned_as_go_cleans() {
        for (path, expected) in [
            ("", "."),
            ("a//b/./c/", "a/b/c"),
            ("a/../..", ".."),
            ("/../a", "/a"),
            ("../../a", "../../a"),
            ("/", "/"),
            ("a/..", "."),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }

    #[test]
    fn parents_are_outermost_first() {
        assert_eq!(parents("a/b/c"), ["a", "a/b"]);
        assert_eq!(parents("a/"), ["a"]);
        assert_eq!(parents("/"), ["", "/"]);
        assert!(parents("a").is_empty());
    }
}
