//! Secrets as plain variables of a deployment.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::expression::references;

use crate::discover::beside::is_sample;
use crate::discover::{Deploy, Platform};
use crate::repo::Fact;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deploy/secret-in-plain-env",
    section: Section::Deploy,
    level: Level::ShouldFix,
    assures: "secrets reach the service as secrets, not as plain variables",
    aliases: &[],
    page: include_str!("secret_in_plain_env.md"),
    check: Check::Deploy(check),
};

/// What the names of secrets end in.
const ENDS: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "SECRET_KEY",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "CREDENTIALS",
];

/// Names that hold one inside of a URL.
const URLS: [&str; 4] = ["DATABASE_URL", "DB_URL", "REDIS_URL", "CONNECTION_STRING"];

/// Values that stand for one that is to come.
const STAND_INS: [&str; 10] = [
    "change",
    "example",
    "placeholder",
    "dummy",
    "your",
    "xxx",
    "todo",
    "test",
    "none",
    "minio123",
];

fn check(review: &Review<'_>, deploy: &Deploy, out: &mut Out) {
    // A compose file is for a developer's machine.
    if deploy.platform == Platform::Compose || deploy.settings.env.is_empty() {
        return;
    }
    let env = &deploy.settings.env;
    let literal = env.iter().find(|(name, value)| is_literal(&name.value, &value.value));
    let passed = env.iter().find(|(name, value)| is_passed(&name.value, &value.value));
    match (literal, passed) {
        (Some((name, value)), _) => written(review, deploy, name, value, out),
        (None, Some((name, value))) => from_store(deploy, name, value, out),
        (None, None) => out.examined(),
    }
}

fn written(
    review: &Review<'_>,
    deploy: &Deploy,
    name: &Fact<String>,
    value: &Fact<String>,
    out: &mut Out,
) {
    if is_sample(&value.at.path) || is_placeholder(review, name, value) {
        out.finding(&value.at, format!("the value of `{}` is written out", name.value))
            .label("in a sample")
            .level(Level::Advice)
            .consequence("whoever starts from this file deploys a secret that everybody knows")
            .remedy(format!("refer to {}, so that the sample shows how", store(deploy)));
        return;
    }
    let local = matches!(deploy.environment.as_deref(), Some("development" | "test" | "preview"));
    out.finding(&value.at, format!("the value of `{}` is written out", name.value))
        .label("readable by everybody who can read the repository")
        .level(if local { Level::ShouldFix } else { Level::Blocking })
        .consequence(
            "the secret is in the history of the repository, and in the settings of the service",
        )
        .remedy(format!("replace the secret, keep it in {}, and refer to it", store(deploy)));
}

/// Whether a comment beside the name or the value says that it is to be replaced.
fn is_placeholder(review: &Review<'_>, name: &Fact<String>, value: &Fact<String>) -> bool {
    const SAYS: [&str; 5] = ["replace", "your", "example", "placeholder", "change"];
    let text = review.sources.text(&value.at.path).unwrap_or("");
    let comment = |fact: &Fact<String>| {
        let end = fact.at.span?.end as usize;
        let rest = text.get(end..)?.lines().next()?;
        rest.split_once('#').map(|(_, comment)| comment.to_ascii_lowercase())
    };
    let mut comments = [name, value].into_iter().filter_map(comment);
    comments.any(|comment| SAYS.iter().any(|word| comment.contains(word)))
}

fn from_store(deploy: &Deploy, name: &Fact<String>, value: &Fact<String>, out: &mut Out) {
    out.finding(
        &value.at,
        format!("the secret `{}` becomes a plain variable of the service", name.value),
    )
    .label("a secret here, plain text there")
    .consequence(
        "whoever may look at the service reads it, in this revision and in every older one",
    )
    .remedy(format!("keep it in {}, and refer to it", store(deploy)));
}

fn store(deploy: &Deploy) -> &'static str {
    match deploy.platform {
        Platform::CloudRun => "Secret Manager (`--set-secrets`)",
        _ => "a Secret (`secretKeyRef`)",
    }
}

fn speaks_of_secret(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let open = ["PUBLIC", "PUBLISHABLE", "ANON"].iter().any(|w| upper.contains(w));
    !open && ENDS.iter().any(|end| upper.ends_with(end))
}

/// A secret of GitHub. Many hold no secret but a name or a region: one of the names must say so.
fn is_passed(name: &str, value: &str) -> bool {
    let named =
        |n: &str| speaks_of_secret(n) || URLS.iter().any(|u| n.to_ascii_uppercase().ends_with(u));
    let from = |(path, _): (String, plimsoll_syntax::Span)| {
        let secret =
            path.strip_prefix("secrets.").filter(|s| *s != "GITHUB_TOKEN").map(str::to_owned);
        secret.is_some_and(|s| named(name) || named(&s))
    };
    references(value).into_iter().any(from)
}

/// A value that is known, has the look of a secret and does not stand in for one.
fn is_literal(name: &str, value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let looks = value.len() >= 8
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
        && !value.contains(['$', '<', '{', ' ', '%'])
        && !value.starts_with('/')
        && !value.contains("://")
        && !value.starts_with("projects/");
    speaks_of_secret(name) && looks && !STAND_INS.iter().any(|w| lower.contains(w))
}
