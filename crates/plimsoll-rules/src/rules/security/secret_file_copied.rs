//! COPY of a file that holds a secret.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::FromRef;

use crate::discover::paths::{folder, join};
use crate::repo::{DockerfileView, SourceView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::images;
use crate::views::{is_secret_name, shipped};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-file-copied",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no file of secrets is copied into the image",
    aliases: &[],
    page: include_str!("secret_file_copied.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in shipped(review, file) {
        for (_, copy) in stage.copies() {
            if matches!(copy.from, Some((_, FromRef::Image | FromRef::Invalid))) {
                continue;
            }
            out.examined();
            for source in copy.sources.iter().filter(|s| s.known) {
                look(review, file, source, out);
            }
        }
    }
}

fn look(review: &Review<'_>, file: &DockerfileView, source: &SourceView, out: &mut Out) {
    let path = source.path.value.as_str();
    if path.contains("://") {
        return;
    }
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    let Some(kind) = kind(name) else { return };
    let beside = join(folder(&file.path), path);
    let texts = [Some(path.to_owned()), beside];
    let text = texts.iter().flatten().find_map(|p| review.sources.text(p));
    if text.is_some_and(|t| !kind.is_in(t)) {
        return;
    }
    let layer = "it stays in its layer, even if a later step removes it";
    let message = format!("{path} is copied into the image: {}", kind.says());
    let draft = out.finding(&source.path.at, message);
    draft
        .label("a file of secrets")
        .evidence(layer)
        .consequence("whoever can pull the image has it")
        .remedy(format!(
            "name {name} in .dockerignore; mount it at run time, or in one RUN with \
             --mount=type=secret"
        ));
    images(review, file, &source.path.at).quote(draft, |image| {
        let same = |path: &str| path.rsplit('/').next() == Some(name);
        let found = image.secrets.iter().find(|s| s.layer.is_some() && same(&s.path))?;
        Some(format!("has it at /{}: {}", found.path, found.what))
    });
}

#[derive(Clone, Copy)]
enum Kind {
    Environment,
    Key,
    Credentials,
}

impl Kind {
    fn says(self) -> &'static str {
        match self {
            Self::Environment => "it holds environment variables",
            Self::Key => "it is a private key",
            Self::Credentials => "it holds credentials",
        }
    }

    /// Whether the text of such a file holds a secret after all.
    fn is_in(self, text: &str) -> bool {
        match self {
            Self::Environment => text.lines().any(|line| {
                let line = line.trim_start().trim_start_matches("export ");
                let pair = line.split_once('=').filter(|_| !line.starts_with('#'));
                pair.is_some_and(|(name, value)| {
                    let url = value.contains("://") && value.contains('@');
                    !value.trim().is_empty() && (is_secret_name(name.trim()) || url)
                })
            }),
            Self::Key => text.contains("PRIVATE KEY"),
            Self::Credentials => {
                ["private_key", "secret", "token", "password"].iter().any(|w| text.contains(w))
            }
        }
    }
}

fn kind(name: &str) -> Option<Kind> {
    let lower = name.to_ascii_lowercase();
    let harmless = ["pub", "example", "sample", "template", "schema", "test", "dummy"];
    if lower.contains(['*', '?', '[']) || harmless.iter().any(|h| lower.contains(h)) {
        return None;
    }
    let (stem, end) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    let service_account =
        ["service-account", "service_account", "serviceaccount"].iter().any(|s| stem.contains(s));
    match end {
        "env" if stem.is_empty() => Some(Kind::Environment),
        "pem" if stem.contains("key") || stem.contains("private") => Some(Kind::Key),
        "json" if stem == "credentials" || service_account => Some(Kind::Credentials),
        "netrc" | "pypirc" | "git-credentials" if stem.is_empty() => Some(Kind::Credentials),
        "" if matches!(lower.as_str(), "id_rsa" | "id_ed25519" | "id_ecdsa" | "id_dsa") => {
            Some(Kind::Key)
        }
        _ => None,
    }
}
