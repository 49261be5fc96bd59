//! A secret that the image holds, in any of its layers or in its configuration.

use std::collections::BTreeMap;

use plimsoll_model::{Level, SecretFound, Section};

use super::super::security::{secret_file_copied, secret_in_dockerfile};
use crate::discover::Service;
use crate::repo::{Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Imaged, few, imaged};

pub(crate) static RULE: Rule = Rule {
    name: "image/secret-in-layer",
    section: Section::Image,
    level: Level::Blocking,
    assures: "no layer of the image and nothing in its configuration holds a secret",
    aliases: &[],
    page: include_str!("secret_in_layer.md"),
    check: Check::Service(check),
};

/// What has one name and one path, in whichever layers.
type Group<'a> = ((&'a str, &'a str), Vec<&'a SecretFound>);

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = imaged(review, service) else { return };
    out.examined();
    let said = said(&image);
    let (mut sure, mut open) = (Vec::new(), Vec::new());
    for group in groups(&image.report.secrets) {
        let (_, path) = group.0;
        if said.iter().any(|name| is_named(path, name)) {
            continue;
        }
        if group.1.iter().any(|s| s.certain) && !is_example(path) {
            sure.push(group);
        } else {
            open.push(group);
        }
    }
    sure.iter().for_each(|group| certain(&image, group, out));
    uncertain(&image, &open, out);
}

/// Files and variables that the rules about the Dockerfile name already.
fn said(image: &Imaged<'_>) -> Vec<String> {
    let drafts = [&secret_file_copied::RULE, &secret_in_dockerfile::RULE].map(|r| image.said(r));
    drafts.iter().flatten().map(|draft| image.text(&draft.at).to_owned()).collect()
}

fn is_named(path: &str, said: &str) -> bool {
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
    match path.strip_prefix("ENV ") {
        Some(name) => name == said,
        None => last(path) == last(said),
    }
}

/// Keys that programs make for a trial, and those of tests.
fn is_example(path: &str) -> bool {
    let mut parts = path.split('/');
    path.contains("snakeoil")
        || parts.any(|p| {
            matches!(p, "test" | "tests" | "testdata" | "fixtures" | "__tests__" | "examples")
        })
}

fn groups(secrets: &[SecretFound]) -> Vec<Group<'_>> {
    let mut all: BTreeMap<(&str, &str), Vec<&SecretFound>> = BTreeMap::new();
    for secret in secrets {
        // The history repeats what ENV says.
        let repeated = secret.path == "history"
            && secrets.iter().any(|s| s.path.starts_with("ENV ") && s.what == secret.what);
        if !repeated {
            all.entry((&secret.path, &secret.what)).or_default().push(secret);
        }
    }
    all.into_iter().map(|((path, what), found)| ((what, path), found)).collect()
}

fn place<'a>(image: &'a Imaged<'_>, path: &str, found: &[&SecretFound]) -> &'a Place {
    if let Some(layer) = found.iter().filter_map(|s| s.layer).min() {
        return image.place(layer);
    }
    let variable = path.strip_prefix("ENV ").unwrap_or_default();
    let pairs = image.file.lineage(image.stage.index).into_iter().flat_map(|stage| &stage.steps);
    let mut named = pairs.rev().filter_map(|step| match &step.kind {
        StepKind::Env(pairs) => pairs.iter().find(|(name, _)| name.value == variable),
        _ => None,
    });
    named.next().map_or(&image.stage.at, |(name, _)| &name.at)
}

fn certain(image: &Imaged<'_>, ((what, path), found): &Group<'_>, out: &mut Out) {
    let in_files = found.iter().any(|s| s.layer.is_some());
    let hidden = in_files && found.iter().all(|s| s.hidden);
    let shown = shown(path, in_files);
    let message = match (in_files, hidden) {
        (true, true) => {
            format!("{shown} was deleted or replaced, and its layer still holds it: {what}")
        }
        (true, false) => format!("{shown} in the image is a secret: {what}"),
        (false, _) => format!("the image's configuration holds a secret in {shown}: {what}"),
    };
    let draft = out.finding(place(image, path, found), message);
    draft.label("this puts it into the image");
    for secret in found {
        let Some(layer) = secret.layer else { continue };
        let line = secret.line.map_or(String::new(), |line| format!(", line {line}"));
        let state = if secret.hidden { "hidden, and can be read" } else { "seen by containers" };
        draft.evidence(format!("{shown}{line}: in {} ({state})", image.named(layer)));
    }
    if !in_files {
        draft.evidence(format!("{shown}: docker inspect and docker history print it"));
    }
    let of_base = in_files && found.iter().all(|s| s.layer.is_none_or(|l| !image.is_own(l)));
    draft
        .consequence("whoever can pull the image has it; deleting it in a later step hides nothing")
        .remedy(if of_base { OF_BASE } else { OWN });
}

const OF_BASE: &str = "the base image brings it: take another base, and tell who makes this one";

const OWN: &str = "replace the secret where it is valid, as it is known now; keep it out of the \
                   build's context, and give it at run time or to one RUN with --mount=type=secret";

fn uncertain(image: &Imaged<'_>, all: &[Group<'_>], out: &mut Out) {
    let Some(((_, path), found)) = all.first() else { return };
    let (things, look) = if all.len() == 1 { ("thing", "looks") } else { ("things", "look") };
    let message = format!("{} {things} in the image {look} like a secret", all.len());
    let draft = out.finding(place(image, path, found), message);
    let list = all.iter().map(|((what, path), found)| {
        format!("{} ({what})", shown(path, found.iter().any(|s| s.layer.is_some())))
    });
    draft
        .level(Level::Advice)
        .evidence(few(&list.collect::<Vec<_>>(), 8))
        .consequence("if they are secrets, whoever can pull the image has them")
        .remedy("look at each; what is a secret must be replaced, and kept out of the image");
}

fn shown(path: &str, file: bool) -> String {
    match (file, path) {
        (true, _) => format!("/{path}"),
        (false, "history") => "the history of its steps".to_owned(),
        (false, _) => path.to_owned(),
    }
}
