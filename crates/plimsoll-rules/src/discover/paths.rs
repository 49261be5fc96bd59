//! Paths inside the repository.

/// Joins a path to a folder and cleans it. `None` where it leaves the repository or is
/// absolute.
#[must_use]
pub fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.starts_with('~') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder a path stands in; `""` is the root.
#[must_use]
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// A path as seen from a folder above it, or `None` where it is not below it.
#[must_use]
pub fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        Some(path)
    } else if path == folder {
        Some("")
    } else {
        path.strip_prefix(folder)?.strip_prefix('/')
    }
}

/// The repository part of an image reference: without tag and digest, in lower case.
#[must_use]
pub fn image_name(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    // A tag holds no `/`; a colon before the last `/` belongs to a port. Expressions are kept whole.
    let cut = tag_start(name).unwrap_or(name.len());
    name[..cut].trim().to_ascii_lowercase()
}

/// The tag of an image reference.
#[must_use]
pub fn image_tag(reference: &str) -> Option<&str> {
    let name = reference.split('@').next().unwrap_or(reference);
    tag_start(name).map(|i| &name[i + 1..])
}

fn tag_start(name: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut colon = None;
    for (i, c) in name.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            '/' if depth == 0 => colon = None,
            ':' if depth == 0 && colon.is_none() => colon = Some(i),
            _ => {}
        }
    }
    colon
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(join("a/b", "../c/./d").as_deref(), Some("a/c/d"));
        assert_eq!(join("a", "../../x"), None);
        assert_eq!(join("", "."), Some(String::new()));
        assert_eq!(join("a", "/x"), None);
        assert_eq!(below("a", "a/b/c"), Some("b/c"));
        assert_eq!(below("a", "ab/c"), None);
    }

    #[test]
    fn references_split_at_the_tag() {
        assert_eq!(image_name("eu.gcr.io/P/api:${{ github.sha }}"), "eu.gcr.io/p/api");
        assert_eq!(image_name("localhost:5000/api@sha256:ab"), "localhost:5000/api");
        assert_eq!(image_tag("localhost:5000/api"), None);
        assert_eq!(image_tag("r/api:${TAG:-latest}"), Some("${TAG:-latest}"));
    }
}
