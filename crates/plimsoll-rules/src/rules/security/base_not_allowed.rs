//! Images that the team does not build on.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::{Base, FromRef};

use crate::repo::{DockerfileView, Fact, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{is_given, needed};
use crate::wildcards::{MEMBERS, matches};

pub(crate) static RULE: Rule = Rule {
    name: "security/base-not-allowed",
    section: Section::Security,
    level: Level::Blocking,
    assures: "every base image is one of `allowed-bases`",
    aliases: &["DL3026"],
    page: include_str!("base_not_allowed.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(allowed) = &review.config.allowed_bases else { return };
    for image in needed(review, file).into_iter().flat_map(images) {
        let name = image.value.as_str();
        if name.is_empty() || name.contains('$') || is_given(review, name) {
            continue;
        }
        if allowed.iter().any(|pattern| allows(pattern, name)) {
            out.examined();
            continue;
        }
        out.finding(&image.at, format!("{name} is not among the allowed bases"))
            .label("not in allowed-bases of plimsoll.toml")
            .evidence(format!("allowed are {}", list(allowed)))
            .consequence(
                "what the team has not agreed to becomes part of what is shipped, or builds it",
            )
            .remedy("build on an allowed image, or add this one to `allowed-bases`");
    }
}

/// The images that a stage takes from a registry.
fn images(stage: &Stage) -> Vec<&Fact<String>> {
    let base = Some(&stage.image).filter(|_| stage.base == Base::Image && stage.image_known);
    let copied = stage.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Copy(copy) => match &copy.from {
            Some((image, FromRef::Image)) => Some(image),
            _ => None,
        },
        _ => None,
    });
    base.into_iter().chain(copied).collect()
}

fn list(allowed: &[String]) -> String {
    if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") }
}

/// Whether an entry allows an image: the image itself, with any tag unless the entry has one; or the
/// registry or folder it lies in. `*` stands for anything within a part.
fn allows(entry: &str, image: &str) -> bool {
    let entry = entry.trim_end_matches('/');
    if entry.is_empty() {
        return false;
    }
    let image = whole(image.split('@').next().unwrap_or(image));
    let entry = if is_registry(entry) { entry.to_owned() } else { whole(entry) };
    let tagged = last(&entry).contains(':') && !is_registry(&entry);
    if tagged {
        return matches(MEMBERS, &entry, &image);
    }
    let name = match last(&image).split_once(':') {
        Some((name, _)) => format!("{}{name}", &image[..image.len() - last(&image).len()]),
        None => image,
    };
    let parts: Vec<&str> = name.split('/').collect();
    let depth = entry.split('/').count();
    let above = parts.iter().take(depth).copied().collect::<Vec<_>>().join("/");
    matches(MEMBERS, &entry, &above)
}

/// A name with its registry: `docker.io/library/python` of `python`.
fn whole(name: &str) -> String {
    match name.split_once('/') {
        Some((host, _)) if is_registry(host) => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    }
}

/// Whether a text names a registry and nothing in it.
fn is_registry(text: &str) -> bool {
    let host = text.split(':').next().unwrap_or(text);
    let port = text.split_once(':').map(|(_, port)| port);
    let ported = port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    !text.contains('/') && ported && (host.contains('.') || host == "localhost")
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::allows;

    #[test]
    fn entries_name_images_tags_folders_and_registries() {
        for (entry, image, want) in [
            ("python", "python:3.12-slim", true),
            ("python", "docker.io/library/python@sha256:0", true),
            ("python", "python-tools:3", false),
            ("python", "acme/python", false),
            ("python:3.12-*", "python:3.12-slim", true),
            ("python:3.12-*", "python:3.13-slim", false),
            ("python:3.12-*", "python", false),
            ("acme/*", "acme/api:1", true),
            ("acme", "acme/api:1", false),
            ("docker.io/acme", "acme/api:1", true),
            ("gcr.io/distroless", "gcr.io/distroless/static-debian12:nonroot", true),
            ("gcr.io/distroless/", "gcr.io/distroless/static", true),
            ("gcr.io/distroless", "gcr.io/distroless-2/static", false),
            ("gcr.io", "gcr.io/any/thing", true),
            ("gcr.io", "eu.gcr.io/any/thing", false),
            ("localhost:5000", "localhost:5000/a", true),
            ("*.example.com/bases", "eu.example.com/bases/node:24", true),
            ("", "python", false),
            ("/", "python", false),
        ] {
            assert_eq!(allows(entry, image), want, "{entry} {image}");
        }
    }
}
