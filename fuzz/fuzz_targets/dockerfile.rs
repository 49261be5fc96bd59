//! Any text gives a tree, stages and values; spans stay inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::dockerfile::{dump, evaluate, parse, stages, Inputs};

fuzz_target!(|text: &str| {
    let file = parse(text);
    for node in &file.nodes {
        assert!(text.get(node.span.range()).is_some());
        for word in &node.args {
            assert!(text.get(word.span.range()).is_some());
        }
    }
    dump(&file);
    let program = stages(&file);
    let values = evaluate(&program, &Inputs::default());
    values.reachable(&program, None);
});
