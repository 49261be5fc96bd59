//! The comments above an instruction, as BuildKit gathers them: blank lines do not end them, an
//! empty comment does, and those inside continued lines are none.

use crate::dockerfile::{Comment, Directive, Dockerfile};

pub(super) fn above(source: &str, file: &Dockerfile) -> Vec<Vec<String>> {
    let mut comments = file.comments.iter().peekable();
    let mut found = Vec::with_capacity(file.nodes.len());
    for node in &file.nodes {
        let mut above = Vec::new();
        while let Some(comment) = comments.next_if(|c| c.span.start < node.span.start) {
            add(&mut above, source, file, comment);
        }
        while comments.next_if(|c| c.span.start < node.span.end).is_some() {}
        found.push(above);
    }
    found
}

fn add(above: &mut Vec<String>, source: &str, file: &Dockerfile, comment: &Comment) {
    let before = source.get(..comment.span.start as usize).unwrap_or("");
    // BuildKit cuts one byte off whatever it is: of an indented comment the `#` remains.
    let text =
        if starts_line(before) { comment.text.as_str() } else { comment.span.text(source).trim() };
    if text.is_empty() {
        above.clear();
    } else if !is_directive(source, file, comment) {
        above.push(text.to_owned());
    }
}

/// Whether what stands here begins a line.
pub(super) fn starts_line(before: &str) -> bool {
    before.is_empty() || before == "\u{feff}" || before.ends_with('\n')
}

fn is_directive(source: &str, file: &Dockerfile, comment: &Comment) -> bool {
    // Below a `#!` line only the frontend looks for directives: to the parser they are comments.
    let text = source.trim_start_matches('\u{feff}');
    let mut directives = directives(file);
    !text.starts_with("#!") && directives.any(|found| found.span.end == comment.span.end)
}

pub(super) fn directives(file: &Dockerfile) -> impl Iterator<Item = &Directive> {
    let all = &file.directives;
    [&all.syntax, &all.escape, &all.check].into_iter().flatten()
}
