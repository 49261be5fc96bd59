//! What a registry asks of those who are not logged in: the header `WWW-Authenticate`.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token of this service.
    Bearer {
        /// Where the service answers.
        realm: String,
        /// What it calls the registry.
        service: Option<String>,
    },
    /// Name and password with each request.
    Basic,
}

/// The first way that we know; a token before a password.
pub(super) fn read(headers: &HeaderMap) -> Option<Challenge> {
    let lines = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let all: Vec<_> = lines.flat_map(schemes).collect();
    let token = all.iter().find_map(|scheme| {
        let realm = scheme.parameter("realm")?;
        let service = scheme.parameter("service");
        scheme.is("bearer").then_some(Challenge::Bearer { realm, service })
    });
    token.or_else(|| all.iter().any(|scheme| scheme.is("basic")).then_some(Challenge::Basic))
}

struct Scheme<'a> {
    name: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Scheme<'_> {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let named = |(key, _): &&(&str, String)| key.eq_ignore_ascii_case(name);
        self.parameters.iter().find(named).map(|(_, value)| value.clone())
    }
}

/// Takes `Basic realm="a", Bearer realm="b",service="c"` apart. A word that no `=` follows begins
/// a scheme; what is malformed ends the list.
fn schemes(line: &str) -> Vec<Scheme<'_>> {
    let mut all: Vec<Scheme<'_>> = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return all;
        }
        match (after.trim_start().strip_prefix('='), all.last_mut()) {
            (Some(value), Some(scheme)) => {
                let Some((value, after)) = value_of(value.trim_start()) else { return all };
                scheme.parameters.push((word, value));
                rest = after;
            }
            (Some(_), None) => return all,
            (None, _) => {
                all.push(Scheme { name: word, parameters: Vec::new() });
                rest = after;
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// A value, quoted or not, and what comes after it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn check(lines: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(line));
        }
        read(&headers)
    }

    fn bearer(realm: &str, service: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer { realm: realm.into(), service: service.map(str::to_owned) })
    }

    #[test]
    fn a_token_service_is_found_among_others() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        assert_eq!(
            check(&[hub]),
            bearer("https://auth.docker.io/token", Some("registry.docker.io"))
        );
        assert_eq!(check(&[r#"Basic realm="x", bearer REALM = "y" "#]), bearer("y", None));
        assert_eq!(
            check(&["Negotiate", "Basic realm=x", "Bearer realm=y,service=z"]),
            bearer("y", Some("z"))
        );
        assert_eq!(check(&[r#"Bearer realm="a\"b,c""#]), bearer("a\"b,c", None));
    }

    #[test]
    fn a_password_is_the_second_choice() {
        assert_eq!(check(&["Basic realm=\"Registry\""]), Some(Challenge::Basic));
        assert_eq!(check(&["Bearer service=\"x\"", "basic"]), Some(Challenge::Basic));
    }

    #[test]
    fn what_is_malformed_asks_for_nothing() {
        for line in [
            "",
            ",,,",
            "=x",
            "\"Bearer\" realm=\"x\"",
            "Bearer realm=\"open",
            "Digest realm=\"x\"",
            "Bearer realm=\"a\\",
        ] {
            assert_eq!(check(&[line]), None, "{line}");
        }
    }
}
