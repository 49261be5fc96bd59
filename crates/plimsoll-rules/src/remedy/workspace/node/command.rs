//! The install of a workspace's root, for one service where the manager can tell.

use super::Workspace;
use crate::discover::paths::{folder, join};
use crate::packages::Ecosystem;
use crate::views::Manager;

impl Workspace<'_, '_> {
    /// The install of the root, for the service where the manager can tell.
    pub(super) fn command(&self, run: &str) -> String {
        let (install, call) = (self.install, &self.install.call);
        let beside = self.beside();
        let locked = |name: &str| beside.iter().any(|b| b == name);
        let name =
            self.case.review.repo.packages.in_folder(self.case.layout.context, Ecosystem::Node);
        let name = name.and_then(|m| m.name.clone());
        let Some(start) = self.install.at.span.zip(self.install.step.at.span) else {
            return run.to_owned();
        };
        let at = (start.0.start - start.1.start) as usize;
        let (head, rest) = run.split_at(at.min(run.len()));
        let flag = |flags: &[&str]| flags.iter().any(|f| call.has(f));
        let rest = match install.manager {
            Manager::Npm => {
                let verb = if locked("package-lock.json") { "ci" } else { "install" };
                let service = &self.service;
                ["npm install", "npm ci", "npm i"].iter().find_map(|old| {
                    let tail =
                        rest.strip_prefix(old).filter(|t| !t.starts_with(char::is_alphanumeric))?;
                    Some(format!("npm {verb} -w {service}{tail}"))
                })
            }
            Manager::Pnpm => {
                let mut flags = String::new();
                if locked("pnpm-lock.yaml") && !flag(&["--frozen-lockfile"]) {
                    flags.push_str(" --frozen-lockfile");
                }
                let chosen = name.unwrap_or_else(|| format!("./{}", self.service));
                flags.push_str(&format!(" --filter {chosen}..."));
                ["pnpm install", "pnpm i"].iter().find_map(|old| {
                    let tail =
                        rest.strip_prefix(old).filter(|t| !t.starts_with(char::is_alphanumeric))?;
                    Some(format!("pnpm install{flags}{tail}"))
                })
            }
            Manager::Yarn if self.is_berry() => {
                let plain = ["yarn install --immutable", "yarn install", "yarn"];
                plain.iter().find_map(|old| {
                    let tail = rest.strip_prefix(old)?;
                    let name = name.clone()?;
                    Some(format!("yarn workspaces focus {name}{tail}"))
                })
            }
            Manager::Yarn if locked("yarn.lock") && !flag(&["--frozen-lockfile"]) => rest
                .strip_prefix("yarn install")
                .map(|t| format!("yarn install --frozen-lockfile{t}")),
            _ => None,
        };
        rest.map_or_else(|| run.to_owned(), |rest| format!("{head}{rest}"))
    }

    /// Whether yarn is version 2 or newer.
    fn is_berry(&self) -> bool {
        let base = folder(&self.root.path);
        let lock = join(base, "yarn.lock").and_then(|p| self.case.review.sources.text(&p));
        lock.is_some_and(|t| t.contains("__metadata:"))
    }
}
