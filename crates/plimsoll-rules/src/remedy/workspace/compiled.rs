//! Workspaces of Cargo and Go, laid out in the image: the file that lists the members, and every
//! member, beside the service as they lie in the repository.

use crate::discover::paths::{file_name, folder, join};
use crate::layout::image_path;
use crate::local::{State, Uses, Why};
use crate::packages::Ecosystem;
use crate::remedy::needs::{Need, Needs};
use crate::review::Review;

/// Turns the need of a workspace into needs of its files, where the service lies in the image as
/// it does in the workspace.
pub(in crate::remedy) fn lay_out(
    review: &Review<'_>,
    uses: &Uses<'_>,
    needs: &mut Needs,
) -> Option<()> {
    let root = review.repo.packages.get(needs.workspace.as_deref()?)?;
    let lock = match needs.ecosystem {
        Ecosystem::Rust => "Cargo.lock",
        Ecosystem::Go => "go.work.sum",
        _ => return None,
    };
    let install = &uses.installs[needs.install];
    let is_alone = |s: &State| matches!(s, State::Missing(Why::NoWorkspace(_)));
    let alone = uses.uses.iter().find(|u| u.install == needs.install && is_alone(&u.state))?;
    let (own, top) = (folder(&alone.manifest), folder(&root.path));
    let inside = image_path::relative(top, own);
    let base = install.folder.strip_suffix(&inside)?.strip_suffix('/')?;
    let base = if base.is_empty() { "/" } else { base };
    let name = |path: &str| file_name(path).to_owned();
    let file = |path: &str| Need {
        folder: path.to_owned(),
        wanted: image_path::join(base, file_name(path)),
        name: name(path),
    };
    let mut all = vec![file(&root.path)];
    let lock = join(top, lock).filter(|l| review.sources.kind(l).is_some());
    all.extend(lock.as_deref().map(file));
    let members = review.repo.packages.members(root).into_iter().filter(|m| *m != own);
    all.extend(members.map(|m| Need {
        folder: m.to_owned(),
        wanted: image_path::join(base, &image_path::relative(top, m)),
        name: name(m),
    }));
    let known: Vec<(String, String)> =
        needs.missing.iter().map(|n| (n.folder.clone(), n.wanted.clone())).collect();
    let new = |n: &Need| known.iter().all(|(f, w)| *f != n.folder || *w != n.wanted);
    needs.missing.extend(all.into_iter().filter(new));
    needs.workspace = None;
    if needs.ecosystem == Ecosystem::Rust {
        // The target folder of a workspace is that of its root.
        needs.then = format!("ENV CARGO_TARGET_DIR={}/target\n", install.folder);
    }
    Some(())
}
