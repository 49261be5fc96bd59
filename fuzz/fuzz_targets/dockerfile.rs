//! Any text gives a tree, stages, values and warnings; spans stay inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::dockerfile::{Inputs, dump, evaluate, lint::lint, parse, stages};

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
    for warning in lint(text, &program, &Inputs::default(), &[]).warnings {
        assert!(text.get(warning.span.range()).is_some());
    }
});
