//! Packages of languages that a command names without a version.

use plimsoll_syntax::shell::{Invocation, Takes, Word};

use super::{Install, Manager, install, package_name, values};

/// The packages a call names without a version; `None` where it installs none by name.
pub(crate) fn packages<'a>(call: &Invocation<'a>) -> Option<Vec<(&'a Word, &'a str)>> {
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
            let is_bound =
                |w: &Word| bound.contains(&w.head().split('=').next().unwrap_or_default());
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
    let path =
        text.starts_with(['.', '/', '~', '-', '{']) || text.contains(':') || text.contains('*');
    (!text.is_empty() && !file && !path).then_some(text)
}

fn python<'a>(words: &[&'a Word]) -> Vec<(&'a Word, &'a str)> {
    let named = words.iter().filter_map(|w| Some((*w, by_name(w)?)));
    let loose = |t: &str| !t.contains(['=', '<', '>', '~', '!', '@', '/', '\\']);
    let own = ["pip", "setuptools", "wheel"];
    named
        .filter(|(_, t)| loose(t))
        .map(|(w, t)| (w, package_name(t)))
        .filter(|(_, n)| !own.contains(n))
        .collect()
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
        "-v",
        "--version",
        "-i",
        "--install-dir",
        "-n",
        "--bindir",
        "-s",
        "--source",
        "-P",
        "--trust-policy",
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
