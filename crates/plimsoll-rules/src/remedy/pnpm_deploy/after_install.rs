//! The steps after an install: what builds the service is kept before the deployment; what may
//! write into `node_modules` would be lost, for pnpm fills a new one.

use plimsoll_syntax::shell::Invocation;

use super::Deploy;
use crate::discover::paths::{file_name, folder, join};
use crate::layout::image_path;
use crate::remedy::dockerfile::text_of;
use crate::repo::{Command, Step, StepKind};
use crate::views::Manager;

/// Programs that write their result beside the sources.
const COMPILERS: [&str; 17] = [
    "tsc",
    "nest",
    "vite",
    "tsup",
    "tsdown",
    "esbuild",
    "swc",
    "babel",
    "rollup",
    "webpack",
    "ncc",
    "unbuild",
    "tsc-alias",
    "cpx",
    "copyfiles",
    "rimraf",
    "shx",
];

/// Programs that do nothing to `node_modules`, as they are used after an install.
const PLAIN: [&str; 10] = ["cd", "cp", "rm", "mkdir", "mv", "echo", "ls", "true", "set", "test"];

/// Scripts that a deployment runs again: pnpm 9 and 10 in the folder of the service, 12 in what it
/// deploys, where nothing of the development is left.
const WHEN_INSTALLED: [&str; 4] = ["preinstall", "install", "postinstall", "prepare"];

/// What a step has to do with the packages of Node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Only what builds needs it.
    Builder,
    /// What builds and what ships need it.
    Both,
}

/// What a RUN is for.
pub(super) fn part(command: &Command) -> Part {
    let mut builder = false;
    for call in command.calls() {
        match file_name(call.program) {
            "npm" if call.has("-g") || call.has("--global") => {
                let tool = |w: &str| w == "pnpm" || w.starts_with("pnpm@") || w == "corepack";
                let words = call.args.iter().filter_map(|w| w.text());
                let names = words.filter(|w| !w.starts_with('-')).skip(1);
                if !names.into_iter().all(tool) {
                    return Part::Both;
                }
                builder = true;
            }
            "npm" | "npx" | "pnpm" | "pnpx" | "yarn" | "corepack" => builder = true,
            name if COMPILERS.contains(&name) => builder = true,
            name if PLAIN.contains(&name) => {}
            _ => return Part::Both,
        }
    }
    if builder { Part::Builder } else { Part::Both }
}

impl Deploy<'_, '_> {
    /// Whether a step after the install builds something.
    pub(super) fn builds(&self, end: usize) -> bool {
        self.later(end).any(|s| matches!(s.kind, StepKind::Run(_)))
    }

    fn later(&self, end: usize) -> impl Iterator<Item = &Step> {
        self.stage().steps.iter().take(end).skip(self.install.moment.step + 1)
    }

    /// Whether every step of the builder may precede the deployment.
    pub(super) fn check_steps(&self, end: usize) -> Result<(), String> {
        for stage in self.case.file.lineage(self.stage().index) {
            let own = stage.index == self.stage().index;
            let steps = stage.steps.iter().take(if own { end } else { usize::MAX });
            for step in steps {
                if let StepKind::User(user) = &step.kind
                    && !matches!(user.value.split(':').next(), Some("root" | "0"))
                {
                    return Err(format!(
                        "pnpm runs as {}, which may not write {}",
                        user.value, self.out
                    ));
                }
            }
        }
        for step in self.later(end) {
            let StepKind::Run(command) = &step.kind else { continue };
            if !command.calls().all(|c| self.is_harmless(&c)) {
                let run = text_of(self.text(), &step.at);
                let line = run.lines().next().unwrap_or(run);
                return Err(format!(
                    "`{line}` may write where pnpm takes nothing from when it deploys: node_modules, \
                     or another folder than the service's"
                ));
            }
        }
        self.check_scripts()?;
        self.check_members(end)
    }

    /// What the service or a member does when it is installed happens elsewhere in a deployment.
    fn check_scripts(&self) -> Result<(), String> {
        let members = self.members.iter().map(|m| format!("{m}/package.json"));
        for path in std::iter::once(self.service.path.to_string()).chain(members) {
            if let Some(script) = WHEN_INSTALLED.iter().find(|s| self.script(&path, s).is_some()) {
                return Err(format!(
                    "{path} has a script `{script}`, which a deployment runs again"
                ));
            }
        }
        Ok(())
    }

