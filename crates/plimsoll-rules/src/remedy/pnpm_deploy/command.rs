//! The command that deploys, for the version of pnpm that runs it.
//!
//! pnpm 10 refuses to deploy from a workspace whose members are linked, but for `--legacy`, which
//! 9 and older do not know; 11 and newer need nothing. A setting on the command line is taken by
//! all of them, known or not: it serves where the version cannot be told. Tried with 8.15, 9.15,
//! 10.34, 11.28 and 12.21.

use std::collections::BTreeSet;

use plimsoll_syntax::shell::Invocation;

use super::Deploy;
use crate::discover::paths::{file_name, folder, join};
use crate::packages::Manifest;
use crate::remedy::dockerfile::text_of;
use crate::repo::Command as Run;

/// The command.
pub(super) struct Command {
    /// The instruction, with its end.
    pub(super) line: String,
    /// Whether pnpm looks at what the service is developed with, too.
    pub(super) looks_at_all: bool,
}

/// The versions of pnpm that may run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Versions {
    majors: BTreeSet<u32>,
    /// Whether one of them cannot be told.
    unknown: bool,
}

/// What stands for the newest version: those from here on are alike.
const NEWEST: u32 = 11;

impl Versions {
    /// Adds what stands after `pnpm@`: `10.34.9+sha512…`, `latest`.
    fn add(&mut self, text: &str) {
        let number = text.trim_start_matches(['^', '~', 'v']).split(['.', '+']).next();
        match number.and_then(|n| n.parse().ok()) {
            Some(major) => _ = self.majors.insert(major),
            None if matches!(text, "" | "latest") => _ = self.majors.insert(NEWEST),
            None => self.unknown = true,
        }
    }

    /// Adds what a command brings: `npm install -g pnpm@9`, `corepack prepare pnpm@9`.
    fn add_call(&mut self, call: &Invocation<'_>) {
        let brings = match call.program {
            "npm" => call.has("-g") || call.has("--global"),
            "corepack" | "npx" => true,
            _ => false,
        };
        for word in call.args.iter().filter(|_| brings) {
            match (word.text(), word.head()) {
                // corepack picks a version by itself.
                (Some("pnpm"), _) if call.program == "corepack" => {}
                (Some("pnpm"), _) => self.add(""),
                (Some(text), _) => {
                    text.strip_prefix("pnpm@").into_iter().for_each(|v| self.add(v));
                }
                (None, head) => self.unknown |= head.starts_with("pnpm@"),
            }
        }
    }

    /// The flags of a deployment, with a blank before each.
    fn flag(&self, injects: bool) -> Result<&'static str, String> {
        if self.majors.iter().any(|m| *m < 8) {
            return Err("pnpm 7 and older deploy in other ways".to_owned());
        }
        let known = !self.unknown && !self.majors.is_empty();
        let ten = self.majors.contains(&10);
        Ok(match (known, ten, self.majors.len()) {
            (true, true, _) if injects => "",
            (true, true, 1) => " --legacy",
            (true, false, _) => "",
            _ => " --config.force-legacy-deploy=true",
        })
    }
}

impl Deploy<'_, '_> {
    /// The command of the builder, whose steps end at `end`. `whole` says whether the service's
    /// own files are shipped from the folder.
    pub(super) fn command(
        &self,
        end: usize,
        whole: bool,
        notes: &mut Vec<String>,
    ) -> Result<Command, String> {
        let versions = self.versions();
        let flag = versions.flag(self.injects())?;
        let all = match self.leaves_out(end, whole) {
            Some(reason) => {
                notes.push(format!(
                    "{reason} would keep files out of what is deployed: all files are, by \
                     --config.deploy-all-files=true"
                ));
                " --config.deploy-all-files=true"
            }
            None => "",
        };
        let (mounts, name, out) = (self.mounts()?, self.name, self.out);
        let old = versions.unknown || versions.majors.iter().any(|m| *m < NEWEST);
        Ok(Command {
            line: format!("RUN {mounts}pnpm --filter {name} deploy --prod{flag}{all} {out}\n"),
            looks_at_all: old || versions.majors.is_empty(),
        })
    }

