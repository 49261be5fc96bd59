//! The installs of a Dockerfile: which manager runs where, what it reads, and what it leaves out.

use plimsoll_syntax::shell::{Args, Invocation, Takes, Word};

use super::effects::is_export;
use super::{Layout, Moment, compilers, image_path};
use crate::packages::{Dependency, Group, Syntax, Target, normal, requirements};
use crate::repo::{Command, DockerfileView, Place, StepKind};
use crate::views::{Manager, install, values};

/// What an install begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// The manifest in this folder of the image.
    Folder(String),
    /// A requirements file.
    Requirements(String),
    /// A constraints file.
    Constraints(String),
    /// A path the command names itself: as it is written, in the image, linked, where.
    Path {
        /// As it is written.
        text: String,
        /// In the image.
        path: String,
        /// Whether it is linked: `-e`.
        editable: bool,
        /// The word.
        at: Place,
    },
}

/// A command that installs what manifests list.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// When it runs.
    pub moment: Moment,
    /// The command of the RUN it stands in.
    pub command: &'a Command,
    /// The RUN.
    pub step: &'a crate::repo::Step,
    /// The manager.
    pub manager: Manager,
    /// Whether it only writes a list of what is to be installed.
    pub export: bool,
    /// The call.
    pub call: Invocation<'a>,
    /// The call's place.
    pub at: Place,
    /// The folder of the image it runs in.
    pub folder: String,
    /// What it begins with.
    pub roots: Vec<Root>,
}

impl<'a> Layout<'a> {
    /// The installs of the stages that a target needs, in order.
    #[must_use]
    pub fn installs(&self, target: Option<&str>) -> Vec<Install<'a>> {
        let file = self.file;
        let mut stages: Vec<usize> = file.reachable(target).map(|s| s.index).collect();
        stages.sort_unstable();
        let mut all = Vec::new();
        for stage in stages {
            for (index, step) in file.stages[stage].steps.iter().enumerate() {
                let moment = Moment { stage, step: index };
                if let (StepKind::Run(command), Some(cwd)) = (&step.kind, self.cwd(moment)) {
                    of_command(moment, step, command, cwd, &mut all);
                }
            }
        }
        all
    }
}

/// Whether a Dockerfile installs anything that manifests list: a quick look, before its files are
/// followed.
#[must_use]
pub fn has_installs(file: &DockerfileView) -> bool {
    let mut all = Vec::new();
    for stage in &file.stages {
        for (index, step) in stage.steps.iter().enumerate() {
            if let StepKind::Run(command) = &step.kind {
                of_command(
                    Moment { stage: stage.index, step: index },
                    step,
                    command,
                    "/",
                    &mut all,
                );
            }
            if !all.is_empty() {
                return true;
            }
        }
    }
    false
}

fn of_command<'a>(
    moment: Moment,
    step: &'a crate::repo::Step,
    command: &'a Command,
    cwd: &str,
    all: &mut Vec<Install<'a>>,
) {
    let mut here = cwd.to_owned();
    for call in command.calls() {
        if matches!(call.program, "cd" | "pushd") {
            here = image_path::join(&here, call.subcommand(0).unwrap_or("."));
            continue;
        }
        let export = is_export(&call);
        let manager = match export {
            true => exporter(&call),
            false => match install(call) {
                Some(found) if found.from_manifest() || names_path(&call, found.manager) => {
                    found.manager
                }
                _ if is_wheel(&call) => Manager::Pip,
                _ => match compilers::manager(call) {
                    Some(manager) => manager,
                    None => continue,
                },
            },
        };
        if manager.is_system() {
            continue;
        }
        let folder = folder(&call, manager, &here);
        let roots = roots(&call, manager, export, &folder, command);
        let at = command.place(call.span());
        all.push(Install { moment, command, step, manager, export, call, at, folder, roots });
    }
}

fn exporter(call: &Invocation<'_>) -> Manager {
    match call.program {
        "uv" => Manager::Uv,
        "pdm" => Manager::Pdm,
        "pipenv" => Manager::Pipenv,
        _ => Manager::Poetry,
    }
}

/// Whether pip builds wheels: it looks for what it is given as an install does.
fn is_wheel(call: &Invocation<'_>) -> bool {
    call.program.starts_with("pip") && call.subcommand(0) == Some("wheel")
}

