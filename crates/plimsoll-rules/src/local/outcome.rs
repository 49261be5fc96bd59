//! What an installer does when a local dependency is not there, in its own words.
//!
//! The texts were seen with pip 23 and 26, poetry 1.8 and 2.5, uv 0.13, pipenv 2026, npm 11,
//! pnpm 10 and 12, yarn 1 and 4, cargo, go and Maven.

use super::{State, Use, Why};
use crate::layout::installs::Install;
use crate::packages::Syntax;
use crate::views::Manager;

/// How an install ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It fails with this error.
    Fails(String),
    /// It reports success, and the service fails later with this error.
    Green(String),
    /// It warns, and what is built lacks something.
    Warns(String),
}

/// How an install ends without a dependency.
#[must_use]
pub fn outcome(found: &Use, install: &Install<'_>) -> Outcome {
    let name = &found.dependency.name;
    let written = found.dependency.path().unwrap_or(name);
    let wanted = &found.wanted;
    match &found.state {
        State::Missing(Why::Bare(needed)) => return Outcome::Green(missing_module(needed)),
        State::Missing(Why::LeftBehind(..) | Why::ManifestOnly(_) | Why::Unseen(..)) => {
            return Outcome::Green(missing_module(name));
        }
        _ => {}
    }
    match install.manager {
        Manager::Pip => pip(found, written, wanted),
        Manager::Uv if install.is_pip() => {
            Outcome::Fails(format!("Distribution not found at: file://{wanted}"))
        }
        Manager::Uv => Outcome::Fails(match &found.dependency.syntax {
            Syntax::UvWorkspace => {
                format!(
                    "`{name}` references a workspace in `tool.uv.sources` (e.g., `{name} = {{ \
                     workspace = true }}`), but is not a workspace member"
                )
            }
            _ => format!("Distribution not found at: file://{wanted}"),
        }),
        Manager::Poetry => Outcome::Fails(format!("Path {wanted} for {name} does not exist")),
        Manager::Pipenv => Outcome::Fails(format!("Invalid requirement: '{written}'")),
        Manager::Pdm => Outcome::Fails(match &found.lock {
            Some(_) => format!("The local path '{written}' does not exist."),
            None => "[ResolutionError]: Unable to find a resolution".to_owned(),
        }),
        Manager::Npm => npm(found, install, name),
        Manager::Pnpm => pnpm(found, name, wanted),
        Manager::Yarn => yarn(found, name, wanted),
        Manager::Cargo if matches!(found.state, State::Missing(Why::NoWorkspace(_))) => {
            Outcome::Fails(format!(
                "error inheriting `{name}` from workspace root manifest's \
                 `workspace.dependencies.{name}`: failed to find a workspace root"
            ))
        }
        Manager::Cargo => Outcome::Fails(format!("failed to read {wanted}/Cargo.toml")),
        Manager::Go => go(found, written),
        Manager::Maven => maven(found, name, wanted),
        Manager::Gradle => gradle(found, name, wanted),
        _ => dotnet(found, install, written),
    }
}

fn dotnet(found: &Use, install: &Install<'_>, written: &str) -> Outcome {
    let wanted = &found.wanted;
    match found.dependency.syntax {
        Syntax::DotNetFile if wanted.ends_with(".dll") => Outcome::Warns(format!(
            "warning MSB3245: Could not resolve this reference. Could not locate the assembly \
             \"{}\"",
            found.dependency.name
        )),
        Syntax::DotNetFile => Outcome::Fails(format!(
            "error MSB4019: The imported project \"{wanted}\" was not found."
        )),
        // The restore skips it, and the build is told not to restore again.
        _ if install.is_restore() => Outcome::Fails(format!(
            "error NETSDK1004: Assets file '{}/obj/project.assets.json' not found.",
            crate::layout::image_path::folder(wanted)
        )),
        _ => Outcome::Warns(format!(
            "warning MSB9008: The referenced project {written} does not exist"
        )),
    }
}

