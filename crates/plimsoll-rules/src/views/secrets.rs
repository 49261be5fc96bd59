//! Names and values that are secrets.

/// Whether the name of a variable says that its value is a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    const ENDS: [&str; 15] = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "TOKEN",
        "SECRET",
        "APIKEY",
        "API_KEY",
        "SECRET_KEY",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "ENCRYPTION_KEY",
        "LICENSE_KEY",
        "AUTH_KEY",
        "MASTER_KEY",
        "JWT_KEY",
    ];
    let name = name.to_ascii_uppercase();
    let ends = |end: &str| {
        name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    !is_public_name(&name) && ENDS.iter().any(|end| ends(end))
}

/// Whether the name of a variable says that anyone may read its value, or that it only tells
/// where the secret is.
#[must_use]
pub fn is_public_name(name: &str) -> bool {
    const STARTS: [&str; 7] = [
        "NEXT_PUBLIC_",
        "VITE_",
        "REACT_APP_",
        "NUXT_PUBLIC_",
        "PUBLIC_",
        "EXPO_PUBLIC_",
        "VUE_APP_",
    ];
    const ENDS: [&str; 12] = [
        "_FILE",
        "_PATH",
        "_DIR",
        "_URL",
        "_URI",
        "_HOST",
        "_NAME",
        "_REGION",
        "_DSN",
        "PUBLIC_KEY",
        "_VERSION",
        "_ENV",
    ];
    let name = name.to_ascii_uppercase();
    STARTS.iter().any(|s| name.starts_with(s))
        || ENDS.iter().any(|e| name.ends_with(e))
        || name.contains("PUBLISHABLE")
}

/// What a literal value of a secret's name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Nothing to keep: empty, a path, a number, a word that stands for a secret.
    Placeholder,
    /// A word.
    Word,
    /// Letters and digits: what is generated, or chosen as a password.
    Secret,
}

/// Tells what a literal value is. A value with a variable is a placeholder.
#[must_use]
pub fn literal(value: &str) -> Literal {
    const STAND_INS: [&str; 26] = [
        "change",
        "dummy",
        "example",
        "placeholder",
        "your",
        "xxx",
        "fake",
        "build",
        "test",
        "insecure",
        "replace",
        "todo",
        "none",
        "null",
        "unset",
        "unused",
        "not-",
        "not_",
        "dev",
        "local",
        "default",
        "sample",
        "temp",
        "redacted",
        "***",
        "undefined",
    ];
    let value = value.trim().trim_matches(['"', '\'']);
    let lower = value.to_ascii_lowercase();
    let plain = value.len() < 4
        || value.contains(['$', '<', '>', '{', '}', ' '])
        || value.contains("://")
        || value.starts_with(['/', '.', '~'])
        || value.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        || matches!(lower.as_str(), "true" | "false" | "secret" | "password" | "token")
        || STAND_INS.iter().any(|s| lower.contains(s));
    if plain {
        return Literal::Placeholder;
    }
    let digits = value.bytes().any(|b| b.is_ascii_digit());
    let letters = value.bytes().any(|b| b.is_ascii_alphabetic());
    if digits && letters && value.len() >= 8 { Literal::Secret } else { Literal::Word }
}