/// Whether pip is given a path: `pip install ../x`, `-e ./x`.
fn names_path(call: &Invocation<'_>, manager: Manager) -> bool {
    matches!(manager, Manager::Pip | Manager::Uv)
        && call.args.iter().any(|w| {
            requirements::requirement(w.head()).is_some_and(|(_, t)| matches!(t, Target::Path(_)))
        })
}

/// The folder a call works in.
fn folder(call: &Invocation<'_>, manager: Manager, here: &str) -> String {
    let flags: &[&str] = match manager {
        Manager::Poetry => &["-C", "--directory", "-P", "--project"],
        Manager::Uv => &["--directory", "--project"],
        Manager::Npm => &["--prefix", "-C"],
        Manager::Yarn => &["--cwd"],
        Manager::Pnpm => &["-C", "--dir"],
        Manager::Go => &["-C"],
        Manager::Cargo => &["--manifest-path", "--path"],
        Manager::Maven => &["-f", "--file"],
        Manager::Gradle => &["-p", "--project-dir"],
        _ => &[],
    };
    let args = Args::parse(call.args, with(manager, flags));
    let value = args.last(flags).and_then(|f| f.value.as_ref()).and_then(Word::text);
    let path = value.map_or_else(|| here.to_owned(), |v| image_path::join(here, v));
    let is_file = ["Cargo.toml", "pom.xml"].iter().any(|n| path.ends_with(n));
    if is_file { image_path::folder(&path).to_owned() } else { path }
}

/// The flags with a value, those of the folder too.
fn with(manager: Manager, flags: &[&str]) -> Takes {
    match manager {
        Manager::Maven => Takes::These(&["-f", "--file", "-pl", "-P", "-D"]),
        Manager::Gradle => Takes::These(&["-p", "--project-dir"]),
        Manager::Go => Takes::These(&["-C", "-o", "-ldflags", "-tags"]),
        Manager::Uv if flags.is_empty() => values(Manager::Uv),
        manager => values(manager),
    }
}

fn roots(
    call: &Invocation<'_>,
    manager: Manager,
    export: bool,
    folder: &str,
    command: &Command,
) -> Vec<Root> {
    let pip = matches!(manager, Manager::Pip)
        || (manager == Manager::Uv && call.subcommand(0) == Some("pip"));
    if manager == Manager::Dotnet {
        return vec![Root::Folder(project_folder(call, folder))];
    }
    if !pip || export {
        return vec![Root::Folder(folder.to_owned())];
    }
    let args = Args::parse(call.args, values(manager));
    let mut all = Vec::new();
    for flag in &args.flags {
        let Some(value) = flag.value.as_ref().and_then(Word::text) else { continue };
        let path = image_path::join(folder, value);
        match &*flag.name {
            "-r" | "--requirement" | "--requirements" => all.push(Root::Requirements(path)),
            "-c" | "--constraint" => all.push(Root::Constraints(path)),
            "-e" | "--editable" => local(value, folder, true, command.place(flag.span), &mut all),
            _ => {}
        }
    }
    for word in &args.positional {
        // `-rrequirements.txt` is read as a flag of many letters.
        let text = word.head();
        local(text, folder, false, command.place(word.span), &mut all);
    }
    for word in call.args.iter().map(Word::head).filter(|w| w.len() > 2) {
        if let Some(file) = word.strip_prefix("-r").filter(|f| !f.starts_with(['-', '='])) {
            all.push(Root::Requirements(image_path::join(folder, file)));
        }
    }
    all
}

fn local(text: &str, folder: &str, editable: bool, at: Place, all: &mut Vec<Root>) {
    let Some((_, Target::Path(path))) = requirements::requirement(text) else { return };
    // A pattern such as `/wheels/*.whl` is the shell's.
    if !path.contains(['*', '$', '?']) {
        let image = image_path::join(folder, &path);
        all.push(Root::Path { text: path, path: image, editable, at });
    }
}

