//! Platforms as containerd reads them: `linux/amd64`, `arm64`, `windows(10.0.17763)/amd64`.

/// An operating system and a processor, under the names that containerd settles on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) os: String,
    pub(super) arch: String,
}

const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

const PROCESSORS: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Reads a platform; what one word leaves open is the builder's: `linux`, or `default_arch`.
pub(super) fn parse(text: &str, default_arch: &str) -> Option<Parsed> {
    let parts: Vec<&str> = text.split('/').collect();
    let (first, rest) = parts.split_first()?;
    let os = system(first)?;
    if !rest.iter().all(|part| is_component(part)) {
        return None;
    }
    match rest {
        [] if SYSTEMS.contains(&os.as_str()) => Some(Parsed { os, arch: default_arch.to_owned() }),
        [] => {
            let arch = processor(first);
            let known = PROCESSORS.contains(&arch.as_str());
            known.then(|| Parsed { os: "linux".to_owned(), arch })
        }
        [arch] | [arch, _] => Some(Parsed { os, arch: processor(arch) }),
        _ => None,
    }
}

/// The system before its version and features.
fn system(part: &str) -> Option<String> {
    let name = match part.split_once('(') {
        Some((name, options)) => {
            let known = |b: u8| b.is_ascii_alphanumeric() || b"_.%+-".contains(&b);
            name_of(name)
                .filter(|_| options.strip_suffix(')').is_some_and(|o| o.bytes().all(known)))
        }
        None => name_of(part),
    };
    let lower = name?.to_ascii_lowercase();
    Some(if lower == "macos" { "darwin".to_owned() } else { lower })
}

fn name_of(name: &str) -> Option<&str> {
    let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    Some(name).filter(|name| valid && !name.is_empty())
}

fn is_component(part: &str) -> bool {
    let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    !part.is_empty() && part.bytes().all(valid)
}

fn processor(part: &str) -> String {
    let lower = part.to_ascii_lowercase();
    match lower.as_str() {
        "i386" => "386",
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "armhf" | "armel" => "arm",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_get_their_settled_names() {
        let check = |text: &str, os: &str, arch: &str| {
            let expected = Parsed { os: os.to_owned(), arch: arch.to_owned() };
            assert_eq!(parse(text, "amd64"), Some(expected), "{text}");
        };
        check("linux/amd64", "linux", "amd64");
        check("Linux/x86_64", "linux", "amd64");
        check("linux/arm/v7", "linux", "arm");
        check("aarch64", "linux", "arm64");
        check("macos", "darwin", "amd64");
        check("windows(10.0.17763)/amd64", "windows", "amd64");
        for bad in ["", "foo", "linux/", "a/b/c/d", "a.b/c", "windows(1/amd64", "linux/{{x"] {
            assert_eq!(parse(bad, "amd64"), None, "{bad}");
        }
    }
}
