//! Whose each file is: a package's, or nobody's but the image's own.

mod apk;
mod dpkg;
mod node;
mod python;

use std::collections::BTreeMap;

use plimsoll_model::{Owner, OwnerKind};

use crate::View;
use crate::index::Kind;
use crate::paths::{PathId, ROOT};

/// Where rpm keeps what is installed.
const RPM: [&str; 4] = [
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
];

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// What brought it.
    pub kind: OwnerKind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// Whose each path is.
pub struct Owners {
    packages: Vec<Package>,
    /// The package of each path, from 1; 0 for nobody's.
    of: Vec<u32>,
    /// What says nothing of its files.
    pub(super) not_analysed: Vec<String>,
}

impl Owners {
    pub(super) fn of(view: &View<'_>) -> Self {
        let of = vec![0; view.paths().len()];
        let mut owners = Self { packages: Vec::new(), of, not_analysed: Vec::new() };
        // The system's packages first: what they bring of Python and Node is theirs.
        dpkg::own(view, &mut owners);
        apk::own(view, &mut owners);
        let paths = view.paths();
        let is_seen = |path: &str| paths.find(path).is_some_and(|at| view.at(at).is_some());
        if let Some(database) = RPM.iter().find(|path| is_seen(path)) {
            let why = "rpm's database is not read; files of its packages count as folders";
            owners.not_analysed.push(format!("{database}: {why}"));
        }
        python::own(view, &mut owners);
        node::own(view, &mut owners);
        owners
    }

    /// The package of a path.
    #[must_use]
    pub fn of_path(&self, path: PathId) -> Option<&Package> {
        let number = self.of.get(path.0 as usize).copied().unwrap_or(0);
        self.packages.get((number as usize).checked_sub(1)?)
    }

    /// The package of a path as text: `apt gcc-12`.
    #[must_use]
    pub fn name(&self, path: PathId) -> Option<String> {
        self.of_path(path).map(|package| format!("{} {}", package.kind.name(), package.name))
    }

    /// Adds a package, and says its number.
    fn package(&mut self, kind: OwnerKind, name: &str, version: Option<&str>) -> u32 {
        let version = version.filter(|version| !version.is_empty()).map(str::to_owned);
        self.packages.push(Package { kind, name: name.to_owned(), version });
        self.packages.len() as u32
    }

    /// Gives a file to a package, where it is nobody's.
    fn give(&mut self, path: PathId, package: u32) {
        if let Some(owner) = self.of.get_mut(path.0 as usize).filter(|owner| **owner == 0) {
            *owner = package;
        }
    }

    /// Who has how much.
    pub(super) fn report(&self, view: &View<'_>) -> Vec<Owner> {
        let mut all: BTreeMap<(u32, PathId), Tally> = BTreeMap::new();
        let folders = Folders::of(view);
        for (path, seat, entry) in view.seen().filter(|(_, _, entry)| entry.size > 0) {
            let number = self.of[path.0 as usize];
            let folder = if number == 0 { folders.of_path(path) } else { ROOT };
            let tally = all.entry((number, folder)).or_default();
            tally.bytes += entry.size;
            tally.files += u64::from(entry.kind == Kind::File);
            *tally.layers.entry(seat.layer).or_insert(0) += entry.size;
        }
        let owner = |((number, folder), tally): ((u32, PathId), Tally)| {
            let package = (number as usize).checked_sub(1).and_then(|at| self.packages.get(at));
            let heaviest = tally.layers.iter().max_by_key(|(_, bytes)| **bytes);
            Owner {
                kind: package.map_or(OwnerKind::Folder, |package| package.kind),
                name: package.map_or_else(|| view.paths().text(folder), |p| p.name.clone()),
                version: package.and_then(|package| package.version.clone()),
                bytes: tally.bytes,
                files: tally.files,
                layer: heaviest.map_or(0, |(layer, _)| *layer as usize),
            }
        };
        let mut owners: Vec<Owner> = all.into_iter().map(owner).collect();
        owners.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.name.cmp(&b.name)));
        owners
    }
}

#[derive(Default)]
struct Tally {
    bytes: u64,
    files: u64,
    layers: BTreeMap<u32, u64>,
}

/// The folder under which a file without a package is told: `app`, `var/cache`, `usr/local/lib`.
struct Folders(Vec<PathId>);

impl Folders {
    fn of(view: &View<'_>) -> Self {
        const TWO: [&str; 6] = ["usr", "var", "opt", "home", "root", "etc"];
        const THREE: [&str; 2] = ["local", "lib"];
        let paths = view.paths();
        let (mut of, mut depth) = (vec![ROOT; paths.len()], vec![0_u32; paths.len()]);
        for path in paths.all().skip(1) {
            let parent = paths.parent(path);
            let level = depth[parent.0 as usize];
            let name = |at: PathId| paths.name(at);
            let deeper = match level {
                0 => true,
                1 => TWO.contains(&name(parent)),
                2 => name(paths.parent(parent)) == "usr" && THREE.contains(&name(parent)),
                _ => false,
            };
            let folder = view.at(path).is_none_or(|entry| entry.kind == Kind::Folder);
            let new = deeper && folder;
            of[path.0 as usize] = if new { path } else { of[parent.0 as usize] };
            depth[path.0 as usize] = if new { level + 1 } else { 9 };
        }
        Self(of)
    }

    fn of_path(&self, path: PathId) -> PathId {
        self.0.get(path.0 as usize).copied().unwrap_or(ROOT)
    }
}

/// A text that a layer kept and the container sees.
fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