/// The folder of the project that a call of `dotnet` names.
fn project_folder(call: &Invocation<'_>, here: &str) -> String {
    let takes = Takes::These(&["-c", "-o", "-r", "-f", "--configuration", "--output", "--runtime"]);
    let args = Args::parse(call.args, takes);
    let path = args.positional.get(1).and_then(|w| w.text()).map(|p| p.replace('\\', "/"));
    match path {
        Some(path) if path.ends_with("proj") || path.ends_with(".sln") => {
            image_path::folder(&image_path::join(here, &path)).to_owned()
        }
        Some(path) => image_path::join(here, &path),
        None => here.to_owned(),
    }
}

impl Install<'_> {
    /// Whether a call has one of some flags, whatever its value.
    #[must_use]
    pub fn has(&self, flags: &[&str]) -> bool {
        self.call.args.iter().map(Word::head).any(|w| {
            flags.iter().any(|f| w == *f || w.strip_prefix(f).is_some_and(|r| r.starts_with('=')))
        })
    }

    /// The values of a flag, lists taken apart.
    pub(crate) fn listed(&self, flags: &[&str]) -> Vec<String> {
        let args = Args::parse(self.call.args, values(self.manager));
        let values = args.flags.iter().filter(|f| flags.contains(&&*f.name));
        let texts = values.filter_map(|f| f.value.as_ref()?.text().map(str::to_owned));
        texts.flat_map(|t| t.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// The members that `yarn workspaces focus` names.
    #[must_use]
    pub fn focused(&self) -> Vec<String> {
        let args = Args::parse(self.call.args, values(self.manager));
        let words: Vec<&str> = args.positional.iter().filter_map(|w| w.text()).collect();
        match &words[..] {
            ["workspaces", "focus", names @ ..] => names.iter().map(|n| (*n).to_owned()).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it works as pip does: it reads what a package says of itself.
    #[must_use]
    pub fn is_pip(&self) -> bool {
        !self.export
            && (self.manager == Manager::Pip
                || (self.manager == Manager::Uv && self.call.subcommand(0) == Some("pip")))
    }

    /// Whether it leaves out what packages say they need.
    #[must_use]
    pub fn no_deps(&self) -> bool {
        self.is_pip() && self.has(&["--no-deps"])
    }

    /// Whether it may not change the lock file: what it leaves out it does not look at.
    #[must_use]
    pub fn is_frozen(&self, env: &dyn Fn(&str) -> bool) -> bool {
        match self.manager {
            Manager::Uv => self.has(&["--frozen"]) || env("UV_FROZEN"),
            _ => true,
        }
    }

    /// Whether it installs the dependencies of a group.
    #[must_use]
    pub fn takes(&self, group: &Group, production: bool) -> bool {
        match group {
            Group::Main => {
                let only = self.listed(&["--only"]);
                let none = self.manager == Manager::Uv && self.has(&["--only-group", "--only-dev"]);
                !none
                    && (self.manager != Manager::Poetry
                        || only.is_empty()
                        || only.iter().any(|o| o == "main"))
            }
            Group::Optional(extra) => self.takes_extra(extra),
            Group::Dev(name) => self.takes_dev(name, production),
            Group::Asked(name) => {
                self.has(&["--all-groups"])
                    || self.listed(&["--with", "--only"]).iter().any(|g| g == name)
            }
        }
    }

    fn takes_extra(&self, extra: &str) -> bool {
        match self.manager {
            Manager::Npm => !self.has(&["--omit=optional", "--no-optional"]),
            Manager::Yarn | Manager::Pnpm => !self.has(&["--ignore-optional", "--no-optional"]),
            Manager::Poetry => {
                self.has(&["--all-extras"])
                    || self.listed(&["-E", "--extras"]).iter().any(|e| e == extra)
            }
            Manager::Uv => {
                self.has(&["--all-extras"])
                    || self.listed(&["--extra"]).iter().any(|e| e == extra)
                    || self.brackets(extra)
            }
            Manager::Pip => self.brackets(extra),
            _ => false,
        }
    }

    /// Whether a path is given with an extra: `.[extra]`.
    fn brackets(&self, extra: &str) -> bool {
        self.call.args.iter().map(Word::head).any(|w| {
            w.split_once('[')
                .is_some_and(|(_, e)| e.trim_end_matches(']').split(',').any(|e| e.trim() == extra))
        })
    }

    fn takes_dev(&self, name: &str, production: bool) -> bool {
        match self.manager {
            Manager::Poetry if self.export => {
                self.has(&["--dev"]) || self.listed(&["--with", "--only"]).iter().any(|g| g == name)
            }
            Manager::Poetry => {
                let only = self.listed(&["--only"]);
                let without = self.listed(&["--without"]);
                !self.has(&["--no-dev"])
                    && (only.is_empty() || only.iter().any(|g| g == name))
                    && !without.iter().any(|g| g == name)
            }
            Manager::Uv => {
                let named = self.listed(&["--group", "--only-group"]).iter().any(|g| g == name);
                let without = self.listed(&["--no-group"]).iter().any(|g| g == name);
                let default = matches!(name, "dev" | "")
                    && !self.has(&["--no-dev", "--no-default-groups"])
                    && !self.export;
                !self.is_pip() && (named || self.has(&["--all-groups"]) || default) && !without
            }
            Manager::Pipenv => self.has(&["--dev", "-d"]),
            Manager::Pdm => !self.has(&["--prod", "--production", "--no-dev"]),
            Manager::Npm => {
                let omit = ["--omit=dev", "--production", "--only=production", "--only=prod"];
                !production
                    && !self.has(&omit)
                    && !self.listed(&["--omit"]).iter().any(|o| o == "dev")
            }
            Manager::Yarn => !production && !self.has(&["--production"]),
            Manager::Pnpm => !production && !self.has(&["--prod", "-P", "--production"]),
            Manager::Pip => false,
            // Cargo, Go and the others read every manifest, whatever they build.
            _ => true,
        }
    }

    /// Whether it leaves out a local dependency and does not look at it.
    #[must_use]
    pub fn skips(&self, dependency: &Dependency, env: &dyn Fn(&str) -> bool) -> bool {
        match self.manager {
            Manager::Poetry => self.has(&["--no-directory"]),
            Manager::Uv if self.is_without_sources(dependency, env) => true,
            Manager::Uv if self.is_frozen(env) && !self.is_pip() => {
                let ecosystem = crate::packages::Ecosystem::Python;
                let name = normal(ecosystem, &dependency.name);
                let named = ["--no-install-package", "--no-emit-package"];
                self.has(&["--no-install-local", "--no-emit-local"])
                    || (dependency.syntax == Syntax::UvWorkspace
                        && self.has(&["--no-install-workspace", "--no-emit-workspace"]))
                    || self.listed_raw(&named).iter().any(|n| normal(ecosystem, n) == name)
            }
            _ => false,
        }
    }

    /// Whether uv looks an index up for what `tool.uv.sources` takes from a folder.
    fn is_without_sources(&self, dependency: &Dependency, env: &dyn Fn(&str) -> bool) -> bool {
        let table =
            matches!(dependency.syntax, Syntax::UvSource | Syntax::UvWorkspace | Syntax::UvMember);
        let python = |n: &str| normal(crate::packages::Ecosystem::Python, n);
        let named = self.listed_raw(&["--no-sources-package"]);
        // A frozen lock file has the folders, whatever the table says now.
        table
            && !self.is_frozen(env)
            && (self.has(&["--no-sources"])
                || env("UV_NO_SOURCES")
                || named.iter().any(|n| python(n) == python(&dependency.name)))
    }

    /// Whether it only restores the packages of .NET.
    #[must_use]
    pub fn is_restore(&self) -> bool {
        self.manager == Manager::Dotnet && self.call.subcommand(0) == Some("restore")
    }

    /// The members of a workspace that it names: `--package`.
    #[must_use]
    pub fn packages(&self) -> Vec<String> {
        self.listed_raw(&["--package"])
    }

    /// The folders of wheels it names: `--find-links`.
    #[must_use]
    pub fn wheels(&self) -> Vec<String> {
        self.listed_raw(&["--find-links", "-f"])
    }

    /// The words after a flag that [`values`] does not know.
    fn listed_raw(&self, flags: &[&str]) -> Vec<String> {
        let words: Vec<&str> = self.call.args.iter().map(Word::head).collect();
        let pairs = words.windows(2).filter(|w| flags.contains(&w[0])).map(|w| w[1].to_owned());
        let joined = words.iter().filter_map(|w| {
            flags.iter().find_map(|f| w.strip_prefix(f)?.strip_prefix('=')).map(str::to_owned)
        });
        pairs.chain(joined).collect()
    }
}
