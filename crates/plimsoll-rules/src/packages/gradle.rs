//! `settings.gradle` and `build.gradle`, in Groovy and Kotlin: the calls that name folders.
//!
//! The files are programs, and only literal arguments of a few known calls are read.

use std::collections::BTreeSet;

use plimsoll_syntax::Span;

use super::maven::push;
use super::{Manifest, Syntax};
use crate::discover::paths::file_name;

pub(super) fn read(manifest: &mut Manifest, text: &str) {
    let settings = manifest.path.contains("settings.gradle");
    let mut moved = BTreeSet::new();
    for (line, start) in lines(text) {
        if let Some((project, path, at)) = project_dir(line, start) {
            moved.insert(project.clone());
            push(manifest, &project, &path, Syntax::GradleProject, at);
        }
    }
    for (line, start) in lines(text) {
        let calls: &[(&str, Syntax)] = if settings {
            &[("includeBuild", Syntax::GradleBuild), ("include", Syntax::GradleProject)]
        } else {
            &[("dirs", Syntax::GradleFiles), ("files", Syntax::GradleFiles)]
        };
        for (name, syntax) in calls {
            for (argument, at) in arguments(line, start, name) {
                let path = match syntax {
                    Syntax::GradleProject if moved.contains(&argument) => continue,
                    Syntax::GradleProject => argument.trim_start_matches(':').replace(':', "/"),
                    _ => argument.clone(),
                };
                let name = match syntax {
                    Syntax::GradleProject => argument.as_str(),
                    _ => file_name(path.trim_end_matches('/')),
                };
                if !path.contains('$') && !path.is_empty() {
                    push(manifest, name, &path, *syntax, at);
                }
            }
        }
    }
    if settings {
        let root = lines(text).find_map(|(line, _)| {
            line.trim().strip_prefix("rootProject.name").and_then(|r| literals(r).next())
        });
        manifest.name = root.map(|(name, _)| name.to_owned());
        manifest.workspace = Some(Vec::new());
    }
}

/// The lines without comments, each with its first byte.
fn lines(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut start = 0;
    let mut comment = false;
    text.split('\n').filter_map(move |line| {
        let at = start;
        start += line.len() + 1;
        let opened = comment;
        comment = match (line.rfind("/*"), line.rfind("*/")) {
            (Some(open), close) => close.is_none_or(|c| c < open),
            (None, Some(_)) => false,
            (None, None) => comment,
        };
        let code = line.trim_start();
        (!opened && !code.starts_with("//") && !code.starts_with("/*")).then_some((line, at))
    })
}

/// The string literals of a text with where they begin.
fn literals(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let open = at + text.get(at..)?.find(['"', '\''])?;
        let quote = text.as_bytes()[open] as char;
        let close = open + 1 + text.get(open + 1..)?.find(quote)?;
        at = close + 1;
        Some((text.get(open + 1..close)?, open + 1))
    })
}

/// The literal arguments of a call on a line: `name("a", "b")` or `name 'a', 'b'`.
fn arguments(line: &str, start: usize, name: &str) -> Vec<(String, Span)> {
    let Some(at) = line.find(name) else { return Vec::new() };
    let before = line.get(..at).and_then(|b| b.chars().next_back());
    let rest = line.get(at + name.len()..).unwrap_or("");
    let is_call = rest.trim_start().starts_with(['(', '"', '\'']);
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') || !is_call {
        return Vec::new();
    }
    let found = literals(rest).map(|(text, i)| {
        let from = start + at + name.len() + i;
        (text.to_owned(), Span::new(from, from + text.len()))
    });
    found.collect()
}

/// `project(":x").projectDir = file("../x")`.
fn project_dir(line: &str, start: usize) -> Option<(String, String, Span)> {
    let (head, tail) = line.split_once("projectDir")?;
    // `project.projectDir` alone is read, not set.
    let sets = head.contains("project(") && head.trim_end().ends_with(").");
    if !sets || !tail.trim_start().starts_with('=') {
        return None;
    }
    let (project, _) = literals(head).last()?;
    let (path, i) = literals(tail).last()?;
    let path = path.trim_start_matches("$rootDir/").trim_start_matches("${rootDir}/");
    let from = start + head.len() + "projectDir".len() + i;
    Some((project.to_owned(), path.to_owned(), Span::new(from, from + path.len())))
}
