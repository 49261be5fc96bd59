//! Any text gives documents; every node's text maps back into the source.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::Span;
use plimsoll_syntax::yaml::{Node, parse};

fn walk(node: Node<'_>, source: &str, depth: usize, budget: &mut usize) {
    if depth > 4 || *budget == 0 {
        return;
    }
    *budget -= 1;
    assert!(source.get(node.span().range()).is_some());
    let cooked = node.cooked();
    let end = cooked.text().len();
    assert!(cooked.source_span(Span::new(0, end)).end as usize <= source.len());
    for (key, value) in node.entries() {
        walk(key, source, depth + 1, budget);
        walk(value, source, depth + 1, budget);
    }
    for item in node.items() {
        walk(item, source, depth + 1, budget);
    }
}

fuzz_target!(|text: &str| {
    let yaml = parse(text);
    let mut budget = 2_000;
    for document in yaml.documents() {
        walk(document, text, 0, &mut budget);
    }
});
