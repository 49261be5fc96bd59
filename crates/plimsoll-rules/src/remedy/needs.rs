//! What a service needs to be mended: the packages its installs do not find, those they depend
//! on in turn, and where the image must have them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::EntryKind;

use crate::discover::paths::{below, file_name, folder};
use crate::layout::installs::Install;
use crate::layout::{Found, Layout, image_path};
use crate::local::{State, Use, Uses, Why, submodule_of};
use crate::packages::{Ecosystem, Syntax, tree};
use crate::repo::Stage;
use crate::review::Review;

/// A local package that an install must find.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    /// Its folder or file in the repository.
    pub(super) folder: String,
    /// Where the image must have it.
    pub(super) wanted: String,
    /// Its name.
    pub(super) name: String,
}

/// The needs of one install.
#[derive(Clone, Debug)]
pub(super) struct Needs {
    /// The install, as an index of [`Uses::installs`].
    pub(super) install: usize,
    /// The ecosystem.
    pub(super) ecosystem: Ecosystem,
    /// What it lacks.
    pub(super) missing: BTreeSet<Need>,
    /// What it finds already, by folder.
    pub(super) present: BTreeSet<Need>,
    /// What metadata will name without a path: pip must find it installed.
    pub(super) alone: BTreeSet<Need>,
    /// Folders of wheels that another stage builds: the stage, the folder.
    pub(super) wheels: BTreeSet<(String, String)>,
    /// Whether one of them needs the root of a workspace.
    pub(super) workspace: Option<String>,
    /// Instructions that must follow what it lacks.
    pub(super) then: String,
}

/// Why nothing can be proposed.
pub(super) type Reason = String;

/// The needs of every install that lacks something, in the order of the Dockerfile.
pub(super) fn needs(
    review: &Review<'_>,
    layout: &Layout<'_>,
    uses: &Uses<'_>,
) -> Result<Vec<Needs>, Reason> {
    let mut all: BTreeMap<usize, Needs> = BTreeMap::new();
    for found in &uses.uses {
        let needs = all.entry(found.install).or_insert_with(|| Needs {
            install: found.install,
            ecosystem: found.ecosystem,
            missing: BTreeSet::new(),
            present: BTreeSet::new(),
            alone: BTreeSet::new(),
            wheels: BTreeSet::new(),
            workspace: None,
            then: String::new(),
        });
        match &found.state {
            State::Missing(why) => {
                if let Why::NoWorkspace(root) = why {
                    needs.workspace = Some(root.clone());
                }
                if let Some(stage) = wheels(layout, uses, found) {
                    needs.wheels.insert((stage, found.wanted.clone()));
                    continue;
                }
                let Some(need) = need(review, layout, uses, found)? else { continue };
                let install = &uses.installs[found.install];
                let direct = found.dependency.is_absolute()
                    && found.dependency.syntax == Syntax::DirectReference;
                if direct && install.is_pip() && !install.no_deps() {
                    needs.alone.insert(need.clone());
                }
                // Links of Node may break after the install that finds their package.
                let later = matches!(
                    why,
                    Why::LeftBehind(..) | Why::Bare(_) | Why::ManifestOnly(_) | Why::Unseen(..)
                );
                if !later && is_there(review, layout, install, &need, found.ecosystem) {
                    needs.present.insert(need);
                } else {
                    needs.missing.insert(need);
                }
            }
            State::Present { path, .. } => {
                let name = found.dependency.name.clone();
                let wanted = found.wanted.clone();
                needs.present.insert(Need { folder: path.clone(), wanted, name });
            }
            State::Unknown => {}
        }
    }
    let lacks = |n: &Needs| !(n.missing.is_empty() && n.alone.is_empty() && n.wheels.is_empty());
    let mut all: Vec<Needs> = all.into_values().filter(lacks).collect();
    for needs in &mut all {
        super::workspace::compiled::lay_out(review, uses, needs);
        inside(needs);
    }
    once(uses, &mut all);
    Ok(all)
}

/// The one stage that builds wheels into the folder an install takes them from.
fn wheels(layout: &Layout<'_>, uses: &Uses<'_>, found: &Use) -> Option<String> {
    if found.dependency.syntax != Syntax::FindLinks {
        return None;
    }
    let stage = uses.installs[found.install].moment.stage;
    let builds = |s: &&Stage| {
        s.runs().any(|(_, c)| {
            c.calls().any(|call| {
                matches!(call.subcommand(0), Some("wheel" | "download" | "build"))
                    && call.args.iter().any(|w| w.text() == Some(found.wanted.as_str()))
            })
        })
    };
    let mut all = layout.file.stages.iter().take(stage).filter(builds);
    let only = all.next().filter(|_| all.next().is_none())?;
    Some(only.name.clone().unwrap_or_else(|| only.index.to_string()))
}

/// Whether the image has a package where it is wanted, once manifests name that place.
fn is_there(
    review: &Review<'_>,
    layout: &Layout<'_>,
    install: &Install<'_>,
    need: &Need,
    ecosystem: Ecosystem,
) -> bool {
    let manifest = review.repo.packages.in_folder(&need.folder, ecosystem);
    manifest.is_some_and(|m| {
        let wanted = image_path::join(&need.wanted, file_name(&m.path));
        let found = layout.find(install.moment, &wanted);
        matches!(found, Found::Repository { path, .. } if *path == *m.path)
    })
}

