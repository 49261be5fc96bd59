//! Names and values of secrets.

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn names_secret(name: &str) -> bool {
    const ENDS: [&str; 13] = [
        "password",
        "passwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "private_key",
        "access_key",
        "secret_key",
        "credentials",
        "auth_key",
        "signing_key",
        "encryption_key",
    ];
    let lower = name.to_ascii_lowercase();
    ENDS.iter().any(|end| lower == *end || lower.ends_with(&format!("_{end}")))
        && !lower.contains("public")
}

/// Whether a value only stands in for a secret, or is none.
#[must_use]
pub fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 16] = [
        "changeme",
        "change-me",
        "change_me",
        "example",
        "dummy",
        "placeholder",
        "todo",
        "none",
        "null",
        "test",
        "secret",
        "password",
        "build",
        "fake",
        "false",
        "true",
    ];
    let bare = value.trim_matches(['"', '\'']).to_ascii_lowercase();
    let words = || bare.split(|c: char| !c.is_ascii_alphanumeric());
    bare.len() < 6
        || bare.contains(['$', '<', '*'])
        || bare.starts_with("your")
        || bare.chars().all(|c| c == 'x')
        || words().any(|w| WORDS.contains(&w))
        || WORDS.contains(&bare.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_their_files_and_placeholders() {
        assert!(names_secret("DB_PASSWORD") && names_secret("API_KEY") && names_secret("token"));
        assert!(
            !names_secret("PASSWORD_FILE")
                && !names_secret("TOKEN_URL")
                && !names_secret("KEYCLOAK")
                && !names_secret("PUBLIC_API_KEY")
        );
        assert!(
            is_placeholder("changeme")
                && is_placeholder("${X}")
                && is_placeholder("<token>")
                && is_placeholder("your-key-here")
                && is_placeholder("")
        );
        assert!(!is_placeholder("sk_live_51H8xqk2eZvKYlo2C"));
    }
}
