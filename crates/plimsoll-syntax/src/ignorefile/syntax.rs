//! The syntax check that moby makes of each pattern, which is Go's `filepath.Match`.

/// Whether Go's `filepath.Match` accepts the pattern.
pub(super) fn is_well_formed(pattern: &str) -> bool {
    let mut rest = pattern;
    while !rest.is_empty() {
        let (chunk, after) = split_chunk(rest.trim_start_matches('*'));
        if !chunk_is_well_formed(chunk) {
            return false;
        }
        rest = after;
    }
    true
}

/// Cuts off what stands before the next `*` outside a class.
fn split_chunk(pattern: &str) -> (&str, &str) {
    let mut in_class = false;
    let mut bytes = pattern.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' if !in_class => return pattern.split_at(at),
            _ => {}
        }
    }
    (pattern, "")
}

fn chunk_is_well_formed(chunk: &str) -> bool {
    let mut rest = chunk.chars();
    while let Some(next) = rest.next() {
        match next {
            '[' => match after_class(rest.as_str()) {
                Some(after) => rest = after.chars(),
                None => return false,
            },
            '\\' if rest.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

/// What follows a class whose `[` has been read; none where the class is malformed.
fn after_class(text: &str) -> Option<&str> {
    let mut rest = text.strip_prefix('^').unwrap_or(text);
    let mut ranges = 0;
    loop {
        if let Some(after) = rest.strip_prefix(']').filter(|_| ranges > 0) {
            return Some(after);
        }
        rest = after_member(rest)?;
        if let Some(high) = rest.strip_prefix('-') {
            rest = after_member(high)?;
        }
        ranges += 1;
    }
}

/// What follows one member of a class; something must.
fn after_member(text: &str) -> Option<&str> {
    if text.starts_with(['-', ']']) {
        return None;
    }
    let mut rest = text.strip_prefix('\\').unwrap_or(text).chars();
    rest.next()?;
    Some(rest.as_str()).filter(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_checked_wherever_they_stand() {
        for good in ["a", "[a]", "[^a-z]", "*[a]*", "[\\]]", "[z-a]", "a]", "[*]"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["[", "[]a]", "[a-]", "[-a]", "a\\", "b*[a", "[^]", "[a-b-c]"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
