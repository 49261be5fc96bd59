//! Any ignore file and path give an answer; a folder that may be pruned holds nothing that is kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_syntax::ignorefile::{IgnoreFile, Matcher, ParentState};

fuzz_target!(|input: (&str, &str)| {
    let (text, path) = input;
    let file = IgnoreFile::parse(text);
    let Ok(matcher) = Matcher::new(&file.patterns) else { return };
    let _ = matcher.matches(path);
    let whole = matcher.matches_or_parent(path);
    // A walk, folder by folder, must say the same, and must not prune what is kept.
    let mut state = ParentState::default();
    let mut pruned = false;
    let clean = !path.is_empty() && path.split('/').all(|p| !p.is_empty() && p != "." && p != "..");
    if !clean {
        return;
    }
    let ends = path.match_indices('/').map(|(i, _)| i).chain([path.len()]);
    for end in ends {
        let Ok(next) = matcher.step(&path[..end], &state) else { return };
        if end < path.len() && next.decision().ignored && matcher.can_prune(&path[..end], &next) {
            pruned = true;
        }
        state = next;
    }
    if let Ok(ignored) = whole {
        assert_eq!(state.decision().ignored, ignored);
        assert!(!pruned || ignored, "a pruned folder held {path:?}");
    }
});
