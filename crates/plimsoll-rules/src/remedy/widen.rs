//! The context grows to a folder that holds the service and its packages; or stays, where it
//! holds them already, and the packages are copied.

use std::collections::BTreeSet;

use plimsoll_model::EntryKind;

use super::change::Changes;
use super::ignorefile::{self, Growth};
use super::install::{Done, Kitchen};
use super::needs::Needs;
use super::workspace::node::Workspace;
use super::workspace::uv;
use super::{Case, Draft, builds, dockerfile, locks, manifests, proof};
use crate::discover::BuildTool;
use crate::discover::paths::{below, folder, join};
use crate::layout::image_path;
use crate::local::State;
use crate::packages::{Ecosystem, Syntax};
use crate::views::Manager;

pub(super) fn work_out(
    case: &Case<'_, '_>,
    to: &str,
    wheels: Option<&str>,
) -> Result<Draft, String> {
    let review = case.review;
    let from = case.layout.context;
    let mut changes = Changes::default();
    let mut done = Done::default();
    declarations(case, &mut changes, &mut done);
    let alone = case.needs.iter().find_map(|n| Some((n, n.workspace.as_ref()?)));
    // That of uv follows each of its installs.
    let alone = alone.filter(|(n, _)| n.ecosystem != Ecosystem::Python);
    let workspace = match alone.filter(|_| to != from || !from.is_empty()) {
        Some((needs, root)) => Some(Workspace::new(case, needs, root)?),
        None => None,
    };
    // A workspace is laid out from its root.
    let to = alone.map_or(to, |(_, root)| folder(root));
    if to != from {
        let besides = workspace.as_ref().map(Workspace::needed).unwrap_or_default();
        grow(case, to, besides, &mut changes)?;
    } else {
        unignore(case, &mut changes);
    }
    let kitchen = Kitchen {
        review,
        layout: case.layout,
        uses: case.uses,
        context: to,
        buildkit: case.builds.iter().all(|b| knows_mounts(b.tool)),
        named: None,
        wheels,
        ships: true,
    };
    for needs in case.needs {
        if let Some(workspace) = &workspace {
            workspace.lay_out(&mut changes, &mut done)?;
            break;
        }
        if let Some(sibling) = sibling(case, needs) {
            return Err(sibling);
        }
        let needs = &without_provided(case, needs, to != from);
        let python = needs.workspace.as_ref().filter(|_| needs.ecosystem == Ecosystem::Python);
        if let Some(root) = python {
            uv::lay_out(&kitchen, needs, root, &mut changes, &mut done)?;
            continue;
        }
        kitchen.mend(needs, &mut changes, &mut done);
    }
    Ok(Draft {
        changes,
        done,
        context: to.to_owned(),
        named: Vec::new(),
        packages: proof::folders(review, case.uses),
        released: false,
    })
}

/// Gives the service a wider context: its sources, its builds and its ignore file. `besides` are
/// files that the new context must hold, too.
///
/// # Errors
/// A sentence that names the build which cannot follow.
pub(super) fn grow(
    case: &Case<'_, '_>,
    to: &str,
    besides: BTreeSet<String>,
    changes: &mut Changes,
) -> Result<(), String> {
    let review = case.review;
    let from = case.layout.context;
    dockerfile::prefix(review.sources, case.file, from, to, changes);
    retarget(case, to, changes)?;
    let mut needed = needed(case);
    needed.extend(besides);
    let shared = review.found.builds.iter().any(|b| {
        b.context.folder() == Some(to) && !case.builds.iter().any(|o| std::ptr::eq(*o, b))
    });
    let last = review.found.builds.iter().all(|b| {
        b.context.folder() != Some(from) || case.builds.iter().any(|o| std::ptr::eq(*o, b))
    });
    let growth = Growth {
        from,
        to,
        dockerfile: &case.file.path,
        old: case.layout.ignore_file(),
        needed: &needed,
        ecosystem: case.needs.first().map_or(Ecosystem::Python, |n| n.ecosystem),
        shared,
        last,
    };
    ignorefile::write(review, &growth, changes);
    Ok(())
}

/// The needs that stay when sources which climbed out of the old context lead where they meant to.
fn without_provided(case: &Case<'_, '_>, needs: &Needs, widened: bool) -> Needs {
    let mut needs = needs.clone();
    if widened {
        let at = case.uses.installs[needs.install].moment;
        needs.missing.retain(|n| {
            let climbing = dockerfile::climbing(case.file, case.layout, at);
            !climbing.iter().any(|(source, dest)| {
                below(source, &n.folder)
                    .is_some_and(|rest| image_path::join(dest, rest) == n.wanted)
            })
        });
    }
    needs
}

