//! Who is who in an image, and what they may do.

use serde_json::Value;

use crate::View;
use crate::descriptor::text;
use crate::index::Entry;
use crate::paths::{PathId, ROOT};

/// The user that a container runs as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: u32,
    pub(super) groups: Vec<u32>,
}

impl User {
    /// The user that the configuration names; `Err` is the name that the image does not know.
    pub(super) fn of(view: &View<'_>) -> Result<Self, String> {
        let config = view.image.config.get("config").unwrap_or(&Value::Null);
        let said = text(config, "User");
        let (user, group) = said.split_once(':').unwrap_or((&said, ""));
        if user.is_empty() {
            return Ok(Self::default());
        }
        let passwd = lines(view, "etc/passwd");
        // `name:x:uid:gid:…`; a number need not be listed.
        let field = |line: &[String], at: usize| line.get(at).and_then(|id| id.parse::<u32>().ok());
        let listed = passwd.iter().find(|line| {
            line.first().is_some_and(|name| name == user)
                || line.get(2).is_some_and(|id| id == user)
        });
        let uid = user.parse().ok().or_else(|| field(listed?, 2)).ok_or_else(|| user.to_owned())?;
        let main = listed.and_then(|line| field(line, 3)).unwrap_or(0);
        let all = lines(view, "etc/group");
        let named = all.iter().find(|line| line.first().is_some_and(|name| name == group));
        let groups = if group.is_empty() {
            let name = listed.and_then(|line| line.first().cloned()).unwrap_or_default();
            let member = |line: &&Vec<String>| {
                line.get(3)
                    .is_some_and(|all| all.split(',').any(|one| !name.is_empty() && one == name))
            };
            let others = all.iter().filter(member).filter_map(|line| field(line, 2));
            std::iter::once(main).chain(others).collect()
        } else {
            vec![group.parse().ok().or_else(|| field(named?, 2)).ok_or_else(|| group.to_owned())?]
        };
        Ok(Self { uid, groups })
    }

    /// Whether the user may execute a file, or enter a folder.
    pub(super) fn may_execute(&self, entry: &Entry) -> bool {
        let bit = match () {
            () if self.uid == 0 => 0o111,
            () if entry.uid == self.uid => 0o100,
            () if self.groups.contains(&entry.gid) => 0o010,
            () => 0o001,
        };
        entry.mode & bit != 0
    }

    /// The first folder on the way to a path that the user may not enter.
    pub(super) fn closed(&self, view: &View<'_>, path: PathId) -> Option<PathId> {
        if self.uid == 0 {
            return None;
        }
        let folders: Vec<PathId> = view.paths().up(path).skip(1).filter(|at| *at != ROOT).collect();
        let closed = |at: &PathId| view.at(*at).is_some_and(|entry| !self.may_execute(entry));
        folders.into_iter().rev().find(closed)
    }
}

/// The lines of a list of users or groups, split into their fields.
fn lines(view: &View<'_>, path: &str) -> Vec<Vec<String>> {
    let text = kept(view, path).unwrap_or_default();
    text.lines().map(|line| line.split(':').map(str::to_owned).collect()).collect()
}

/// A text that the image has at a path.
pub(super) fn kept(view: &View<'_>, path: &str) -> Option<String> {
    let path = view.paths().find(path)?;
    let (_, bytes) = view.kept(|layer| &layer.texts).find(|(at, _)| *at == path)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}
