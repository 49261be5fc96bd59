//! What a command installs, and with what.

use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::Command;

use super::values;

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the names of the programs")]
pub enum Manager {
    Apt,
    Apk,
    Dnf,
    Zypper,
    Pacman,
    Pip,
    Poetry,
    Uv,
    Pipenv,
    Pdm,
    Npm,
    Yarn,
    Pnpm,
    Bundler,
    Composer,
    Go,
    Cargo,
    Maven,
    Gradle,
    Dotnet,
}

impl Manager {
    /// Whether it installs packages of the operating system.
    #[must_use]
    pub fn is_system(self) -> bool {
        matches!(self, Self::Apt | Self::Apk | Self::Dnf | Self::Zypper | Self::Pacman)
    }

    /// Whether it installs Python packages.
    #[must_use]
    pub fn is_python(self) -> bool {
        matches!(self, Self::Pip | Self::Poetry | Self::Uv | Self::Pipenv | Self::Pdm)
    }

    /// Whether it installs Node packages.
    #[must_use]
    pub fn is_node(self) -> bool {
        matches!(self, Self::Npm | Self::Yarn | Self::Pnpm)
    }
}

/// The call of a package manager that installs something.
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// The manager.
    pub manager: Manager,
    /// The call.
    pub call: Invocation<'a>,
    /// The packages it names; none where it installs what a manifest lists.
    pub packages: Vec<&'a Word>,
    /// The subcommand: `install`, `ci`, `sync`.
    pub verb: &'a str,
}

impl Install<'_> {
    /// Whether it installs what a manifest or lock file of the application lists.
    #[must_use]
    pub fn from_manifest(&self) -> bool {
        let lists = ["-r", "--requirement", "--requirements"];
        let listed = self.call.args.iter().any(|w| {
            lists.iter().any(|l| w.head() == *l || w.head().starts_with("--requirement="))
                || w.head().starts_with("-r")
        });
        let local = self
            .packages
            .iter()
            .any(|w| matches!(w.text(), Some("." | "./" | ".[")) || w.head().starts_with(".["));
        !self.manager.is_system()
            && (listed || local || (self.packages.is_empty() && self.manager != Manager::Pip))
    }

    /// Whether it is `uv pip`, which reads no lock file of uv.
    #[must_use]
    pub fn is_uv_pip(&self) -> bool {
        self.manager == Manager::Uv && self.call.subcommand(0) == Some("pip")
    }

    /// The program and what it does, as they are written: `uv pip install`.
    #[must_use]
    pub fn shown(&self) -> String {
        let pip = if self.is_uv_pip() { "pip " } else { "" };
        format!("{} {pip}{}", self.call.program, self.verb)
    }

    /// Whether one of the packages has this name, whatever its version.
    #[must_use]
    pub fn names(&self, package: &str) -> bool {
        self.packages.iter().any(|w| package_name(w.head()) == package)
    }
}

/// The name of a package without version, extras and architecture.
#[must_use]
pub fn package_name(word: &str) -> &str {
    let scoped = usize::from(word.starts_with('@'));
    let end = word
        .char_indices()
        .skip(scoped)
        .find(|(_, c)| matches!(c, '=' | '<' | '>' | '~' | '!' | '[' | ';' | '@' | ':'));
    end.map_or(word, |(i, _)| &word[..i])
}

/// The installs of a command, in order.
pub fn installs(command: &Command) -> impl Iterator<Item = Install<'_>> {
    command.calls().filter_map(install)
}

