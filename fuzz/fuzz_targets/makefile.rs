//! Any text is a Makefile whose recipes end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::makefile::Makefile;

fuzz_target!(|text: &str| {
    let makefile = Makefile::parse(text);
    for line in makefile.recipes(&["all".to_owned(), "build".to_owned()]) {
        plimsoll_syntax::shell::parse(line.text());
    }
});
