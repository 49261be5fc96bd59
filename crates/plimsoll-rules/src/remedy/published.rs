//! The packages come from an index of one's own: names and versions in place of paths, and the
//! credentials as a secret of the build, which no layer keeps.

use std::collections::BTreeSet;

use super::builds::below_key;
use super::change::Changes;
use super::dockerfile::{offset, text_of};
use super::install::Done;
use super::{Case, Draft, proof};
use crate::discover::{Build, BuildTool};
use crate::layout::Found;
use crate::layout::installs::{Install, Root};
use crate::local::Use;
use crate::packages::{Dependency, Ecosystem, Manifest, Syntax};
use crate::views::Manager;

/// The name of the secret, for the builder and for the workflow.
const SECRET: &str = "netrc";

pub(super) fn work_out(case: &Case<'_, '_>, index: Option<&str>) -> Result<Draft, String> {
    let index = index.ok_or("name the index that has the packages: --index URL")?;
    let host = host(index)?;
    let mut changes = Changes::default();
    let mut released = BTreeSet::new();
    for needs in case.needs {
        let install = &case.uses.installs[needs.install];
        fits(case, install)?;
        for found in case.uses.uses.iter().filter(|u| u.install == needs.install) {
            released.extend(declare(case, found, &mut changes)?);
        }
        run(case, install, index, &mut changes);
    }
    if case.builds.is_empty() {
        return Err("nothing in the repository builds it".to_owned());
    }
    for build in &case.builds {
        give(case, build, &mut changes)?;
    }
    let released: Vec<String> = released.into_iter().collect();
    let notes = vec![
        format!("publish {} to {index} before the next build", released.join(", ")),
        format!("the secret {SECRET} is one line: machine {host} login NAME password TOKEN"),
    ];
    Ok(Draft {
        changes,
        done: Done { third_party: Vec::new(), notes },
        context: case.layout.context.to_owned(),
        named: Vec::new(),
        packages: proof::folders(case.review, case.uses),
        released: true,
    })
}

/// The host of an index.
fn host(index: &str) -> Result<&str, String> {
    let rest = index.strip_prefix("https://").or_else(|| index.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
    let host = rest.and_then(|r| r.split('/').next()).filter(|h| !h.is_empty());
    match host {
        Some(_) if index.contains('@') => {
            Err("the URL of the index carries credentials, which its layer would keep".to_owned())
        }
        Some(host) if index.chars().all(plain) => Ok(host.split(':').next().unwrap_or(host)),
        _ => Err(format!("{index} is no URL of an index")),
    }
}

/// Whether an install can take names in place of paths.
fn fits(case: &Case<'_, '_>, install: &Install<'_>) -> Result<(), String> {
    let single = install.command.script.commands.len() == 1 && !install.command.exec;
    if install.manager != Manager::Pip || !single {
        return Err(
            "only `pip install` is rewritten: where a lock file decides, lock again with the index"
                .to_owned(),
        );
    }
    for root in &install.roots {
        match root {
            Root::Path { text, .. } if text != "." && !text.starts_with(".[") => {
                return Err(format!("the Dockerfile itself names {text}"));
            }
            Root::Requirements(list)
                if !matches!(case.layout.find(install.moment, list), Found::Repository { .. }) =>
            {
                return Err("its list is written while the image is built".to_owned());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Names the release of a package where its path stands; the release.
fn declare(
    case: &Case<'_, '_>,
    found: &Use,
    changes: &mut Changes,
) -> Result<Option<String>, String> {
    let packages = &case.review.repo.packages;
    let package = found.place.folder().and_then(|f| packages.in_folder(f, Ecosystem::Python));
    let Some(package) = package else {
        return match found.dependency.syntax {
            Syntax::Include | Syntax::Constraint => Ok(None),
            _ => Err(format!("{} is no package that can be published", found.dependency.name)),
        };
    };
    let (Some(name), Some(version)) = (&package.name, &package.version) else {
        return Err(format!("{} has no name or version of its own", package.path));
    };
    let text = case.review.sources.text(&found.manifest).unwrap_or("");
    let written = found.dependency.at.span.and_then(|s| text.get(s.range())).unwrap_or("");
    let release = release(&found.dependency, written, name, version)
        .ok_or_else(|| format!("{name} is declared in a table that a lock file follows"))?;
    changes.replace(&found.dependency.at, release);
    Ok(Some(said(package, version)))
}

fn said(package: &Manifest, version: &str) -> String {
    format!("{} {version}", package.name.as_deref().unwrap_or(""))
}

/// `name[extra]==version ; marker` in place of a path, quoted as it was.
fn release(dependency: &Dependency, written: &str, name: &str, version: &str) -> Option<String> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let plain = written.trim_matches(['"', '\'']);
    let head = match dependency.syntax {
        Syntax::DirectReference => plain.split('@').next()?.trim(),
        Syntax::Requirement => plain,
        _ => return None,
    };
    let extras = head.split_once('[').and_then(|(_, e)| e.split_once(']')).map(|(e, _)| e);
    let extras = extras.map_or_else(String::new, |e| format!("[{e}]"));
    let marker = plain.find(" ;").map_or("", |i| &plain[i..]);
    let quote = quote.map_or_else(String::new, String::from);
    Some(format!("{quote}{name}{extras}=={version}{marker}{quote}"))
}

/// The install asks the index, with the secret.
fn run(case: &Case<'_, '_>, install: &Install<'_>, index: &str, changes: &mut Changes) {
    let text = case.file.text(case.layout.sources);
    let Some(span) = install.step.at.span else { return };
    let old = text_of(text, &install.step.at);
    let end = offset(span.start as usize + old.len());
    let body = old.get("RUN".len()..).unwrap_or("").trim_start();
    let body = body.replacen(" install", &format!(" install --index-url {index}"), 1);
    let mount = format!("--mount=type=secret,id={SECRET},target=/root/.netrc");
    changes.edit(&case.file.path, span.start, end, format!("RUN {mount} \\\n    {body}"));
}

/// Gives the secret to a build.
fn give(case: &Case<'_, '_>, build: &Build, changes: &mut Changes) -> Result<(), String> {
    let review = case.review;
    let at = build.context.at();
    match build.tool {
        BuildTool::BuildPushAction => {
            let text = review.sources.text(&build.at.path).unwrap_or("");
            let step = build.at.span.and_then(|s| text.get(s.range())).unwrap_or("");
            if step.lines().any(|l| l.trim_start().starts_with("secret")) {
                return Err("the build has secrets already: add netrc to them by hand".to_owned());
            }
            let key = format!("secrets: {SECRET}=${{{{ secrets.PIP_NETRC }}}}");
            below_key(review, at, &key, changes)
        }
        BuildTool::DockerBuild | BuildTool::Buildx => {
            let text = review.sources.text(&at.path).unwrap_or("");
            let word = at.span.and_then(|s| text.get(s.range())).ok_or("the place was not read")?;
            changes.replace(at, format!("--secret id={SECRET},src=$HOME/.netrc {word}"));
            Ok(())
        }
        tool => Err(format!("{} is not given secrets here", tool.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn an_index_is_a_url_without_credentials() {
        assert_eq!(host("https://pkg.example.org:8443/simple/"), Ok("pkg.example.org"));
        for bad in ["pkg", "https://", "https://u:p@h/", "https://h/ x", "https://h/$(id)", ""] {
            assert!(host(bad).is_err(), "{bad}");
        }
    }
}
