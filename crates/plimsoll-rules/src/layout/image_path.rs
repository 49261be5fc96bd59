//! Absolute paths of an image.

/// Joins and cleans: `..` ends at the root, an absolute path stands for itself.
#[must_use]
pub fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let start = if path.starts_with('/') { "" } else { folder };
    for part in start.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A path as seen from a folder above it.
#[must_use]
pub fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder == "/" {
        return path.strip_prefix('/');
    }
    if path == folder {
        return Some("");
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The folder of a path.
#[must_use]
pub fn folder(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// The folder of a path that may be relative: `.` where it names none.
#[must_use]
pub fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    }
}

/// The path from one folder to another: `../packages/core`.
#[must_use]
pub fn relative(from: &str, to: &str) -> String {
    let split = |p: &str| -> Vec<String> {
        p.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect()
    };
    let (from, to) = (split(from), split(to));
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let parts: Vec<String> = up.chain(to.into_iter().skip(common)).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_at_the_root() {
        assert_eq!(join("/build", "../packages/x"), "/packages/x");
        assert_eq!(join("/app", "../../libs/./x/"), "/libs/x");
        assert_eq!(join("/app", "/srv"), "/srv");
        assert_eq!(below("/", "/a/b"), Some("a/b"));
        assert_eq!(below("/a", "/ab"), None);
        assert_eq!(folder("/a"), "/");
        assert_eq!(relative("backend", "packages/core"), "../packages/core");
        assert_eq!(relative("services/api", "services/lib"), "../lib");
        assert_eq!(relative("a", "a"), ".");
    }
}