    /// The versions of pnpm that may deploy: that of the manifests, which corepack and pnpm 10 and
    /// newer obey, and those that the Dockerfile brings.
    fn versions(&self) -> Versions {
        let mut versions = Versions::default();
        for manifest in [self.root, self.service] {
            if let Some(text) = self.field(manifest, "packageManager")
                && let Some(version) = text.strip_prefix("pnpm@")
            {
                versions.add(version);
            }
        }
        let stages = self.case.file.lineage(self.stage().index);
        let runs = stages.iter().flat_map(|s| s.runs());
        for call in runs.flat_map(|(_, c): (_, &Run)| c.calls()) {
            versions.add_call(&call);
        }
        versions
    }

    /// A text of a manifest.
    fn field(&self, manifest: &Manifest, key: &str) -> Option<String> {
        let document = plimsoll_syntax::yaml::parse(self.case.review.sources.text(&manifest.path)?);
        document.documents().next()?.get(key)?.as_str().map(str::to_owned)
    }

    /// Whether the workspace is set up for pnpm 10 to deploy it.
    fn injects(&self) -> bool {
        let squeezed = |name: &str| self.beside(name).unwrap_or("").replace([' ', '"', '\''], "");
        squeezed("pnpm-workspace.yaml").contains("injectWorkspacePackages:true")
            || squeezed(".npmrc").contains("inject-workspace-packages=true")
    }

    /// What keeps files of the service or a member out of the folder. `.gitignore` does once a
    /// build has made what it names: before that, git has no such files.
    fn leaves_out(&self, end: usize, whole: bool) -> Option<String> {
        let own = folder(&self.service.path);
        let packages = &self.case.review.repo.packages;
        let folders = self.members.iter().map(String::as_str).chain(whole.then_some(own));
        let builds = self.builds(end);
        for place in folders {
            let manifest = join(place, "package.json").and_then(|p| packages.get(&p));
            if manifest.is_some_and(|m| self.has_files(m)) {
                return Some(format!("`files` of {place}/package.json"));
            }
            let mut below = self.case.review.sources.below(place).map(|(p, _)| p);
            let ignores = below.find(|p| match file_name(p) {
                ".npmignore" => true,
                ".gitignore" => builds,
                _ => false,
            });
            if let Some(path) = ignores {
                return Some(path.to_owned());
            }
        }
        None
    }

    fn has_files(&self, manifest: &Manifest) -> bool {
        let text = self.case.review.sources.text(&manifest.path).unwrap_or("");
        let document = plimsoll_syntax::yaml::parse(text);
        document.documents().next().is_some_and(|d| d.get("files").is_some())
    }

    /// The mounts of the install: the store and the credentials serve the deployment, too.
    fn mounts(&self) -> Result<String, String> {
        let run = text_of(self.text(), &self.install.step.at);
        let words = run.split_whitespace().skip(1);
        let flags: Vec<&str> =
            words.filter(|w| *w != "\\").take_while(|w| w.starts_with("--")).collect();
        match flags.iter().any(|f| f.contains("type=bind") || !f.contains("type=")) {
            true => Err("the install takes files of the context by mounts".to_owned()),
            false => Ok(flags.iter().map(|f| format!("{f} ")).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Versions;

    fn flag(versions: &[&str]) -> Result<&'static str, String> {
        let mut all = Versions::default();
        versions.iter().for_each(|v| all.add(v));
        all.flag(false)
    }

    #[test]
    fn the_flag_is_that_of_the_version() {
        assert_eq!(flag(&["9.15.9"]), Ok(""));
        assert_eq!(flag(&["10.34.9+sha512.abc"]), Ok(" --legacy"));
        assert_eq!(flag(&["latest"]), Ok(""));
        assert_eq!(flag(&["12.21.0"]), Ok(""));
        assert_eq!(flag(&["10.1.0", "latest"]), Ok(" --config.force-legacy-deploy=true"));
        assert_eq!(flag(&["next-10"]), Ok(" --config.force-legacy-deploy=true"));
        assert_eq!(flag(&[]), Ok(" --config.force-legacy-deploy=true"));
        assert!(flag(&["7.33.0"]).is_err());
    }
}
