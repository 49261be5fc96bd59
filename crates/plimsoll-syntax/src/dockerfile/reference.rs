//! Image references, as far as their form goes.

/// Whether a text has the form `[host/]path[:tag][@digest]`; paths are lower case, and 64
/// hexadecimal digits are an id.
pub(super) fn is_valid(text: &str) -> bool {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return false;
    }
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    let (name, tag) = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (name, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => path,
        _ => name,
    };
    name.len() <= 255 && path.split('/').all(is_component)
}

/// Whether the part before the first `/` names a registry, not a folder of Docker Hub.
fn is_host(host: &str) -> bool {
    let marked = host.contains(['.', ':']) || host == "localhost";
    let (labels, port) = host.rsplit_once(':').unwrap_or((host, "0"));
    let labelled = labels.split('.').all(|label| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    });
    let bracketed = host.starts_with('[');
    let shouted = host.bytes().any(|b| b.is_ascii_uppercase());
    let ported = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    (marked || shouted) && (bracketed || (labelled && ported))
}

/// Lower-case letters and digits, parted by `.`, `_`, `__` or dashes.
fn is_component(part: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends =
        part.bytes().next().is_some_and(plain) && part.bytes().next_back().is_some_and(plain);
    let gaps = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let parted = |gap: &str| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-');
    ends && gaps.into_iter().all(parted)
}

fn is_tag(tag: &str) -> bool {
    let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    (1..=128).contains(&tag.len()) && tag.bytes().all(valid) && !tag.starts_with(['.', '-'])
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn forms_of_references() {
        let digest = format!("a@sha256:{}", "0".repeat(64));
        for valid in [
            "alpine",
            "a/b__c:3.20",
            "gcr.io/x/y-z",
            "localhost:5000/a",
            &digest,
            "LOCALHOST/a",
            "ghcr.io/a/b:v1",
            "127.0.0.1:1/a",
        ] {
            assert!(is_valid(valid), "{valid}");
        }
        for invalid in [
            "",
            "Alpine",
            "BUG_stage",
            "gcr.io//a",
            "a:",
            "a@",
            "a:{{x",
            "a@sha256:0",
            "a b",
            "-a",
            "a/",
            "/a",
            "a___b",
        ] {
            assert!(!is_valid(invalid), "{invalid}");
        }
    }
}