    /// A member that is compiled must be compiled before it is deployed.
    fn check_members(&self, end: usize) -> Result<(), String> {
        let sources = self.case.review.sources;
        for member in &self.members {
            let path = format!("{member}/package.json");
            let Some(manifest) = self.case.review.repo.packages.get(&path) else { continue };
            let main = manifest.main.as_deref().unwrap_or("index.js");
            let has_main = join(member, main).is_some_and(|p| sources.kind(&p).is_some());
            let is_built = self.later(end).any(|s| match &s.kind {
                StepKind::Run(c) => c.calls().any(|c| is_of_many(&c)),
                _ => false,
            });
            if !has_main && self.script(&path, "build").is_some() && !is_built {
                return Err(format!(
                    "{member} must be built first: `pnpm --filter {}^... build`",
                    self.name
                ));
            }
        }
        Ok(())
    }

    fn is_harmless(&self, call: &Invocation<'_>) -> bool {
        let name = file_name(call.program);
        match name {
            "npx" | "pnpx" => call.subcommand(0).is_some_and(|p| COMPILERS.contains(&p)),
            "npm" | "pnpm" | "yarn" => self.is_build(call),
            name if PLAIN.contains(&name) => call.args.iter().all(|w| self.is_inside(w.head())),
            _ => COMPILERS.contains(&name),
        }
    }

    /// Whether a word names nothing outside of the workspace, and nothing in node_modules.
    fn is_inside(&self, word: &str) -> bool {
        let outside = word.starts_with('/') && image_path::below(&self.top, word).is_none();
        !outside && !word.contains("node_modules")
    }

    /// Whether a call runs build scripts that are written out and only compile.
    fn is_build(&self, call: &Invocation<'_>) -> bool {
        let words: Vec<&str> = call.args.iter().filter_map(|w| w.text()).collect();
        let ran = words.iter().copied().find(|w| *w == "build" || w.starts_with("build:"));
        let tool = |w: &&&str| COMPILERS.contains(*w);
        let Some(script) = ran else {
            return matches!(words.first(), Some(&"exec")) && words.get(1).iter().any(tool);
        };
        let own = self.service.path.to_string();
        let members = self.members.iter().map(|m| format!("{m}/package.json"));
        let all = std::iter::once(own).chain(members.filter(|_| is_of_many(call)));
        // What stands before and after a script runs with it.
        let names = ["", "pre", "post"].map(|n| format!("{n}{script}"));
        all.flat_map(|p| names.iter().filter_map(move |n| self.script(&p, n)).collect::<Vec<_>>())
            .all(|s| only_compiles(&s))
    }

    /// A script of a manifest.
    fn script(&self, path: &str, name: &str) -> Option<String> {
        let document = plimsoll_syntax::yaml::parse(self.case.review.sources.text(path)?);
        document.documents().next()?.get("scripts")?.get(name)?.as_str().map(str::to_owned)
    }

    /// Whether what ships starts pnpm itself.
    pub(super) fn starts_pnpm(&self) -> bool {
        let file = self.case.file;
        let Some(last) = file.stages.get(self.case.last) else { return false };
        let manager = |c: &Command| {
            c.calls().any(|c| matches!(file_name(c.program), "pnpm" | "pnpx" | "corepack"))
        };
        file.lineage(last.index).iter().flat_map(|s| &s.steps).any(|s| match &s.kind {
            StepKind::Cmd(c) | StepKind::Entrypoint(c) => manager(c),
            StepKind::Healthcheck(c) => c.as_ref().is_some_and(manager),
            _ => false,
        })
    }

    /// Whether a step of the stage belongs to the builder: it copies the workspace, or runs what
    /// installs and builds.
    pub(super) fn is_builder(&self, index: usize, step: &Step) -> bool {
        match &step.kind {
            StepKind::Run(command) => {
                index == self.install.moment.step && self.install.manager == Manager::Pnpm
                    || part(command) == Part::Builder
            }
            StepKind::Copy(copy) => copy.from.is_none(),
            _ => false,
        }
    }

    /// The service's folder in the repository.
    pub(super) fn own(&self) -> &str {
        folder(&self.service.path)
    }
}

/// Whether a call is for members besides the one it stands in.
fn is_of_many(call: &Invocation<'_>) -> bool {
    call.args.iter().filter_map(|w| w.text()).any(|w| {
        matches!(w, "-r" | "--recursive" | "-F" | "--filter") || w.starts_with("--filter=")
    })
}

/// Whether every command of a script is one that only compiles.
fn only_compiles(script: &str) -> bool {
    script.split(['&', ';', '|']).map(str::trim).filter(|c| !c.is_empty()).all(|command| {
        let program = command.split_whitespace().next().unwrap_or("");
        let plain = PLAIN.contains(&program) && !command.contains(" /");
        (COMPILERS.contains(&program) || plain) && !command.contains("node_modules")
    })
}
