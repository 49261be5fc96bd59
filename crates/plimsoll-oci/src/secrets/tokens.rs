//! Keys and tokens that services give, each with a form of its own.

use std::sync::OnceLock;

use aho_corasick::packed::Searcher;
use aho_corasick::{AhoCorasick, Match};

use super::checksum::ends_in_crc;
use super::{Hit, line_of};

/// A form of secrets: how it begins, and what follows.
struct Form {
    begins: &'static str,
    what: &'static str,
    /// How many bytes of `letters` follow, at least and at most.
    least: usize,
    most: usize,
    letters: fn(u8) -> bool,
    /// What else must be true of the bytes that follow.
    holds: fn(&[u8]) -> bool,
}

const fn form(
    begins: &'static str,
    what: &'static str,
    (least, most): (usize, usize),
    letters: fn(u8) -> bool,
) -> Form {
    Form { begins, what, least, most, letters, holds: |_| true }
}

const fn checked(begins: &'static str, what: &'static str) -> Form {
    Form { begins, what, least: 36, most: 36, letters: alphanumeric, holds: ends_in_crc }
}

const KEY: &str = "private key";

const FORMS: [Form; 31] = [
    private_key("-----BEGIN PRIVATE KEY-----"),
    private_key("-----BEGIN RSA PRIVATE KEY-----"),
    private_key("-----BEGIN EC PRIVATE KEY-----"),
    private_key("-----BEGIN DSA PRIVATE KEY-----"),
    private_key("-----BEGIN OPENSSH PRIVATE KEY-----"),
    private_key("-----BEGIN PGP PRIVATE KEY BLOCK-----"),
    aws("AKIA"),
    aws("ASIA"),
    checked("ghp_", "GitHub token"),
    checked("gho_", "GitHub token"),
    checked("ghu_", "GitHub token"),
    checked("ghs_", "GitHub token"),
    checked("ghr_", "GitHub token"),
    checked("npm_", "npm token"),
    form("github_pat_", "GitHub token", (82, 82), word),
    form("glpat-", "GitLab token", (20, 320), dashed),
    form("pypi-AgEIcHlwaS5vcmc", "PyPI token", (50, 1000), dashed),
    form("AIza", "Google API key", (35, 35), dashed),
    form("GOCSPX-", "Google client secret", (28, 28), dashed),
    form("sk_live_", "Stripe key", (24, 250), alphanumeric),
    form("rk_live_", "Stripe key", (24, 250), alphanumeric),
    form("xoxb-", "Slack token", (40, 250), dashed),
    form("xoxp-", "Slack token", (40, 250), dashed),
    form("sk-ant-api03-", "Anthropic API key", (80, 120), dashed),
    form("sk-proj-", "OpenAI API key", (40, 250), dashed),
    form("SG.", "SendGrid key", (66, 66), |b| dashed(b) || b == b'.'),
    form("dckr_pat_", "Docker Hub token", (27, 27), dashed),
    form("hvs.", "Vault token", (90, 250), dashed),
    form("dop_v1_", "DigitalOcean token", (64, 64), |b| b.is_ascii_hexdigit()),
    form("shpat_", "Shopify token", (32, 32), |b| b.is_ascii_hexdigit()),
    form("hf_", "Hugging Face token", (34, 34), |b| b.is_ascii_alphabetic()),
];

const fn private_key(begins: &'static str) -> Form {
    Form { begins, what: KEY, least: 0, most: 0, letters: |_| false, holds: is_key }
}

const fn aws(begins: &'static str) -> Form {
    let letters = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    // The examples of the documentation end so.
    let holds = |body: &[u8]| !body.ends_with(b"EXAMPLE");
    Form { begins, what: "AWS access key", least: 16, most: 16, letters, holds }
}

fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn dashed(byte: u8) -> bool {
    word(byte) || byte == b'-'
}

/// Whether the lines of a key follow; a test for keys and a placeholder have none.
fn is_key(rest: &[u8]) -> bool {
    let end = rest.windows(5).position(|w| w == b"-----").unwrap_or(rest.len().min(4096));
    // Within a text of JSON or a program, lines end in `\n`.
    let body = String::from_utf8_lossy(&rest[..end]).replace("\\n", "\n");
    let lines = body.lines().map(str::trim).filter(|line| !line.contains(':'));
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let is_data = |line: &&str| line.len() >= 16 && line.chars().all(base64);
    lines.filter(is_data).map(str::len).sum::<usize>() >= 64
}

