//! Which manager reads what: declarations, manifests, lock files.

use crate::discover::paths::file_name;
use crate::layout::installs::Install;
use crate::layout::{Layout, Moment};
use crate::packages::tree::manifest_names;
use crate::packages::{Dependency, Ecosystem, Manifest, Syntax, Target, normal};
use crate::views::Manager;

/// Whether an installer reads a declaration of a manifest.
pub(super) fn visible(
    install: &Install<'_>,
    exported: bool,
    manifest: &Manifest,
    dependency: &Dependency,
) -> bool {
    let tables = || {
        manifest.dependencies.iter().any(|d| {
            d.syntax == Syntax::Poetry
                && normal(Ecosystem::Python, &d.name) == normal(Ecosystem::Python, &dependency.name)
        })
    };
    match (install.manager, dependency.syntax) {
        // A list of requirements, whoever installs it.
        (_, Syntax::Requirement | Syntax::Include | Syntax::Constraint | Syntax::FindLinks) => true,
        (manager, Syntax::Git) if ecosystem(manager) == Ecosystem::Python => {
            sees_git(install, exported, manifest, dependency)
        }
        // An export reads what its program reads; the table refines the reference.
        _ if exported => dependency.syntax != Syntax::DirectReference || !tables(),
        (Manager::Poetry, Syntax::DirectReference) => !tables(),
        (Manager::Poetry, syntax) => syntax == Syntax::Poetry,
        (Manager::Uv, Syntax::DirectReference) => true,
        (Manager::Uv, Syntax::UvSource | Syntax::UvWorkspace | Syntax::UvMember) => {
            !install.is_pip()
        }
        (Manager::Pip | Manager::Uv, Syntax::Poetry) => {
            // What poetry-core writes into the metadata of a project without `[project]`.
            let named = |w: &crate::packages::Want| {
                w.name == normal(Ecosystem::Python, &dependency.name) && w.at != dependency.at
            };
            let project = manifest.wants.iter().filter(|w| named(w)).count() > 1;
            install.is_pip() && !project
        }
        (Manager::Pip, syntax) => syntax == Syntax::DirectReference,
        (Manager::Pdm, syntax) => matches!(syntax, Syntax::DirectReference | Syntax::Pdm),
        (Manager::Pipenv, syntax) => syntax == Syntax::Pipfile,
        (Manager::Uv, _) => false,
        _ => true,
    }
}

/// Whether an installer reads a dependency on a git repository. A URL that begins with `git+`
/// is a requirement; the tables of Poetry and uv name it without.
fn sees_git(
    install: &Install<'_>,
    exported: bool,
    manifest: &Manifest,
    dependency: &Dependency,
) -> bool {
    let Target::Git { url } = &dependency.target else { return false };
    let requirement = url.starts_with("git+");
    let list = crate::packages::requirements::is_name(&manifest.path);
    match install.manager {
        _ if list || exported => true,
        Manager::Pip => requirement,
        Manager::Uv => requirement || !install.is_pip(),
        _ => true,
    }
}

/// The ecosystem of a manager.
#[must_use]
pub(super) fn ecosystem(manager: Manager) -> Ecosystem {
    match manager {
        Manager::Npm | Manager::Yarn | Manager::Pnpm => Ecosystem::Node,
        Manager::Cargo => Ecosystem::Rust,
        Manager::Go => Ecosystem::Go,
        Manager::Maven => Ecosystem::Maven,
        Manager::Gradle => Ecosystem::Gradle,
        Manager::Dotnet => Ecosystem::DotNet,
        _ => Ecosystem::Python,
    }
}

/// The manifests an install of a folder reads.
pub(super) fn root_names(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Pipenv => &["Pipfile"],
        Manager::Poetry | Manager::Uv | Manager::Pdm => &["pyproject.toml"],
        Manager::Go => &["go.work", "go.mod"],
        Manager::Gradle => manifest_names(Ecosystem::Gradle),
        manager => manifest_names(ecosystem(manager)),
    }
}

pub(super) fn lock_kinds(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Poetry => &["poetry.lock"],
        Manager::Uv => &["uv.lock"],
        Manager::Pdm => &["pdm.lock"],
        Manager::Pipenv => &["Pipfile.lock"],
        _ => &[],
    }
}

/// Whether an earlier command of the Dockerfile edits a manifest, so that its text is not known.
pub(super) fn is_rewritten(layout: &Layout<'_>, at: Moment, manifest: &str) -> bool {
    let name = file_name(manifest);
    let edits = |text: &str| {
        let editors =
            ["sed -i", "perl ", "jq ", "tomlq", "yq ", "npm pkg", "poetry remove", "uv remove"];
        text.contains(name) && editors.iter().any(|e| text.contains(e))
    };
    layout.file.lineage(at.stage).iter().any(|stage| {
        stage.steps.iter().enumerate().any(|(index, step)| {
            let before = stage.index != at.stage || index <= at.step;
            matches!(&step.kind, crate::repo::StepKind::Run(c) if before && edits(c.text()))
        })
    })
}
