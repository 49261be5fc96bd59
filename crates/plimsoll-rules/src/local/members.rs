//! The members of a workspace that an install is about, where that is not the folder it runs in.

use crate::discover::paths::folder;
use crate::layout::image_path;
use crate::layout::installs::Install;
use crate::packages::tree::Packages;
use crate::packages::{Ecosystem, Manifest};
use crate::views::Manager;

/// The members that `uv sync` installs from the root of a workspace, each with its folder in the
/// image: those of `--package`, every one with `--all-packages` or where the root is no package.
pub(super) fn synced<'p>(
    packages: &'p Packages,
    install: &Install<'_>,
    manifest: &Manifest,
    image: &str,
) -> Option<Vec<(&'p Manifest, String)>> {
    if install.manager != Manager::Uv || install.is_pip() {
        return None;
    }
    let own = folder(&manifest.path);
    let root = packages.workspace_of(own, Ecosystem::Python)?;
    let named = install.named_packages();
    let all =
        install.has(&["--all-packages"]) || (root.path == manifest.path && root.name.is_none());
    let base = image_path::join(image, &image_path::relative(own, folder(&root.path)));
    let members = packages.members(root).into_iter().chain([folder(&root.path)]);
    let found: Vec<(&Manifest, String)> = members
        .filter_map(|f| packages.in_folder(f, Ecosystem::Python))
        .filter(|m| match &m.name {
            Some(name) if !named.is_empty() => named.iter().any(|n| {
                crate::packages::normal(Ecosystem::Python, n)
                    == crate::packages::normal(Ecosystem::Python, name)
            }),
            _ => named.is_empty() && all,
        })
        .map(|m| {
            let inside = image_path::relative(folder(&root.path), folder(&m.path));
            (m, image_path::join(&base, &inside))
        })
        .collect();
    (!found.is_empty()).then_some(found)
}
