//! Libraries that programs need and that are nowhere in the image.

use std::collections::HashSet;

use plimsoll_model::MissingLibrary;

use super::{MOST_NAMED, Owners};
use crate::{Program, View};

/// What comes from the host when a container starts, or from the kernel.
const BROUGHT: [&str; 5] =
    ["libcuda.so", "libnvidia-", "libnvcuvid.so", "linux-vdso.so", "linux-gate.so"];

/// The names of everything that could be a library.
pub(super) fn names<'i>(view: &View<'i>) -> HashSet<&'i str> {
    let paths = view.paths();
    // `libc.musl-x86_64.so.1` of Alpine, `ld-linux-x86-64.so.2`: all have it.
    view.seen().map(|(path, _, _)| paths.name(path)).filter(|name| name.contains(".so")).collect()
}

/// What a program needs that is nowhere. Where a file of that name lies elsewhere than the
/// loader looks by itself, a program may bring it along; so that is not told.
pub(super) fn of_program(program: &Program, names: &HashSet<&str>) -> Vec<String> {
    let missing = program.needed.iter().filter(|needed| {
        let name = needed.rsplit('/').next().unwrap_or(needed);
        !name.is_empty()
            && !names.contains(name)
            && !BROUGHT.iter().any(|brought| name.starts_with(brought))
    });
    missing.cloned().collect()
}

pub(super) fn missing(view: &View<'_>, owners: &Owners) -> Vec<MissingLibrary> {
    let names = names(view);
    let mut all: Vec<MissingLibrary> = view
        .kept(|layer| &layer.programs)
        .filter_map(|(path, program)| {
            let libraries = of_program(program, &names);
            (!libraries.is_empty()).then(|| MissingLibrary {
                path: view.paths().text(path),
                libraries,
                owner: owners.name(path),
            })
        })
        .collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all.truncate(MOST_NAMED * 4);
    all
}
