//! Which dependencies of a manifest an install takes: its groups, and the members of the workspace
//! that answer to a name.

use super::walk::{At, Walk};
use crate::discover::paths::folder;
use crate::packages::locks::Lock;
use crate::packages::{Base, Dependency, Ecosystem, Group, Syntax, Target};

impl Walk<'_, '_> {
    pub(super) fn takes(&self, at: &At<'_>, dependency: &Dependency) -> bool {
        let is_include = matches!(dependency.syntax, Syntax::Include | Syntax::Constraint);
        if at.constraint && !is_include && !self.is_wanted(&dependency.name) {
            return false;
        }
        if at.exported {
            // The export chose the groups.
            return self.export_takes(dependency);
        }
        if at.depth == 0 {
            return self.install.takes(&dependency.group, self.production);
        }
        // A package of Node brings what it needs, not what it is developed with.
        if at.manifest.ecosystem == Ecosystem::Node {
            return !matches!(dependency.group, Group::Dev(_));
        }
        // What a package needs for its own development is not installed with it.
        let foreign = at.manifest.ecosystem != Ecosystem::Python;
        let main = dependency.group == Group::Main
            || foreign && self.install.takes(&dependency.group, self.production);
        // An install that follows a lock file takes what it has.
        let locked = |(lock, _): &(&Lock, String)| {
            dependency.target == Target::Member || lock.local(&dependency.name).is_some()
        };
        main && (foreign || at.lock.as_ref().is_none_or(locked))
    }

    fn export_takes(&self, dependency: &Dependency) -> bool {
        let exports = self.installs.iter().filter(|i| i.export);
        exports.into_iter().any(|e| e.takes(&dependency.group, false))
    }

    /// Names that a member of the workspace answers, as npm and yarn take them.
    pub(super) fn members(&self, at: &At<'_>) -> Vec<Dependency> {
        let ecosystem = at.manifest.ecosystem;
        let syntax = match ecosystem {
            Ecosystem::Node => Syntax::NodeRange,
            Ecosystem::Go => Syntax::GoUse,
            _ => return Vec::new(),
        };
        let packages = &self.review.repo.packages;
        let Some(root) = packages.workspace_of(folder(&at.manifest.path), ecosystem) else {
            return Vec::new();
        };
        if ecosystem == Ecosystem::Go && self.has_work(at, root) {
            return Vec::new();
        }
        let members = packages.members(root);
        let local = |name: &str| {
            packages.named(ecosystem, name).iter().any(|f| members.contains(&f.as_str()))
        };
        let declared = |name: &str| at.manifest.dependencies.iter().any(|d| d.name == name);
        let wants = at.manifest.wants.iter().filter(|w| local(&w.name) && !declared(&w.name));
        wants
            .map(|w| Dependency {
                name: w.name.clone(),
                target: Target::Member,
                base: Base::Manifest,
                syntax,
                group: w.group.clone(),
                editable: true,
                at: w.at.clone(),
                path_at: None,
            })
            .collect()
    }
}