/// What is copied for one call of a compiler is there for the next one of its stage.
fn once(uses: &Uses<'_>, all: &mut Vec<Needs>) {
    let compiled = |n: &Needs| !matches!(n.ecosystem, Ecosystem::Python | Ecosystem::Node);
    let mut there: Vec<(usize, Need)> = Vec::new();
    for needs in all.iter_mut().filter(|n| compiled(n)) {
        let stage = uses.installs[needs.install].moment.stage;
        needs.missing.retain(|n| !there.contains(&(stage, n.clone())));
        there.extend(needs.missing.iter().map(|n| (stage, n.clone())));
    }
    all.retain(|n| !compiled(n) || !n.missing.is_empty());
}

/// A package inside another one comes with it.
fn inside(needs: &mut Needs) {
    let all: Vec<Need> = needs.missing.iter().cloned().collect();
    needs.missing.retain(|n| {
        let holds = |o: &Need| o.folder != n.folder && below(&o.folder, &n.folder).is_some();
        !all.iter().any(holds)
    });
}

/// The package of a use that is missing.
fn need(
    review: &Review<'_>,
    layout: &Layout<'_>,
    uses: &Uses<'_>,
    found: &Use,
) -> Result<Option<Need>, Reason> {
    let name = found.dependency.name.clone();
    if let tree::Place::Gone(path) = &found.place
        && let Some((at, EntryKind::Unread)) = tree::through(review.sources, path)
    {
        return Err(format!("{name} lies in {at}, whose files are not read here"));
    }
    if let tree::Place::Gone(path) = &found.place
        && let Some(at) = submodule_of(review, path)
    {
        return Err(format!("{name} lies in the submodule {at}, which is not checked out here"));
    }
    let meant = super::manifests::meant(review, &found.manifest, &found.dependency);
    let Some(path) = found.place.folder().map(str::to_owned).or(meant) else {
        return Err(format!(
            "{name} is taken from {}, and the repository has no package of that name",
            found.dependency.path().unwrap_or("nowhere")
        ));
    };
    if let State::Missing(Why::Link(link)) = &found.state {
        return behind(review, found, link, &path).map(Some).ok_or_else(|| {
            format!(
                "{link} is a link out of the context: name the folder it leads to in {}",
                found.manifest
            )
        });
    }
    // The service's own folder is there anyway.
    if path == layout.context && !layout.context.is_empty() {
        return Ok(None);
    }
    let wanted = wanted(review, layout, uses, found, &path);
    Ok(Some(Need { folder: path, wanted, name }))
}

/// What a link leads to, where the link leads in the image.
fn behind(review: &Review<'_>, found: &Use, link: &str, path: &str) -> Option<Need> {
    let rest = below(link, path)?;
    let at = found.wanted.strip_suffix(rest)?.trim_end_matches('/');
    let to = image_path::join(image_path::folder(at), review.sources.links.get(link)?);
    let wanted = image_path::join(&to, rest);
    let folder = tree::real(review.sources, path);
    let there = review.sources.kind(&folder).is_some();
    there.then(|| Need { folder, wanted, name: found.dependency.name.clone() })
}

/// Where the image must have a package once its manifests name it by a relative path.
fn wanted(
    review: &Review<'_>,
    layout: &Layout<'_>,
    uses: &Uses<'_>,
    found: &Use,
    path: &str,
) -> String {
    let stays = !found.dependency.is_absolute() && found.place.folder().is_some();
    if stays || found.lock.is_some() {
        return found.wanted.clone();
    }
    let install = &uses.installs[found.install];
    if found.dependency.syntax == Syntax::Requirement {
        let from = folder(&found.manifest);
        return image_path::join(&install.folder, &image_path::relative(from, path));
    }
    // The manifest lies where the image has it, or where its package will lie.
    let at = manifest_folder(review, layout, uses, found);
    image_path::join(&at, &image_path::relative(folder(&found.manifest), path))
}

/// The folder of the image that holds the manifest of a use.
fn manifest_folder(
    review: &Review<'_>,
    layout: &Layout<'_>,
    uses: &Uses<'_>,
    found: &Use,
) -> String {
    let own = folder(&found.manifest);
    let package = uses.uses.iter().find(|u| {
        u.install == found.install && u.place.folder() == Some(own) && u.depth + 1 == found.depth
    });
    if let Some(package) = package.filter(|_| found.depth > 0) {
        return wanted(review, layout, uses, package, own);
    }
    let places = layout.places_of(&found.manifest);
    let install = &uses.installs[found.install];
    let here = places.iter().find(|(m, ..)| m.stage == install.moment.stage);
    let place = here.or(places.first());
    place.map_or_else(|| install.folder.clone(), |(_, to, _)| image_path::folder(to).to_owned())
}

/// The nearest folder above all of some.
pub(super) fn common<'p>(paths: impl IntoIterator<Item = &'p str>) -> String {
    let mut paths = paths.into_iter();
    let Some(first) = paths.next() else { return String::new() };
    let mut parts: Vec<&str> = first.split('/').filter(|p| !p.is_empty()).collect();
    for path in paths {
        let other = path.split('/').filter(|p| !p.is_empty());
        let same = parts.iter().zip(other).take_while(|(a, b)| *a == b).count();
        parts.truncate(same);
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn the_folder_above_all() {
        assert_eq!(common(["backend", "packages/a"]), "");
        assert_eq!(common(["services/api", "services/lib/x"]), "services");
        assert_eq!(common(["a/b", "a/b"]), "a/b");
    }
}
