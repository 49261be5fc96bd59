//! Whether an install leaves a link to the folder of a package, or a copy of its files.

use super::node::{Taken, taken};
use crate::layout::installs::Install;
use crate::layout::{Layout, Moment};
use crate::packages::Dependency;
use crate::repo::StepKind;
use crate::views::Manager;

/// Archives are unpacked, whatever names them.
const ARCHIVES: [&str; 5] = [".tgz", ".tar.gz", ".whl", ".zip", ".tar"];

/// Whether a dependency becomes a link; `editable` is what the lock file or manifest says.
pub(super) fn is_linked(
    install: &Install<'_>,
    dependency: &Dependency,
    editable: bool,
    env: &dyn Fn(&str) -> bool,
) -> bool {
    if dependency.path().is_some_and(|p| ARCHIVES.iter().any(|a| p.ends_with(a))) {
        return false;
    }
    match install.manager {
        Manager::Uv => editable && !install.has(&["--no-editable"]) && !env("UV_NO_EDITABLE"),
        Manager::Npm if env("NPM_CONFIG_INSTALL_LINKS") => false,
        Manager::Npm | Manager::Pnpm | Manager::Yarn => taken(install, dependency) != Taken::Copied,
        _ => editable,
    }
}

/// Whether the list that an export writes names no links: the export is told so, or a command
/// takes `-e` off its lines.
pub(super) fn is_undone(layout: &Layout<'_>, export: &Install<'_>, until: Moment) -> bool {
    let strips = |text: &str| {
        ["s/^-e ", "s|^-e ", "s/-e ", "s|-e ", "s/^-e\\s"].iter().any(|p| text.contains(p))
    };
    let stage = |index: usize| layout.file.lineage(index).into_iter();
    let mut steps = stage(export.moment.stage).chain(stage(until.stage)).flat_map(|s| &s.steps);
    export.has(&["--no-editable"])
        || steps.any(|s| matches!(&s.kind, StepKind::Run(c) if strips(c.text())))
}
