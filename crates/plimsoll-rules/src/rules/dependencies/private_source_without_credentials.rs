//! Git repositories and indexes that a build cannot reach: no git, no key, no password.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::dockerfile::MountKind;
use plimsoll_syntax::shell::Word;

use crate::discover::paths::file_name;
use crate::layout::installs::{Install, Root};
use crate::layout::{Found, image_path};
use crate::local::GitUse;
use crate::packages::{Ecosystem, Target};
use crate::repo::{Place, Stage, StepKind};
use crate::rule::{Check, Out, Rule};
use crate::views::subject::Subject;
use crate::views::{Manager, installs as views};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/private-source-without-credentials",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "installs can reach their git repositories and indexes",
    aliases: &[],
    page: include_str!("private_source_without_credentials.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    let mut seen: Vec<&Place> = Vec::new();
    for found in &subject.uses.git {
        let install = &subject.uses.installs[found.install];
        if !seen.contains(&&found.dependency.at) && repository(subject, install, found, out) {
            seen.push(&found.dependency.at);
        }
    }
    for install in &subject.uses.installs {
        index(subject, install, out);
    }
}

/// A dependency on a git repository; whether something is wrong with it.
fn repository(subject: &Subject<'_>, install: &Install<'_>, found: &GitUse, out: &mut Out) -> bool {
    let Target::Git { url } = &found.dependency.target else { return false };
    let name = &found.dependency.name;
    let at = &found.dependency.at;
    let needs_git = matches!(install.manager, Manager::Pip | Manager::Uv | Manager::Pipenv);
    if needs_git && lacks_git(subject, install) {
        let error = match install.manager {
            Manager::Uv => "Git executable not found. Ensure that Git is installed and available.",
            _ => "ERROR: Cannot find command 'git' - do you have 'git' installed and in your PATH?",
        };
        let draft =
            out.finding(at, format!("{name} is cloned, and the stage of the install has no git"));
        draft
            .level(subject.level())
            .related(&install.at, "installed here")
            .consequence(format!("the install fails: `{error}`"))
            .remedy("install git in this stage, or install a release of the package");
        return true;
    }
    if is_ssh(url) && !is_hosted_for_node(found, url) && lacks_key(subject, install) {
        let draft =
            out.finding(at, format!("{name} is cloned over SSH, and the install has no key"));
        draft
            .level(subject.level())
            .related(&install.at, "installed here")
            .consequence("the install fails: `Permission denied (publickey)`")
            .remedy("give the RUN an agent: `--mount=type=ssh`, and `--ssh default` to the build");
        return true;
    }
    out.examined();
    false
}

fn is_ssh(url: &str) -> bool {
    let url = url.strip_prefix("git+").unwrap_or(url);
    url.starts_with("ssh://") || (url.starts_with("git@") && url.contains(':'))
}

/// npm fetches archives of the large hosts, whatever the URL says.
fn is_hosted_for_node(found: &GitUse, url: &str) -> bool {
    let node = crate::packages::ecosystem(&found.dependency.at.path) == Some(Ecosystem::Node);
    node && ["github.com", "gitlab.com", "bitbucket.org"].iter().any(|h| url.contains(h))
}

/// Whether the stage is a small image of a language or distribution that never got git.
fn lacks_git(subject: &Subject<'_>, install: &Install<'_>) -> bool {
    let lineage = subject.layout.file.lineage(install.moment.stage);
    let Some(first) = lineage.first() else { return false };
    is_small(first) && !commands_say(&lineage, &["git"]) && !copies(&lineage, "git")
}

fn is_small(stage: &Stage) -> bool {
    const NAMES: [&str; 4] = ["python", "debian", "ubuntu", "alpine"];
    let image = stage.image.value.split('@').next().unwrap_or("");
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, ""));
    let official = NAMES.contains(&name)
        || name.strip_prefix("docker.io/library/").is_some_and(|n| NAMES.contains(&n));
    let small = name != "python" || tag.contains("slim") || tag.contains("alpine");
    stage.image_known && official && small
}

/// Whether a command of some stages has one of some words in it. A package of the system that
/// is not known may bring anything; its name says so mostly.
fn commands_say(lineage: &[&Stage], words: &[&str]) -> bool {
    lineage.iter().flat_map(|s| s.runs()).any(|(_, c)| {
        let text = c.text();
        let unknown = views(c).any(|i| {
            i.manager.is_system()
                && i.packages.iter().any(|w| w.text().is_none() || w.head().contains("devscripts"))
        });
        unknown || words.iter().any(|w| text.contains(w))
    })
}

fn copies(lineage: &[&Stage], what: &str) -> bool {
    lineage
        .iter()
        .flat_map(|s| s.copies())
        .filter(|(_, c)| c.from.is_some())
        .any(|(_, c)| c.sources.iter().any(|s| s.path.value.contains(what) || s.path.value == "/"))
}

