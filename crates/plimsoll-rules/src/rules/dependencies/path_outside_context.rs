//! A dependency on a folder that the build does not have.

use plimsoll_model::{Level, Section};

use crate::discover::paths::{below, folder, join};
use crate::discover::{Build, Service};
use crate::repo::{DockerfileView, Place, Stage};
use crate::review::Review;
use crate::rule::{Check, Draft, Out, Rule};
use crate::views::application::{Installed, copied, installed};
use crate::views::building::{Context, builds, contexts, dockerfile, steps_before};
use crate::views::manifests::{Group, Language, Local, locals, manifests};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/path-outside-context",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "local dependencies lie inside the context",
    aliases: &[],
    page: include_str!("path_outside_context.md"),
    check: Check::Service(check),
};

/// A manifest that the image installs from.
struct Manifest<'a> {
    path: &'a str,
    language: Language,
    copy: &'a Place,
    install: Installed<'a>,
}

/// How a build comes to lack a path.
#[derive(PartialEq, Eq)]
enum Lack {
    /// Nothing can put it there.
    Sure,
    /// Something of that name is copied.
    Doubtful,
}

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(file) = dockerfile(review, service) else { return };
    let target = service.target.as_deref();
    for context in contexts(review, service) {
        for (path, language) in manifests(review.sources, context.folder) {
            let Some(copy) = copied(file, target, &context, path) else { continue };
            let Some(install) = installed(file, target, path) else { continue };
            if is_rewritten(review, file, &context, path) {
                continue;
            }
            let manifest = Manifest { path, language, copy, install };
            for local in locals(review.sources, path) {
                let lack = lack(review, service, file, &context, &manifest, &local);
                match lack {
                    None => out.examined(),
                    Some(lack) => report(review, &context, &manifest, &local, &lack, out),
                }
            }
        }
    }
}

/// Whether the build has not what a dependency names.
fn lack(
    review: &Review<'_>,
    service: &Service,
    file: &DockerfileView,
    context: &Context<'_>,
    manifest: &Manifest<'_>,
    local: &Local,
) -> Option<Lack> {
    let target = service.target.as_deref();
    if local.is_absolute() {
        if is_put(file, target, &local.path) {
            return None;
        }
        return Some(if local.is_home() { Lack::Sure } else { Lack::Doubtful });
    }
    let whole = join(folder(manifest.path), &local.path);
    if whole.as_deref().is_some_and(|w| below(context.folder, w).is_some()) {
        return None;
    }
    if named_context(builds(review, service), whole.as_deref()) {
        return None;
    }
    let doubtful = context.build.is_none() || copies_name(file, target, &local.path);
    Some(if doubtful { Lack::Doubtful } else { Lack::Sure })
}

/// Whether COPY or a command of a needed stage puts something at an absolute path.
fn is_put(file: &DockerfileView, target: Option<&str>, path: &str) -> bool {
    let holds = |dest: &str| {
        let dest = dest.trim_end_matches('/');
        dest.starts_with('/') && (path == dest || path.starts_with(&format!("{dest}/")))
    };
    file.reachable(target).any(|s| {
        s.copies().any(|(_, c)| holds(&c.dest.value))
            || s.runs().any(|(_, c)| c.text().contains(path) || mounted(c, path))
    })
}

fn mounted(command: &crate::repo::Command, path: &str) -> bool {
    command.mounts.iter().filter_map(|m| m.target.as_deref()).any(|t| path.starts_with(t))
}

/// Whether a named context holds the folder.
fn named_context<'a>(builds: impl Iterator<Item = &'a Build>, whole: Option<&str>) -> bool {
    let mut sources = builds.flat_map(|b| &b.contexts).map(|(_, s)| s.value.as_str());
    sources.any(|s| match (join("", s), whole) {
        (Some(source), Some(whole)) => below(&source, whole).is_some(),
        // A context that is not known may be it.
        _ => true,
    })
}