/// The install a call makes, where it makes one.
#[must_use]
pub fn install(call: Invocation<'_>) -> Option<Install<'_>> {
    let (manager, verbs): (Manager, &[&str]) = match call.program {
        "apt-get" | "apt" | "aptitude" => (Manager::Apt, &["install"]),
        "apk" => (Manager::Apk, &["add"]),
        "dnf" | "yum" | "microdnf" | "tdnf" => {
            (Manager::Dnf, &["install", "localinstall", "swap", "reinstall"])
        }
        "zypper" => (Manager::Zypper, &["install", "in"]),
        "pacman" => return pacman(call),
        "poetry" => (Manager::Poetry, &["install", "sync"]),
        "uv" => return uv(call),
        "pipenv" => (Manager::Pipenv, &["install", "sync"]),
        "pdm" => (Manager::Pdm, &["install", "sync"]),
        "npm" => (Manager::Npm, &["install", "i", "ci", "add"]),
        "yarn" => return yarn(call),
        "pnpm" => (Manager::Pnpm, &["install", "i", "add", "fetch", "deploy"]),
        "bundle" => (Manager::Bundler, &["install"]),
        "composer" => (Manager::Composer, &["install", "require"]),
        "go" => return go(call),
        "cargo" => (Manager::Cargo, &["build", "fetch", "install", "chef"]),
        "mvn" | "mvnw" => (
            Manager::Maven,
            &["dependency:go-offline", "dependency:resolve", "package", "install", "verify"],
        ),
        "gradle" | "gradlew" => {
            (Manager::Gradle, &["build", "dependencies", "bootJar", "assemble", "shadowJar"])
        }
        "dotnet" => (Manager::Dotnet, &["restore", "publish", "build"]),
        program if is_pip(program) => (Manager::Pip, &["install"]),
        program if is_python(program) => return python_module(call),
        _ => return None,
    };
    if only_looks(manager, call) {
        return None;
    }
    with_verb(manager, call, call.args, verbs)
}

/// Whether the call says what it would do, or only downloads.
fn only_looks(manager: Manager, call: Invocation<'_>) -> bool {
    let (long, short): (&[&str], &[char]) = match manager {
        Manager::Apt => (
            &[
                "--simulate",
                "--just-print",
                "--dry-run",
                "--recon",
                "--no-act",
                "--print-uris",
                "--download-only",
            ],
            &['s', 'd'],
        ),
        Manager::Apk => (&["--simulate"], &['s']),
        _ => return false,
    };
    call.args.iter().filter_map(Word::text).any(|word| match word.strip_prefix('-') {
        Some(flags) if !flags.starts_with('-') => {
            flags.bytes().all(|b| b.is_ascii_alphabetic()) && flags.contains(short)
        }
        _ => long.contains(&word),
    })
}

fn is_pip(program: &str) -> bool {
    program
        .strip_prefix("pip")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn is_python(program: &str) -> bool {
    program
        .strip_prefix("python")
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn with_verb<'a>(
    manager: Manager,
    call: Invocation<'a>,
    args: &'a [Word],
    verbs: &[&str],
) -> Option<Install<'a>> {
    let at = args.iter().position(|w| w.text().is_some_and(|t| verbs.contains(&t)))?;
    let verb = args[at].text()?;
    // Whatever stands before the verb must be a flag or the value of one.
    let before = args[..at].iter().filter(|w| !w.head().starts_with('-')).count();
    if before > 1 {
        return None;
    }
    let rest = &args[at + 1..];
    let packages = plimsoll_syntax::shell::Args::parse(rest, values(manager)).positional;
    Some(Install { manager, call, packages, verb })
}

fn pacman(call: Invocation<'_>) -> Option<Install<'_>> {
    let flag =
        call.args.first().map(Word::head).filter(|h| h.starts_with("-S") && !h.contains('c'))?;
    let packages = call.args.iter().filter(|w| !w.head().starts_with('-')).collect();
    Some(Install { manager: Manager::Pacman, call, packages, verb: flag })
}

/// `yarn` alone installs, too.
fn yarn(call: Invocation<'_>) -> Option<Install<'_>> {
    let bare = call.args.iter().all(|w| w.head().starts_with('-'));
    if bare && !call.has("--version") {
        return Some(Install {
            manager: Manager::Yarn,
            call,
            packages: Vec::new(),
            verb: "install",
        });
    }
    if call.subcommand(0) == Some("workspaces") {
        let focus = call.subcommand(1) == Some("focus");
        // What it names are members, not packages.
        return focus.then(|| Install {
            manager: Manager::Yarn,
            call,
            packages: Vec::new(),
            verb: "workspaces",
        });
    }
    with_verb(Manager::Yarn, call, call.args, &["install", "add"])
}

fn uv(call: Invocation<'_>) -> Option<Install<'_>> {
    if call.subcommand(0) == Some("pip") {
        return with_verb(Manager::Uv, call, &call.args[1..], &["install", "sync"]);
    }
    with_verb(Manager::Uv, call, call.args, &["sync"])
}

fn go(call: Invocation<'_>) -> Option<Install<'_>> {
    if call.subcommand(0) == Some("mod") {
        return with_verb(Manager::Go, call, &call.args[1..], &["download"]);
    }
    with_verb(Manager::Go, call, call.args, &["build", "install", "get"])
}

/// `python -m pip install`.
fn python_module(call: Invocation<'_>) -> Option<Install<'_>> {
    let at = call.args.iter().position(|w| w.text() == Some("-m"))?;
    match call.args.get(at + 1)?.text()? {
        "pip" => with_verb(Manager::Pip, call, call.args.get(at + 2..)?, &["install"]),
        "poetry" => {
            with_verb(Manager::Poetry, call, call.args.get(at + 2..)?, &["install", "sync"])
        }
        "uv" => uv(Invocation { args: call.args.get(at + 2..)?, ..call }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{DockerfileView, StepKind};

    fn of(run: &str) -> Vec<(Manager, Vec<String>, bool)> {
        let file = DockerfileView::read("Dockerfile", &format!("FROM x\nRUN {run}\n"));
        let StepKind::Run(command) = &file.stages[0].steps[0].kind else { panic!("no RUN") };
        let names = |i: &Install<'_>| {
            i.packages.iter().map(|w| package_name(w.head()).to_owned()).collect()
        };
        installs(command).map(|i| (i.manager, names(&i), i.from_manifest())).collect()
    }

    #[test]
    fn installs_are_told_from_other_calls() {
        for (run, want) in [
            (
                "apt-get -y -o A=1 install --no-install-recommends curl=7.* git",
                vec![(Manager::Apt, vec!["curl", "git"], false)],
            ),
            (
                "apk add --no-cache -t deps gcc && apk del deps",
                vec![(Manager::Apk, vec!["gcc"], false)],
            ),
            ("pip3 install -r requirements.txt", vec![(Manager::Pip, vec![], true)]),
            (
                "python -m pip install --upgrade pip 'poetry==1.8'",
                vec![(Manager::Pip, vec!["pip", "poetry"], false)],
            ),
            ("uv sync --frozen --no-dev", vec![(Manager::Uv, vec![], true)]),
            ("uv pip install --system x", vec![(Manager::Uv, vec!["x"], false)]),
            ("npm ci --omit=dev && npm run build", vec![(Manager::Npm, vec![], true)]),
            ("npm i -g @scope/tool@1", vec![(Manager::Npm, vec!["@scope/tool"], false)]),
            ("yarn --frozen-lockfile", vec![(Manager::Yarn, vec![], true)]),
            ("go mod download", vec![(Manager::Go, vec![], true)]),
            ("pip install .", vec![(Manager::Pip, vec!["."], true)]),
            ("echo apt-get install", vec![]),
            (
                "apt-get install -s gcc; apt-get -yqs install gcc; apt-get install --download-only x",
                vec![],
            ),
            ("apk add -s gcc", vec![]),
        ] {
            let want: Vec<(Manager, Vec<String>, bool)> = want
                .into_iter()
                .map(|(m, p, f)| (m, p.into_iter().map(str::to_owned).collect(), f))
                .collect();
            assert_eq!(of(run), want, "{run}");
        }
    }
}
