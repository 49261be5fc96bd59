//! A local package that pip looks for on the public index, by its name.

use std::cell::OnceCell;

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Word;

use crate::layout::installs::{Install, Root};
use crate::layout::{Found, image_path};
use crate::local::State;
use crate::packages::{Dependency, Ecosystem, Group, Manifest, Syntax, Want, normal};
use crate::repo::StepKind;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::subject::Subject;
use crate::views::{Manager, install as view, package_name};

pub(crate) static RULE: Rule = Rule {
    name: "dependencies/internal-name-on-public-index",
    section: Section::Dependencies,
    level: Level::Blocking,
    assures: "pip is not left to ask the public index for local packages",
    aliases: &[],
    page: include_str!("internal_name_on_public_index.md"),
    check: Check::Installs(check),
};

fn check(subject: &Subject<'_>, out: &mut Out) {
    // A name that the repository publishes is its own on the index. Every file is searched for
    // that, so only where it matters.
    let known = OnceCell::new();
    let publishes = || *known.get_or_init(|| publishes(subject.review));
    for install in &subject.uses.installs {
        if install.manager != Manager::Pip || install.export || has_other_sources(subject, install)
        {
            continue;
        }
        for manifest in built(subject, install) {
            for (want, source) in asked(subject, install, manifest) {
                if publishes() || is_installed_before(subject, install, &want.name) {
                    out.examined();
                } else {
                    report(subject, install, want, source, out);
                }
            }
        }
    }
}

fn publishes(review: &Review<'_>) -> bool {
    const WAYS: [&str; 8] = [
        "twine upload",
        "poetry publish",
        "uv publish",
        "flit publish",
        "hatch publish",
        "pdm publish",
        "gh-action-pypi-publish",
        "pypi-token",
    ];
    review.sources.files.iter().any(|(_, f)| WAYS.iter().any(|w| f.text.contains(w)))
}

/// Whether something but the public index may answer.
fn has_other_sources(subject: &Subject<'_>, install: &Install<'_>) -> bool {
    const FLAGS: [&str; 8] = [
        "--index-url",
        "-i",
        "--extra-index-url",
        "--find-links",
        "-f",
        "--no-index",
        "--no-deps",
        "--proxy",
    ];
    const VARIABLES: [&str; 5] = [
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_NO_INDEX",
        "PIP_CONFIG_FILE",
    ];
    let file = subject.layout.file;
    let text = file.text(subject.review.sources);
    let lists = install.roots.iter().any(|r| {
        let Root::Requirements(path) = r else { return false };
        match subject.layout.find(install.moment, path) {
            Found::Repository { path, .. } => {
                let text = subject.review.sources.text(&path).unwrap_or("");
                text.contains("index-url") || text.contains("find-links")
            }
            _ => false,
        }
    });
    // An ARG, an ENV or the command itself may set one of them.
    let set = VARIABLES.iter().any(|v| text.contains(v)) || text.contains("pip config");
    let config = subject.review.sources.tree.keys().any(|p| p.ends_with("pip.conf"));
    let mounted = install
        .command
        .mounts
        .iter()
        .any(|m| m.target.as_deref().is_some_and(|t| t.contains("pip")))
        && text.contains("pip.conf");
    install.has(&FLAGS) || lists || set || config || mounted
}

/// The manifests whose requirements pip resolves: the project, and packages it installs.
fn built<'s>(subject: &'s Subject<'_>, install: &Install<'_>) -> Vec<&'s Manifest> {
    let packages = &subject.review.repo.packages;
    let own = install.roots.iter().filter_map(|root| {
        let Root::Path { path, .. } = root else { return None };
        let path = image_path::join(path, "pyproject.toml");
        match subject.layout.find(install.moment, &path) {
            Found::Repository { path, .. } => packages.get(&path),
            _ => None,
        }
    });
    let same = |i: usize| std::ptr::eq(&raw const subject.uses.installs[i], install);
    let uses = subject.all.iter().filter(|u| same(u.install)).filter_map(|u| match &u.state {
        State::Present { path, .. } => packages.in_folder(path, Ecosystem::Python),
        _ => None,
    });
    let mut all: Vec<&Manifest> = Vec::new();
    for manifest in own.chain(uses) {
        if all.iter().all(|m| m.path != manifest.path) {
            all.push(manifest);
        }
    }
    all
}

