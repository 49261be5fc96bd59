//! Any text is a script; spans stay inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::shell::{Takes, parse};

fuzz_target!(|text: &str| {
    let script = parse(text);
    for command in &script.commands {
        assert!(text.get(command.span.range()).is_some());
        for word in &command.words {
            assert!(text.get(word.span.range()).is_some());
            let _ = word.resolve(&|_| None);
        }
    }
    for call in script.invocations() {
        let args = call.parse(Takes::These(&["-t", "--tag"]));
        assert!(args.flags.len() + args.positional.len() <= call.args.len());
    }
});
