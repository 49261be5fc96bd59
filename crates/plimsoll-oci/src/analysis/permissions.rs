//! Programs that run as somebody else, and files that everybody may change.

use plimsoll_model::{OpenPermission, Opening};

use super::{MOST_NAMED, Owners};
use crate::View;
use crate::index::{Entry, Kind};

/// Folders that everybody may write to in any image, and whose content is the container's own.
const SHARED: [&str; 5] = ["tmp", "var/tmp", "run/lock", "dev", "var/lock"];

pub(super) fn permissions(view: &View<'_>, owners: &Owners) -> Vec<OpenPermission> {
    let mut all: Vec<OpenPermission> = view
        .seen()
        .filter_map(|(path, _, entry)| {
            let how = opening(entry)?;
            let text = view.paths().text(path);
            let shared = SHARED.iter().any(|folder| {
                text.strip_prefix(folder)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            (!shared).then(|| OpenPermission {
                how,
                path: text,
                mode: format!("{:04o}", entry.mode),
                owner: owners.name(path),
            })
        })
        .take(MOST_NAMED * 20)
        .collect();
    all.sort_by(|a, b| (a.how, &a.path).cmp(&(b.how, &b.path)));
    // What is wrong with a whole folder is told by its first files.
    let mut open = 0;
    all.retain(|one| {
        open += usize::from(one.how == Opening::WorldWritable);
        one.how != Opening::WorldWritable || open <= MOST_NAMED
    });
    all
}

fn opening(entry: &Entry) -> Option<Opening> {
    let executable = entry.mode & 0o111 != 0;
    match entry.kind {
        Kind::File | Kind::Hard if entry.mode & 0o4000 != 0 && executable => Some(Opening::SetUid),
        Kind::File | Kind::Hard if entry.mode & 0o2000 != 0 && executable => Some(Opening::SetGid),
        Kind::File if entry.mode & 0o002 != 0 => Some(Opening::WorldWritable),
        // The sticky bit keeps people from deleting each other's files.
        Kind::Folder if entry.mode & 0o002 != 0 && entry.mode & 0o1000 == 0 => {
            Some(Opening::WorldWritable)
        }
        _ => None,
    }
}