/// The requirements of a manifest that are a bare name to pip, and a folder to another tool.
fn asked<'s>(
    subject: &Subject<'_>,
    install: &Install<'_>,
    manifest: &'s Manifest,
) -> Vec<(&'s Want, &'s Dependency)> {
    let text = subject.review.sources.text(&manifest.path).unwrap_or("");
    let table = |name: &str| {
        manifest.dependencies.iter().find(|d| {
            matches!(d.syntax, Syntax::Poetry | Syntax::UvSource | Syntax::UvWorkspace)
                && normal(Ecosystem::Python, &d.name) == name
        })
    };
    let direct = |name: &str| {
        manifest.dependencies.iter().any(|d| {
            d.syntax == Syntax::DirectReference && normal(Ecosystem::Python, &d.name) == name
        })
    };
    let taken = |w: &&Want| {
        matches!(&w.group, Group::Main | Group::Optional(_)) && install.takes(&w.group, false)
    };
    let wants = manifest.wants.iter().filter(taken).filter(|w| !direct(&w.name));
    wants
        .filter_map(|w| {
            // A version says that releases are meant; the table's own entry is no requirement.
            let written = w.at.span.and_then(|s| text.get(s.range()))?;
            let bare = written.trim_matches(['"', '\'']);
            let plain = written.starts_with(['"', '\'']) && package_name(bare) == bare;
            Some((w, table(&w.name)?)).filter(|_| plain && !bare.contains(' '))
        })
        .collect()
}

/// Whether an earlier install, or another word of this one, brings the package.
fn is_installed_before(subject: &Subject<'_>, install: &Install<'_>, name: &str) -> bool {
    let packages = &subject.review.repo.packages;
    let folders = packages.named(Ecosystem::Python, name);
    let brings = |i: &Install<'_>, index: usize| {
        let earlier = i.moment <= install.moment;
        let used = subject.all.iter().any(|u| {
            u.install == index
                && matches!(&u.state, State::Present { path, .. } if folders.contains(path))
        });
        earlier && (used || !matches!(i.manager, Manager::Pip))
    };
    let by_install = subject.uses.installs.iter().enumerate().any(|(n, i)| brings(i, n));
    by_install || by_word(subject, install, name)
}

/// Whether a command before names the package or its wheel.
fn by_word(subject: &Subject<'_>, install: &Install<'_>, name: &str) -> bool {
    let lineage = subject.layout.file.lineage(install.moment.stage);
    lineage.iter().flat_map(|stage| &stage.steps).any(|step| {
        let StepKind::Run(command) = &step.kind else { return false };
        let named = |w: &Word| {
            let text = w.head();
            text.ends_with(".whl") || text.contains('$') || text.contains('*')
        };
        command.calls().filter_map(view).any(|i| {
            i.manager.is_python()
                && i.packages
                    .iter()
                    .any(|w| named(w) || normal(Ecosystem::Python, package_name(w.head())) == name)
        })
    })
}

fn report(
    subject: &Subject<'_>,
    install: &Install<'_>,
    want: &Want,
    source: &Dependency,
    out: &mut Out,
) {
    let name = &source.name;
    let tool = if source.syntax == Syntax::Poetry { "Poetry" } else { "uv" };
    let draft =
        out.finding(&want.at, format!("pip asks the public index for {name}, a local package"));
    draft
        .level(subject.level())
        .label(format!("only {tool} knows where it is"))
        .related(&source.at, "this table pip does not read")
        .related(&install.at, "installed here")
        .consequence(format!(
            "the install fails, `ERROR: No matching distribution found for {name}`, or it takes \
             whatever a stranger has published under that name"
        ))
        .remedy(format!(
            "install the package by its folder first: `pip install ./path/to/{name}`, or install \
             with {tool}"
        ));
}