/// Whether a COPY or a mount of a needed stage names the last folder of a path.
fn copies_name(file: &DockerfileView, target: Option<&str>, path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|p| !matches!(*p, "" | "." | "..")).collect();
    let names = |text: &str| text.split('/').any(|p| parts.contains(&p));
    let in_stage = |s: &Stage| {
        let copied = s.copies().any(|(_, c)| {
            names(&c.dest.value) || c.sources.iter().any(|f| names(&f.path.value))
        });
        let mounts = || s.runs().flat_map(|(_, c)| &c.mounts);
        copied || mounts().filter_map(|m| m.source.as_deref()).any(names)
    };
    file.reachable(target).any(in_stage)
}

/// Whether a command of the Dockerfile or of an earlier step edits the manifest.
fn is_rewritten(
    review: &Review<'_>,
    file: &DockerfileView,
    context: &Context<'_>,
    manifest: &str,
) -> bool {
    let name = crate::discover::paths::file_name(manifest);
    let edits = |text: &str| {
        text.contains(name) && ["sed ", "perl ", "jq ", "awk ", "tomlq", "yq "].iter().any(|e| text.contains(e))
    };
    let runs = || file.stages.iter().flat_map(Stage::runs);
    let before = context.build.map_or(&[][..], |b| steps_before(review, b));
    runs().any(|(_, c)| edits(c.text()))
        || before.iter().filter_map(|s| s.run.as_ref()).any(|r| edits(r.text.text()))
}

fn report(
    review: &Review<'_>,
    context: &Context<'_>,
    manifest: &Manifest<'_>,
    local: &Local,
    lack: &Lack,
    out: &mut Out,
) {
    let message = format!(
        "{} is taken from {}, outside the context {}",
        local.name,
        local.path,
        context.shown()
    );
    let level = match (local.group, lack) {
        (Group::Main, Lack::Sure) if !skips_local(&manifest.install) => Level::Blocking,
        (Group::Main, _) => Level::ShouldFix,
        (Group::Optional | Group::Dev, _) => Level::Advice,
    };
    let draft = out.finding(&local.at, message);
    draft
        .level(level)
        .label("no such path in the build")
        .related(&manifest.install.at, "installed here")
        .related(manifest.copy, "the manifest is copied here, without the dependency")
        .related(context.at, format!("the context is {}", context.shown()));
    consequence(manifest, local, lack, draft);
    remedy(review, manifest, local, draft);
}

/// Whether the install leaves local dependencies out.
fn skips_local(install: &Installed<'_>) -> bool {
    ["--no-directory", "--no-install-local"].iter().any(|f| install.call.has(f))
}

fn consequence(manifest: &Manifest<'_>, local: &Local, lack: &Lack, draft: &mut Draft) {
    match (local.group, lack) {
        (Group::Dev | Group::Optional, _) => {
            draft.consequence("an install that includes this group fails in the build");
        }
        (Group::Main, Lack::Doubtful) => {
            draft.consequence("the install fails, unless what the Dockerfile copies is this folder")
        .evidence(
                    "the Dockerfile copies something of that name, or the context is not known for sure",
                );
        }
        (Group::Main, Lack::Sure) if manifest.language == Language::Node => {
            draft
                .consequence("the install fails, or leaves a dangling link and the service fails")
                .evidence("npm, pnpm and yarn often report success with the target missing");
        }
        (Group::Main, Lack::Sure) => {
            draft.consequence("the install fails in the build: the path does not exist there");
        }
    }
}

fn remedy(review: &Review<'_>, manifest: &Manifest<'_>, local: &Local, draft: &mut Draft) {
    let Some(here) = in_repository(review, manifest, local) else {
        draft.remedy("bring the package into the repository, or install it from an index");
        return;
    };
    draft.evidence(format!("the repository has it at {here}")).remedy(format!(
        "build from a folder that holds {} and {here}, copy both, and name the path relative to \
         the manifest",
        manifest.path
    ));
}

/// Where the repository has the dependency: its path, or the longest end of it that exists.
fn in_repository(review: &Review<'_>, manifest: &Manifest<'_>, local: &Local) -> Option<String> {
    if !local.is_absolute() {
        let whole = join(folder(manifest.path), &local.path)?;
        return review.sources.kind(&whole).is_some().then_some(whole);
    }
    let path = local.path.trim_matches('/');
    let ends = path.match_indices('/').filter_map(|(i, _)| path.get(i + 1..));
    ends.filter(|e| review.sources.kind(e).is_some()).map(str::to_owned).next()
}
