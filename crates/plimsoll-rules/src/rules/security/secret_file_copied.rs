//! Files with secrets that are copied.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/secret-file-copied",
    section: Section::Security,
    level: Level::Blocking,
    assures: "no file with a secret is copied into an image",
    aliases: &[],
    page: include_str!("secret_file_copied.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for (_, copy) in file.stages.iter().flat_map(|s| s.copies()).filter(|(_, c)| c.from.is_none()) {
        for source in &copy.sources {
            out.examined();
            let name = source.path.value.rsplit('/').next().unwrap_or("");
            if !is_secret(name) {
                continue;
            }
            out.finding(&source.path.at, format!("{name} is copied into the image"))
                .label("a file that holds secrets")
                .consequence("everyone who can pull the image has it, also if a later step deletes it: the layer stays")
                .remedy("leave it out, list it in the ignore file, and pass what it holds at run time or with RUN --mount=type=secret");
        }
    }
}

/// Names that files with secrets have.
fn is_secret(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        ".env", ".env.production", ".env.prod", ".env.local", "id_rsa", "id_ed25519", "id_ecdsa", ".netrc", ".pgpass",
        "credentials.json", "serviceaccount.json",
    ];
    let lower = name.to_ascii_lowercase();
    let account = lower.ends_with(".json") && ["service-account", "service_account", "gcp-key", "sa-key"].iter().any(|n| lower.contains(n));
    let private = lower.ends_with(".pem") && lower.contains("key") && !lower.contains("pub");
    NAMES.contains(&lower.as_str()) || account || private
}
