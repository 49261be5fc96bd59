//! Which paths a Dockerfile names: BuildKit asks for these and no others.

use std::sync::Arc;

use plimsoll_syntax::ignorefile::{Matcher, ParentState, Pattern};

/// Which parts of a context a build asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// All of it.
    #[default]
    All,
    /// What `COPY`, `ADD` and bind mounts name, as paths or globs from the root.
    Paths(Vec<String>),
}

/// How much of a path a build asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it.
    Whole,
    /// Something below it.
    Part,
    /// Nothing.
    Nothing,
}

impl Follow {
    /// How much of a path from the root is asked for.
    #[must_use]
    pub fn asked(&self, path: &str) -> Asked {
        let (route, mut reach) = Route::new(self);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Some(next) = route.toward(name, &reach) else { return Asked::Nothing };
            reach = next;
        }
        if matches!(reach, Reach::All) { Asked::Whole } else { Asked::Part }
    }
}

enum Part {
    Name(String),
    Glob(Box<Matcher>),
}

/// The paths made ready to walk along.
pub(super) struct Route {
    paths: Vec<Vec<Part>>,
}

/// How the paths stand to one folder.
#[derive(Clone)]
pub(super) enum Reach {
    /// All in it is asked for.
    All,
    /// What lies below may be: the path, and how many of its parts are behind us.
    Some(Arc<[(usize, usize)]>),
}

impl Route {
    /// Makes the paths ready, and tells how they stand to the root.
    pub(super) fn new(follow: &Follow) -> (Self, Reach) {
        let Follow::Paths(paths) = follow else { return (Self { paths: Vec::new() }, Reach::All) };
        let paths: Vec<_> = paths.iter().map(|path| parts(path)).collect();
        let reach = if paths.iter().any(Vec::is_empty) {
            Reach::All
        } else {
            Reach::Some((0..paths.len()).map(|path| (path, 0)).collect())
        };
        (Self { paths }, reach)
    }

    /// How the paths stand to an entry of a folder; none where no path leads there.
    pub(super) fn toward(&self, name: &str, reach: &Reach) -> Option<Reach> {
        let Reach::Some(open) = reach else { return Some(Reach::All) };
        let mut further = Vec::new();
        for (path, done) in open.iter() {
            let Some(parts) = self.paths.get(*path) else { continue };
            match parts.get(*done) {
                Some(part) if part.fits(name) && done + 1 == parts.len() => {
                    return Some(Reach::All);
                }
                Some(part) if part.fits(name) => further.push((*path, done + 1)),
                _ => {}
            }
        }
        (!further.is_empty()).then(|| Reach::Some(further.into()))
    }
}

/// The parts of a path, cleaned as a path from the root.
fn parts(path: &str) -> Vec<Part> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.into_iter().map(Part::new).collect()
}

impl Part {
    fn new(text: &str) -> Self {
        if !text.contains(['*', '?', '[', '\\']) {
            return Self::Name(text.to_owned());
        }
        // Here `**` is no more than `*`, and `!` is a character.
        let mut text = text.to_owned();
        while text.contains("**") {
            text = text.replace("**", "*");
        }
        if text.starts_with('!') {
            text.insert(0, '\\');
        }
        // BuildKit refuses what cannot be read; we rather count too much.
        let all = || Matcher::new(&[Pattern::from_raw("*")]);
        match Matcher::new(&[Pattern::from_raw(&text)]).or_else(|_| all()) {
            Ok(matcher) => Self::Glob(Box::new(matcher)),
            Err(_) => Self::Name(text),
        }
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Name(own) => own == name,
            Self::Glob(matcher) => matcher
                .step(name, &ParentState::default())
                .map_or(true, |state| state.decision().ignored),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(paths: &[&str], path: &str) -> bool {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        Follow::Paths(paths).asked(path) == Asked::Whole
    }

    #[test]
    fn paths_lead_to_what_lies_below_them() {
        for (paths, path, expected) in [
            (&["src"][..], "src/a/b", true),
            (&["src"], "srcs/a", false),
            (&["./src/"], "src/a", true),
            (&["/"], "any", true),
            (&["a", "."], "any", true),
            (&["../x"], "x", true),
            (&["*.py", "web/*/dist"], "a.py", true),
            (&["*.py", "web/*/dist"], "web/one/dist/a", true),
            (&["*.py", "web/*/dist"], "web/one/src", false),
            (&["a/b"], "a", false),
            (&["**"], "a/b", true),
            (&["a?[bc]"], "axb", true),
            (&["!x*"], "!xy", true),
            (&[], "a", false),
        ] {
            assert_eq!(follows(paths, path), expected, "{paths:?} {path}");
        }
    }
}
