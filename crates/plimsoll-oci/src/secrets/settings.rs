//! Secrets in files of settings: whose names say what is in them.

use super::{Hit, line_of};

/// Finds them in a file.
pub(super) fn search(path: &str, bytes: &[u8]) -> Vec<Hit> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Ok(text) = std::str::from_utf8(bytes) else { return Vec::new() };
    let lines = |what, certain, is: fn(&str) -> bool| -> Vec<Hit> {
        let hit =
            |at: usize| Hit { what, line: u32::try_from(at + 1).unwrap_or(u32::MAX), certain };
        text.lines().enumerate().filter(|(_, line)| is(line)).map(|(at, _)| hit(at)).collect()
    };
    match name {
        ".npmrc" => lines("npm credentials", true, |line| value_after(line, "_authToken=")),
        ".pypirc" => lines("PyPI credentials", true, |line| {
            let value = line.trim_start().strip_prefix("password").map(str::trim_start);
            value.and_then(|v| v.strip_prefix([':', '='])).is_some_and(is_value)
        }),
        ".netrc" | "_netrc" => {
            lines("credentials of machines", true, |line| value_after(line, "password "))
        }
        ".git-credentials" => lines("git credentials", true, has_url_password),
        ".dockercfg" | "config.json"
            if name == ".dockercfg" || path.ends_with(".docker/config.json") =>
        {
            let at = text.find("\"auth\"").filter(|at| is_auth(&text[*at..]));
            let hit =
                |at| Hit { what: "registry credentials", line: line_of(bytes, at), certain: true };
            at.map(hit).into_iter().collect()
        }
        "credentials" if path.ends_with(".aws/credentials") => {
            lines("AWS credentials", true, |line| {
                let value = line.trim_start().strip_prefix("aws_secret_access_key");
                value.and_then(|v| v.trim_start().strip_prefix('=')).is_some_and(is_value)
            })
        }
        _ if is_env(name) => lines("a setting that is named as a secret", false, is_secret_setting),
        _ => Vec::new(),
    }
}

/// `.env`, `.env.production`; not `.env.example`.
fn is_env(name: &str) -> bool {
    const HARMLESS: [&str; 6] = ["example", "sample", "template", "dist", "test", "defaults"];
    let rest = name.strip_prefix(".env");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        && !HARMLESS.iter().any(|word| name.contains(word))
}

fn value_after(line: &str, key: &str) -> bool {
    line.split_once(key).is_some_and(|(_, value)| is_value(value))
}

/// A value that stands there, rather than the name of a variable.
fn is_value(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    value.len() >= 8 && !value.starts_with(['$', '<', '%', '{']) && !is_placeholder(value)
}

fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 8] =
        ["changeme", "change-me", "change_me", "example", "placeholder", "your", "xxxx", "todo"];
    let lower = value.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

fn has_url_password(line: &str) -> bool {
    let Some((_, rest)) = line.split_once("://") else { return false };
    let user = rest.split_once('@').and_then(|(user, _)| user.split_once(':'));
    user.is_some_and(|(_, password)| is_value(password))
}

/// `"auth": "dXNlcjpwYXNz"`.
fn is_auth(text: &str) -> bool {
    let value = text.split_once(':').map(|(_, rest)| rest.trim_start());
    let value = value.and_then(|rest| rest.strip_prefix('"')).and_then(|v| v.split('"').next());
    value.is_some_and(|value| value.len() >= 8)
}

/// `STRIPE_SECRET_KEY=…`, where the value is not one that anybody types.
fn is_secret_setting(line: &str) -> bool {
    const NAMES: [&str; 7] =
        ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "PRIVATE_KEY", "API_KEY", "APIKEY"];
    let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
    let Some((key, value)) = line.split_once('=') else { return false };
    let key = key.trim().to_ascii_uppercase();
    let named = NAMES.iter().any(|name| key.ends_with(name)) && !key.contains("PUBLIC");
    named && !key.starts_with('#') && is_value(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, wanted: &[u32]) {
        let hits: Vec<u32> = search(path, text.as_bytes()).iter().map(|hit| hit.line).collect();
        assert_eq!(hits, wanted, "{path}: {text}");
    }

    #[test]
    fn files_whose_names_say_what_is_in_them() {
        check("root/.npmrc", "a=b\n//r/:_authToken=0123456789ab\n", &[2]);
        check("root/.npmrc", "//r/:_authToken=${NPM_TOKEN}\n", &[]);
        check("root/.netrc", "machine a login b password hunter2-hunter2\n", &[1]);
        check("root/.git-credentials", "https://me:0123456789@example.org\n", &[1]);
        check(
            "root/.docker/config.json",
            "{\"auths\": {\"r\": {\"auth\": \"dXNlcjpwYXNz\"}}}",
            &[1],
        );
        check("root/.docker/config.json", "{\"auths\": {}}", &[]);
        check("app/config.json", "{\"auth\": \"dXNlcjpwYXNz\"}", &[]);
        check("app/.env", "A=1\nDB_PASSWORD=0f8a7c6b5d\nPUBLIC_TOKEN=0123456789\n", &[2]);
        check("app/.env.example", "DB_PASSWORD=0f8a7c6b5d\n", &[]);
        check("app/.env", "DB_PASSWORD=changeme-now\n#API_KEY=0123456789\n", &[]);
    }
}