/// Manifests and lock files with paths of one machine.
pub(super) fn declarations(case: &Case<'_, '_>, changes: &mut Changes, done: &mut Done) {
    let roots: BTreeSet<String> = case.uses.uses.iter().map(|u| u.manifest.clone()).collect();
    let direct: BTreeSet<&str> =
        case.uses.uses.iter().filter(|u| u.depth == 0).map(|u| u.manifest.as_str()).collect();
    let manager = manager(case);
    let absolute = manifests::with_absolute(case.review, roots);
    for manifest in &absolute {
        let root = direct.contains(manifest.path.as_ref());
        manifests::rewrite(case.review, manifest, manager, root, changes);
    }
    for manifest in &absolute {
        locks::rewrite(case.review, &manifest.path, changes, &mut done.notes);
    }
}

/// The manager whose tables say where local packages are: the one that wrote the list, else
/// the one that installs.
fn manager(case: &Case<'_, '_>) -> Manager {
    let export = case.uses.installs.iter().find(|i| i.export);
    let first = case.needs.first().map(|n| &case.uses.installs[n.install]);
    export.or(first).map_or(Manager::Pip, |i| if i.is_pip() { Manager::Pip } else { i.manager })
}

fn retarget(case: &Case<'_, '_>, to: &str, changes: &mut Changes) -> Result<(), String> {
    if case.builds.is_empty() {
        return Err("nothing in the repository builds it: its context is a guess".to_owned());
    }
    for build in &case.builds {
        if build.context.folder() != Some(case.layout.context) {
            return Err("its builds differ in their context".to_owned());
        }
        builds::retarget(case.review, build, to, &case.file.path, changes)?;
    }
    Ok(())
}

/// The folders of the packages, and single files, that the new context must hold.
fn needed(case: &Case<'_, '_>) -> BTreeSet<String> {
    let met = case.uses.uses.iter().filter_map(|u| u.place.folder().map(str::to_owned));
    let missing = case.needs.iter().flat_map(|n| &n.missing).map(|n| n.folder.clone());
    // uv reads the root of a workspace and its lock file.
    let roots = case.needs.iter().filter(|n| n.ecosystem == Ecosystem::Python);
    let roots = roots.filter_map(|n| n.workspace.clone());
    let locks = roots.clone().filter_map(|r| join(folder(&r), "uv.lock"));
    let all: BTreeSet<String> = met.chain(missing).chain(roots).chain(locks).collect();
    let outside = |p: &String| below(case.layout.context, p).is_none();
    let climbing = case.file.stages.iter().flat_map(|s| s.copies());
    let climbing = climbing.filter(|(_, c)| c.from.is_none()).flat_map(|(_, c)| &c.sources);
    let climbing = climbing.filter_map(|s| {
        join(case.layout.context, &s.path.value).filter(|p| case.review.sources.kind(p).is_some())
    });
    all.into_iter().chain(climbing).filter(outside).collect()
}

/// Lets through what the ignore file leaves out.
pub(super) fn unignore(case: &Case<'_, '_>, changes: &mut Changes) {
    let Some(path) = case.layout.ignore_file() else { return };
    let mut lines = String::new();
    for need in case.needs.iter().flat_map(|n| &n.missing) {
        let probe = case
            .review
            .sources
            .below(&need.folder)
            .find(|(_, e)| e.kind == EntryKind::File)
            .map_or(need.folder.as_str(), |(p, _)| p);
        if case.layout.ignored(probe).is_some()
            && let Some(inside) = below(case.layout.context, &need.folder)
        {
            lines.push_str(&format!("!{inside}\n"));
        }
    }
    if !lines.is_empty()
        && let Some(text) = case.review.sources.text(path)
    {
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        changes.insert(path, dockerfile::offset(text.len()), format!("{newline}{lines}"));
    }
}

/// Whether a build is sure to know `RUN --mount`.
fn knows_mounts(tool: BuildTool) -> bool {
    !matches!(tool, BuildTool::Kaniko | BuildTool::CloudBuildDocker | BuildTool::GcloudBuilds)
}

/// A module of Maven that depends on another one: Maven builds both from their parent, and takes
/// the other from an index when it builds one alone.
fn sibling(case: &Case<'_, '_>, needs: &Needs) -> Option<String> {
    let packages = &case.review.repo.packages;
    let alone = case.uses.uses.iter().find(|u| {
        u.install == needs.install
            && u.depth == 0
            && u.dependency.syntax == Syntax::MavenParent
            && matches!(u.state, State::Missing(_))
    })?;
    let manifest = packages.get(&alone.manifest)?;
    let local = |name: &str| !packages.named(Ecosystem::Maven, name).is_empty();
    let want = manifest.wants.iter().find(|w| local(&w.name))?;
    Some(format!(
        "{} depends on the module {}, which Maven finds only when it builds from their parent: \
         `mvn -pl … -am package`",
        manifest.path, want.name
    ))
}
