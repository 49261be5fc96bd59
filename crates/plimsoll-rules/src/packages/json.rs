//! Whether a text is JSON. Manifests are read with the YAML reader, which keeps places and
//! takes most of JSON; what it refuses may still be JSON.

/// Whether a text is one JSON value, a byte order mark before it left aside.
#[must_use]
pub(crate) fn is_json(text: &str) -> bool {
    let bytes = text.trim_start_matches('\u{feff}').as_bytes();
    let mut at = 0;
    // What is open: `true` for an object. No recursion: a stranger chooses the depth.
    let mut open: Vec<bool> = Vec::new();
    loop {
        at = space(bytes, at);
        let value = match bytes.get(at) {
            Some(b'{' | b'[') => {
                let object = bytes[at] == b'{';
                let close = if object { b'}' } else { b']' };
                at = space(bytes, at + 1);
                if bytes.get(at) == Some(&close) {
                    Some(at + 1)
                } else {
                    open.push(object);
                    match if object { key(bytes, at) } else { Some(at) } {
                        Some(next) => at = next,
                        None => return false,
                    }
                    continue;
                }
            }
            _ => scalar(bytes, at),
        };
        let Some(mut after) = value.map(|v| space(bytes, v)) else { return false };
        loop {
            let Some(object) = open.last().copied() else { return after == bytes.len() };
            match (bytes.get(after), object) {
                (Some(b','), true) => match key(bytes, space(bytes, after + 1)) {
                    Some(next) => at = next,
                    None => return false,
                },
                (Some(b','), false) => at = after + 1,
                (Some(b'}'), true) | (Some(b']'), false) => {
                    open.pop();
                    after = space(bytes, after + 1);
                    continue;
                }
                _ => return false,
            }
            break;
        }
    }
}

fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// A key and its colon: where the value begins.
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    let after = space(bytes, string(bytes, at)?);
    (bytes.get(after) == Some(&b':')).then_some(after + 1)
}

fn string(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            0..=0x1f => return None,
            _ => at += 1,
        }
    }
}

/// A string, number or word.
fn scalar(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'"') {
        return string(bytes, at);
    }
    let rest = bytes.get(at..)?;
    if let Some(word) = [&b"true"[..], b"false", b"null"].iter().find(|w| rest.starts_with(w)) {
        return Some(at + word.len());
    }
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    let length = rest.iter().take_while(|b| number(b)).count();
    (length > 0).then_some(at + length)
}

#[cfg(test)]
mod tests {
    use super::is_json;

    #[test]
    fn json_is_told_from_what_is_almost() {
        for text in [
            "{}",
            " [1, -2.5e3, true, null, \"\\ud83d\"]\n",
            "\u{feff}{\t\"a\":{\"b\":[{}]},\n\t\"c\":[]}",
            "\"x\"",
        ] {
            assert!(is_json(text), "{text}");
        }
        for text in
            ["", "{", "{\"a\":1,}", "[1,]", "{a:1}", "[}", "{} x", "<<<<<<< HEAD\n{}", "\"\\"]
        {
            assert!(!is_json(text), "{text}");
        }
        assert!(!is_json(&"[".repeat(1_000_000)));
    }
}
