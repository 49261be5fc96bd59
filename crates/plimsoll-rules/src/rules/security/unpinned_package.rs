//! Packages of languages that are installed in whatever version there is.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Takes, Word};

use crate::repo::{Command, DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::{Install, Manager, install, needed, package_name, values};

pub(crate) static RULE: Rule = Rule {
    name: "security/unpinned-package",
    section: Section::Security,
    level: Level::Advice,
    assures: "packages that a build names have a version",
    aliases: &["DL3013", "DL3016", "DL3028", "DL3062"],
    page: include_str!("unpinned_package.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    // What Poetry's version breaks is the word of another rule.
    let exports = file.stages.iter().flat_map(|s| s.runs()).any(|(_, c)| {
        c.calls().any(|call| call.program == "poetry" && call.subcommand(0) == Some("export"))
    });
    for stage in needed(review, file) {
        let constrained = file.lineage(stage.index).iter().flat_map(|s| &s.steps).any(|s| match &s.kind {
            StepKind::Env(pairs) => pairs.iter().any(|(n, _)| n.value.ends_with("_CONSTRAINT")),
            _ => false,
        });
        for (_, command) in stage.runs().filter(|(_, c)| !constrained && !c.text().contains("_CONSTRAINT")) {
            look(command, exports, out);
        }
    }
}

fn look(command: &Command, exports: bool, out: &mut Out) {
    let mut first = None;
    let mut names: Vec<&str> = Vec::new();
    let mut named = false;
    for call in command.calls() {
        let Some(packages) = packages(&call) else { continue };
        named = true;
        for (word, name) in packages {
            if (exports && name == "poetry") || names.contains(&name) {
                continue;
            }
            first = first.or(Some(word));
            names.push(name);
        }
    }
    let Some(word) = first else {
        return if named { out.examined() };
    };
    let (list, them) = match names.as_slice() {
        [one] => ((*one).to_owned(), "it"),
        [one, two] => (format!("{one} and {two}"), "them"),
        [one, two, rest @ ..] => (format!("{one}, {two} and {} more", rest.len()), "them"),
        [] => return,
    };
    out.finding(&command.place(word.span), format!("{list}: whatever version there is today"))
        .label("no version")
        .consequence("the same commit gives another image tomorrow, and may no longer build")
        .remedy(format!("name a version, or take {them} from a lock file"));
}

/// The packages a call names without a version; `None` where it installs none by name.
fn packages<'a>(call: &Invocation<'a>) -> Option<Vec<(&'a Word, &'a str)>> {
    match call.program {
        "gem" if call.subcommand(0) == Some("install") => return Some(gems(call)),
        "pipx" if call.subcommand(0) == Some("install") => {
            return Some(python(&call.parse(Takes::These(&["--python"])).positional[1..]));
        }
        "uv" if call.subcommand(0) == Some("tool") && call.subcommand(1) == Some("install") => {
            let all = call.parse(values(Manager::Uv)).positional;
            return Some(python(all.get(2..).unwrap_or_default()));
        }
        "yarn" if call.subcommand(0) == Some("global") && call.subcommand(1) == Some("add") => {
            let all = call.parse(values(Manager::Yarn)).positional;
            return Some(node(all.get(2..).unwrap_or_default()));
        }
        _ => {}
    }
    let install = install(*call)?;
    match install.manager {
        Manager::Pip | Manager::Uv => {
            let bound = ["-c", "--constraint", "--constraints", "--require-hashes", "--no-index"];
            let is_bound = |w: &Word| bound.contains(&w.head().split('=').next().unwrap_or_default());
            (!call.args.iter().any(is_bound)).then(|| python(&install.packages))
        }
        Manager::Npm | Manager::Pnpm if is_global(&install) => Some(node(&install.packages)),
        Manager::Go if install.verb == "install" => Some(go(&install)),
        Manager::Cargo if install.verb == "install" => cargo(&install),
        _ => None,
    }
}

fn is_global(install: &Install<'_>) -> bool {
    ["-g", "--global", "--location=global"].iter().any(|f| install.call.has(f))
}

/// What names a package, and no file, folder or address.
fn by_name(word: &Word) -> Option<&str> {
    let text = word.text()?;
    let file = [".whl", ".gz", ".zip", ".tgz", ".gem", ".txt"].iter().any(|e| text.ends_with(e));
    let path = text.starts_with(['.', '/', '~', '-', '{']) || text.contains(':') || text.contains('*');
    (!text.is_empty() && !file && !path).then_some(text)
}

fn python<'a>(words: &[&'a Word]) -> Vec<(&'a Word, &'a str)> {
    let named = words.iter().filter_map(|w| Some((*w, by_name(w)?)));
    let loose = |t: &str| !t.contains(['=', '<', '>', '~', '!', '@', '/', '\\']);
    let own = ["pip", "setuptools", "wheel"];
    named.filter(|(_, t)| loose(t)).map(|(w, t)| (w, package_name(t))).filter(|(_, n)| !own.contains(n)).collect()
}

fn node<'a>(words: &[&'a Word]) -> Vec<(&'a Word, &'a str)> {
    let named = words.iter().filter_map(|w| Some((*w, by_name(w)?)));
    let loose = |t: &str| {
        let name = package_name(t);
        let scoped = t.starts_with('@') || !t.contains('/');
        scoped && matches!(&t[name.len()..], "" | "@latest" | "@next" | "@beta" | "@canary")
    };
    named.filter(|(_, t)| loose(t)).map(|(w, t)| (w, package_name(t))).collect()
}

fn gems<'a>(call: &Invocation<'a>) -> Vec<(&'a Word, &'a str)> {
    let args = call.parse(Takes::These(&[
        "-v", "--version", "-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P", "--trust-policy",
    ]));
    if args.has(&["-v", "--version", "--local", "-l", "-g", "--file"]) {
        return Vec::new();
    }
    args.positional.iter().skip(1).filter_map(|w| Some((*w, by_name(w)?))).collect()
}

fn go<'a>(install: &Install<'a>) -> Vec<(&'a Word, &'a str)> {
    let moving = |t: &str| ["@latest", "@master", "@main", "@HEAD"].iter().any(|v| t.ends_with(v));
    let all = install.packages.iter().filter_map(|w| Some((*w, w.text()?)));
    let name = |t: &'a str| t.split('@').next().and_then(|m| m.rsplit('/').next()).unwrap_or(t);
    all.filter(|(_, t)| moving(t)).map(|(w, t)| (w, name(t))).collect()
}

fn cargo<'a>(install: &Install<'a>) -> Option<Vec<(&'a Word, &'a str)>> {
    let args = install.call.parse(values(Manager::Cargo));
    if args.has(&["--version", "--vers", "--path", "--git"]) || install.packages.is_empty() {
        return None;
    }
    let all = install.packages.iter().filter_map(|w| Some((*w, by_name(w)?)));
    Some(all.filter(|(_, t)| !t.contains('@')).collect())
}
