//! Files with gitignore's rules: `.gitignore` and `.gcloudignore`.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A set of gitignore files, each with the folder it holds for.
#[derive(Clone, Debug, Default)]
pub struct GitIgnore {
    /// The folder (`""` is the root) and its patterns, in the order they were added.
    files: Vec<(String, Gitignore)>,
}

impl GitIgnore {
    /// Adds the text of an ignore file that stands in `folder`. Lines that are no pattern
    /// are passed over, as git does.
    pub fn add(&mut self, folder: &str, text: &str) {
        let mut builder = GitignoreBuilder::new("/");
        for line in text.lines() {
            // A pattern that git cannot read matches nothing there and nothing here.
            let _ = builder.add_line(None, line);
        }
        if let Ok(patterns) = builder.build() {
            self.files.push((folder.to_owned(), patterns));
        }
    }

    /// Whether a path from the root is ignored, itself or through a folder above it. A
    /// deeper file wins over one further up.
    #[must_use]
    pub fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        let ends = path.match_indices('/').map(|(i, _)| i);
        let parents = ends.map(|i| (&path[..i], true));
        parents.chain([(path, is_folder)]).any(|(p, folder)| self.matches(p, folder))
    }

    /// Whether a path is ignored, where no folder above it is.
    #[must_use]
    pub fn matches(&self, path: &str, is_folder: bool) -> bool {
        let mut ignored = false;
        let mut depth = 0;
        for (folder, patterns) in &self.files {
            let Some(relative) = below(folder, path) else { continue };
            let found = patterns.matched(Path::new("/").join(relative), is_folder);
            if !found.is_none() && folder.len() >= depth {
                ignored = found.is_ignore();
                depth = folder.len();
            }
        }
        ignored
    }
}

fn below<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeper_files_win_and_folders_cover() {
        let mut ignore = GitIgnore::default();
        ignore.add("", "/dist\n*.log\n!keep.log\n");
        ignore.add("api", "!debug.log\nbuild/\n");
        assert!(ignore.is_ignored("dist/app.js", false));
        assert!(ignore.is_ignored("a/b.log", false));
        assert!(!ignore.is_ignored("a/keep.log", false));
        assert!(!ignore.is_ignored("api/debug.log", false));
        assert!(ignore.is_ignored("api/build/x", false));
        assert!(!ignore.is_ignored("api/build", false));
        assert!(!ignore.is_ignored("apiary/build/x", false));
    }
}
