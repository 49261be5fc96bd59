//! Any text resolves; pieces cover it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::expression::{Piece, references, resolve, template};

fuzz_target!(|text: &str| {
    let covered: usize = template(text)
        .iter()
        .map(|p| match p {
            Piece::Literal(span) | Piece::Expression { span, .. } => span.text(text).len(),
        })
        .sum();
    assert_eq!(covered, text.len());
    references(text);
    let _ = resolve(text, &|path| path.starts_with("env.").then(|| "x".to_owned()));
});
