//! Paths with `/`, as the builder cleans and joins them.

/// Go's `path.Clean` of a path taken from the root: no `.`, no `..`, no leading or trailing `/`.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// A path of the image, taken from the working directory. A trailing `/` says something to COPY
/// and stays.
pub(crate) fn within(directory: &str, path: &str) -> String {
    let joined =
        if path.starts_with('/') { clean(path) } else { clean(&format!("{directory}/{path}")) };
    let folder = path.ends_with('/') || path == "." || path.ends_with("/.");
    match folder && !joined.is_empty() {
        true => format!("/{joined}/"),
        false => format!("/{joined}"),
    }
}

/// The working directory after a WORKDIR. What begins with `/` stays as it is written, and a RUN
/// there has it so in its key.
pub(crate) fn directory(before: &str, path: &str) -> String {
    match path {
        "" => before.to_owned(),
        whole if whole.starts_with('/') => whole.to_owned(),
        below => format!("/{}", clean(&format!("{before}/{below}"))),
    }
}

/// The last part of a path; `/` for the root.
pub(crate) fn base(path: &str) -> String {
    let clean = clean(path);
    match clean.rsplit('/').next() {
        None | Some("") => "/".to_owned(),
        Some(last) => last.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cleaned() {
        assert_eq!(clean("./a//b/../c/"), "a/c");
        assert_eq!(clean("/../x"), "x");
        assert_eq!(within("/app", "."), "/app/");
        assert_eq!(within("/app", "sub"), "/app/sub");
        assert_eq!(within("/app", "/opt/"), "/opt/");
        assert_eq!(within("/", "./"), "/");
        assert_eq!(directory("/app", "sub/"), "/app/sub");
        assert_eq!(directory("/app", "/opt/"), "/opt/");
        assert_eq!(directory("/opt/", "."), "/opt");
        assert_eq!(directory("/opt/", ""), "/opt/");
        assert_eq!((base("a/b/"), base(".")), ("b".to_owned(), "/".to_owned()));
    }
}