/// Finds them in a text.
pub(super) fn search(bytes: &[u8]) -> Vec<Hit> {
    static SEARCHER: OnceLock<Option<Searcher>> = OnceLock::new();
    // Many megabytes are searched, so with the processor's wide registers.
    let searcher = SEARCHER.get_or_init(|| Searcher::new(FORMS.iter().map(|form| form.begins)));
    let Some(searcher) = searcher else { return slowly(bytes) };
    hits(bytes, searcher.find_iter(bytes))
}

/// The same on a processor without them.
fn slowly(bytes: &[u8]) -> Vec<Hit> {
    static MACHINE: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    // These few words always make a machine.
    let machine = MACHINE.get_or_init(|| AhoCorasick::new(FORMS.iter().map(|f| f.begins)).ok());
    machine.as_ref().map_or_else(Vec::new, |machine| hits(bytes, machine.find_iter(bytes)))
}

fn hits(bytes: &[u8], found: impl Iterator<Item = Match>) -> Vec<Hit> {
    let found = found.filter(|found| {
        let form = &FORMS[found.pattern().as_usize()];
        let inside = bytes[..found.start()].last().is_some_and(|byte| alphanumeric(*byte));
        (!inside || form.what == KEY) && form.fits(&bytes[found.end()..])
    });
    let hit = |found: Match| Hit {
        what: FORMS[found.pattern().as_usize()].what,
        line: line_of(bytes, found.start()),
        certain: true,
    };
    found.take(super::MOST_HITS).map(hit).collect()
}

impl Form {
    fn fits(&self, rest: &[u8]) -> bool {
        let body = rest.iter().take(self.most + 1).take_while(|byte| (self.letters)(**byte));
        let length = body.count();
        if length < self.least || length > self.most {
            return false;
        }
        let body = &rest[..length];
        // `xxxx…` and `1234…` in an example are no token.
        let placeholder = self.least > 0 && different(body) < 6;
        !placeholder && (self.holds)(if self.most == 0 { rest } else { body })
    }
}

/// How many different bytes there are.
fn different(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::super::checksum::tests::made_up;
    use super::*;

    fn check(text: &str, wanted: &str) {
        let hits = search(text.as_bytes());
        let said = hits.iter().map(|hit| format!("{}:{}", hit.line, hit.what));
        assert_eq!(said.collect::<Vec<_>>().join(" "), wanted, "{text}");
    }

    #[test]
    fn tokens_are_told_from_what_looks_like_them() {
        let github = made_up("ghp_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1");
        check(&format!("a=1\ntoken={github}\n"), "2:GitHub token");
        check(&github.replace("aB3", "aB4"), "");
        check(&format!("x{github}"), "");
        check("AKIAIOSFODNN7EXAMPLE", "");
        check(&["AKIA", "2OGYBAH6STMMNXQ7"].concat(), "1:AWS access key");
        check(&["AKIA", "2OGYBAH6STMMNXQ7A"].concat(), "");
        check(&format!("sk_live_{}", "x".repeat(30)), "");
        check(&["AIza", "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"].concat(), "1:Google API key");
    }

    #[test]
    fn both_ways_to_search_find_the_same() {
        let text: String = FORMS.iter().map(|form| format!("x {} y\n", form.begins)).collect();
        let text = format!("{text}{}\n", made_up("npm_", "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1"));
        assert_eq!(search(text.as_bytes()), slowly(text.as_bytes()));
        assert_eq!(search(text.as_bytes()).len(), 1);
    }

    #[test]
    fn a_key_has_lines() {
        let lines = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(3);
        let key = format!("-----BEGIN PRIVATE KEY-----\n{lines}-----END PRIVATE KEY-----\n");
        check(&key, "1:private key");
        check(&format!("{{\"private_key\": \"{}\"}}", key.replace('\n', "\\n")), "1:private key");
        check("if text.startswith('-----BEGIN PRIVATE KEY-----'):", "");
        check("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "");
    }
}