fn pip(found: &Use, written: &str, wanted: &str) -> Outcome {
    Outcome::Fails(match (found.dependency.syntax, found.dependency.editable) {
        (Syntax::Requirement, true) if !written.starts_with('/') => {
            format!("ERROR: {written} is not a valid editable requirement")
        }
        (Syntax::Requirement, _) if !written.starts_with('/') => {
            format!("Hint: It looks like a path. File '{written}' does not exist.")
        }
        (Syntax::FindLinks, _) => {
            "ERROR: Could not find a version that satisfies the requirement".to_owned()
        }
        (Syntax::Include | Syntax::Constraint, _) => {
            format!(
                "ERROR: Could not open requirements file: [Errno 2] No such file or directory: \
                 '{written}'"
            )
        }
        _ => format!(
            "ERROR: Could not install packages due to an OSError: [Errno 2] No such file or \
             directory: '{wanted}'"
        ),
    })
}

fn missing_module(name: &str) -> String {
    format!("Error: Cannot find module '{name}'")
}

fn npm(found: &Use, install: &Install<'_>, name: &str) -> Outcome {
    match found.dependency.syntax {
        Syntax::NodeFile if install.has(&["--install-links"]) => Outcome::Fails(format!(
            "npm error enoent Could not read package.json: Error: ENOENT: no such file or \
             directory, open '{}/package.json'",
            found.wanted
        )),
        Syntax::NodeRange if matches!(found.state, State::Missing(Why::NoWorkspace(_))) => {
            // The registry is asked for the name.
            Outcome::Fails("npm error code E404".to_owned())
        }
        _ => Outcome::Green(missing_module(name)),
    }
}

fn pnpm(found: &Use, name: &str, wanted: &str) -> Outcome {
    let alone = matches!(found.state, State::Missing(Why::NoWorkspace(_)));
    match found.dependency.syntax {
        Syntax::NodeWorkspace if alone => Outcome::Fails(format!(
            "ERR_PNPM_WORKSPACE_PKG_NOT_FOUND  In : \"{name}@workspace:*\" is in the \
                 dependencies but no package named \"{name}\" is present in the workspace"
        )),
        Syntax::NodeFile => {
            Outcome::Fails(format!("ENOENT: no such file or directory, scandir '{wanted}'"))
        }
        _ => Outcome::Green(missing_module(name)),
    }
}

fn yarn(found: &Use, name: &str, wanted: &str) -> Outcome {
    match found.dependency.syntax {
        Syntax::NodeLink => Outcome::Green(missing_module(name)),
        Syntax::NodeRange => {
            Outcome::Fails(format!("Couldn't find package \"{name}\" on the \"npm\" registry."))
        }
        Syntax::NodeWorkspace => {
            Outcome::Fails(format!("{name}@workspace:*: Workspace not found ({name}@workspace:*)"))
        }
        Syntax::NodePortal => Outcome::Fails("Manifest not found".to_owned()),
        _ => Outcome::Fails(format!("Package \"\" refers to a non-existing file '\"{wanted}\"'")),
    }
}

fn go(found: &Use, written: &str) -> Outcome {
    let alone = matches!(found.state, State::Missing(Why::NoWorkspace(_)));
    Outcome::Fails(match found.dependency.syntax {
        Syntax::GoUse if alone => {
            format!("go: {written}@v0.0.0: unrecognized import path, or: unknown revision v0.0.0")
        }
        Syntax::GoUse => format!(
            "go: cannot load module {written} listed in go.work file: open {}/go.mod: no such file \
             or directory",
            found.wanted
        ),
        _ => format!("go: replacement directory {written} does not exist"),
    })
}

fn maven(found: &Use, name: &str, wanted: &str) -> Outcome {
    match found.dependency.syntax {
        Syntax::MavenParent => Outcome::Fails(format!("Non-resolvable parent POM: {name}")),
        Syntax::MavenModule => {
            Outcome::Fails(format!("Child module {wanted} of pom.xml does not exist"))
        }
        _ => Outcome::Warns(format!("'systemPath' refers to a non-existing file {wanted}")),
    }
}

fn gradle(found: &Use, name: &str, wanted: &str) -> Outcome {
    match found.dependency.syntax {
        Syntax::GradleBuild => Outcome::Fails(format!("Included build '{wanted}' does not exist.")),
        Syntax::GradleProject => Outcome::Fails(format!(
            "Configuring project '{name}' without an existing directory is not allowed"
        )),
        _ => Outcome::Warns("the compiler does not find the classes of the archive".to_owned()),
    }
}