/// Whether nothing gives an install a key: no mount, no file, no other way set up before.
fn lacks_key(subject: &Subject<'_>, install: &Install<'_>) -> bool {
    const WAYS: [&str; 9] = [
        "ssh",
        "id_rsa",
        "id_ed25519",
        "insteadOf",
        "insteadof",
        "netrc",
        "credential",
        "_TOKEN",
        "git config",
    ];
    let file = subject.layout.file;
    let lineage = file.lineage(install.moment.stage);
    !has_secret(install)
        && !lineage.iter().any(|s| {
            s.steps.iter().any(|step| match &step.kind {
                StepKind::Run(c) => WAYS.iter().any(|w| c.text().contains(w)),
                StepKind::Copy(c) => {
                    c.sources.iter().any(|s| WAYS.iter().any(|w| s.path.value.contains(w)))
                }
                StepKind::Env(pairs) => pairs
                    .iter()
                    .any(|(n, _)| n.value.starts_with("GIT_") || n.value.contains("SSH")),
                StepKind::Arg(args) => args.iter().any(|a| {
                    ["KEY", "TOKEN", "SSH"]
                        .iter()
                        .any(|k| a.name.value.to_ascii_uppercase().contains(k))
                }),
                _ => false,
            })
        })
}

fn has_secret(install: &Install<'_>) -> bool {
    let given = |k: Option<MountKind>| matches!(k, None | Some(MountKind::Ssh | MountKind::Secret));
    install.command.mounts.iter().any(|m| given(m.kind))
}

/// An index whose URL or settings take a variable that nothing sets.
fn index(subject: &Subject<'_>, install: &Install<'_>, out: &mut Out) {
    let Some((at, variable, what)) = credential(subject, install) else { return };
    if is_set(subject, install, &variable) {
        return out.examined();
    }
    let draft = out.finding(
        &at,
        format!("{what} takes its credentials from {variable}, which the install does not have"),
    );
    draft
        .level(subject.level())
        .related(&install.at, "installed here")
        .consequence("the index answers 401, and the install fails")
        .remedy(format!("give the RUN the secret: `--mount=type=secret,id=…,env={variable}`"));
}

/// The first variable in a credential that an install reads: its place, name, and of what.
fn credential(subject: &Subject<'_>, install: &Install<'_>) -> Option<(Place, String, String)> {
    let sources = subject.review.sources;
    let find = |path: &str| match subject.layout.find(install.moment, path) {
        Found::Repository { path, .. } => Some(path),
        _ => None,
    };
    let (path, key): (String, fn(&str) -> Option<&str>) = match install.manager {
        Manager::Npm | Manager::Pnpm => {
            (find(&image_path::join(&install.folder, ".npmrc"))?, token_of_npm)
        }
        Manager::Pip if install.is_pip() => {
            let list = install.roots.iter().find_map(|r| match r {
                Root::Requirements(path) => find(path),
                _ => None,
            });
            (list?, password_of_url)
        }
        _ => return None,
    };
    let text = sources.text(&path)?;
    let is_npm = file_name(&path) == ".npmrc";
    // A token for the index everybody reads is for publishing.
    if is_npm && !is_used(subject, install, text) {
        return None;
    }
    let mut start = 0;
    for line in text.split('\n') {
        if let Some(variable) = key(line.trim()) {
            let from = start + (line.len() - line.trim_start().len());
            let span = plimsoll_syntax::Span::new(from, from + line.trim().len());
            return Some((Place::new(&path.as_str().into(), span), variable.to_owned(), path));
        }
        start += line.len() + 1;
    }
    None
}

/// `//host/:_authToken=${NPM_TOKEN}`; with `?` in the braces the variable may be missing.
fn token_of_npm(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    let secret = ["_authToken", "_password", "_auth"].iter().any(|s| key.trim().ends_with(s));
    secret.then(|| variable(value))?
}

/// `--index-url https://user:${TOKEN}@host/simple`.
fn password_of_url(line: &str) -> Option<&str> {
    if !line.contains("index-url") {
        return None;
    }
    let (_, rest) = line.split_once("://")?;
    let (user, _) = rest.split_once('@')?;
    variable(user)
}

/// The name in `${NAME}`.
fn variable(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    let (name, _) = rest.split_once('}')?;
    let plain = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (plain && !name.is_empty()).then_some(name)
}

/// Whether the manifest takes a package of a scope that has a registry of its own.
fn is_used(subject: &Subject<'_>, install: &Install<'_>, npmrc: &str) -> bool {
    let path = image_path::join(&install.folder, "package.json");
    let Found::Repository { path, .. } = subject.layout.find(install.moment, &path) else {
        return false;
    };
    let Some(manifest) = subject.review.repo.packages.get(&path) else { return false };
    let scopes: Vec<&str> = npmrc
        .lines()
        .filter_map(|l| l.trim().split_once(":registry"))
        .map(|(scope, _)| scope)
        .filter(|s| s.starts_with('@'))
        .collect();
    let local = |name: &str| !subject.review.repo.packages.named(Ecosystem::Node, name).is_empty();
    manifest.wants.iter().any(|w| {
        let scope = w.name.split('/').next().unwrap_or("");
        scopes.contains(&scope) && !local(&w.name)
    })
}

/// Whether a variable may be set when an install runs.
fn is_set(subject: &Subject<'_>, install: &Install<'_>, name: &str) -> bool {
    let file = subject.layout.file;
    let lineage = file.lineage(install.moment.stage);
    let steps = lineage.iter().flat_map(|s| &s.steps);
    let set = |step: &crate::repo::Step| match &step.kind {
        StepKind::Env(pairs) => pairs.iter().any(|(n, _)| n.value == name),
        StepKind::Arg(args) => args.iter().any(|a| a.name.value == name),
        StepKind::Run(c) => c.text().contains(name) || c.text().contains(".npmrc"),
        _ => false,
    };
    let words = install.call.args.iter().map(Word::head).any(|w| w.contains("userconfig"));
    has_secret(install) || words || steps.into_iter().any(set)
}
