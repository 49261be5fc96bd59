//! What commands may put into the image, as far as it matters here.

use plimsoll_syntax::shell::{Invocation, Word};

use super::image_path;
use crate::discover::paths::{file_name, image_name};
use crate::repo::Command;

/// Programs that write where they always write: into the system, or nowhere.
const HARMLESS: [&str; 58] = [
    "apt-get",
    "apt",
    "apk",
    "dnf",
    "yum",
    "microdnf",
    "pip",
    "pip3",
    "poetry",
    "uv",
    "pipenv",
    "pdm",
    "npm",
    "pnpm",
    "yarn",
    "corepack",
    "node",
    "npx",
    "cargo",
    "rustup",
    "go",
    "mvn",
    "mvnw",
    "gradle",
    "gradlew",
    "dotnet",
    "echo",
    "printf",
    "true",
    "set",
    "export",
    "cd",
    "test",
    "[",
    "rm",
    "rmdir",
    "chmod",
    "chown",
    "useradd",
    "adduser",
    "addgroup",
    "groupadd",
    "usermod",
    "update-ca-certificates",
    "ldconfig",
    "apt-mark",
    "which",
    "cat",
    "ls",
    "find",
    "sed",
    "awk",
    "grep",
    "python",
    "python3",
    "exit",
    "if",
    "ldd",
];

/// Whether a command may have made a path that no COPY did.
#[must_use]
pub(super) fn may_create(command: &Command, path: &str) -> bool {
    command.calls().any(|call| call_may_create(&call, path))
}

fn call_may_create(call: &Invocation<'_>, path: &str) -> bool {
    let mentions = |word: &Word| {
        let text = word.head();
        path.split('/').filter(|p| p.len() > 2).any(|p| text.contains(p))
    };
    let writes = call.command.redirects.iter().any(|r| {
        r.operator.starts_with('>') && file_name(r.target.text().unwrap_or("")) == file_name(path)
    });
    if writes {
        return true;
    }
    // What is built lies where the command says, or where it runs.
    let builds = matches!(call.program, "pip" | "pip3" | "uv" | "poetry" | "pdm")
        && matches!(call.subcommand(0), Some("wheel" | "download" | "build"));
    if builds {
        return true;
    }
    if call.program == "mkdir" || HARMLESS.contains(&call.program) {
        // `python -c` and scripts may do anything, where they are given the path.
        return call.program.starts_with("python")
            && !call.has("-m")
            && call.args.iter().any(mentions);
    }
    match call.program {
        "cp" | "mv" | "ln" | "install" | "rsync" | "tee" => call.args.iter().any(mentions),
        // An archive, a clone or a program of its own may hold any path.
        _ => true,
    }
}

/// Whether an image is one that holds nothing of the repository's: a language or a distribution.
#[must_use]
pub(super) fn is_plain_image(reference: &str) -> bool {
    const NAMES: [&str; 46] = [
        "python",
        "node",
        "rust",
        "golang",
        "maven",
        "gradle",
        "openjdk",
        "eclipse-temurin",
        "amazoncorretto",
        "ubuntu",
        "debian",
        "alpine",
        "fedora",
        "centos",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "busybox",
        "scratch",
        "ruby",
        "php",
        "nginx",
        "httpd",
        "bun",
        "deno",
        "buildpack-deps",
        "caddy",
        "distroless",
        "uv",
        "pypy",
        "ubi8",
        "ubi9",
        "ubi",
        "ubi-minimal",
        "ubi9-minimal",
        "sdk",
        "aspnet",
        "runtime",
        "runtime-deps",
        "cargo-chef",
        "static",
        "static-debian12",
        "base-debian12",
        "python3-debian12",
        "nodejs20-debian12",
        "cc-debian12",
    ];
    let name = image_name(reference);
    let last = file_name(&name);
    NAMES.contains(&last)
        || name.starts_with("gcr.io/distroless/")
        || name.starts_with("mcr.microsoft.com/")
        || name.starts_with("cgr.dev/chainguard/")
        || name.starts_with("bitnami/")
}

/// A list of requirements that a command writes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum List {
    /// An export writes it.
    Export(String),
    /// It holds some lines of another list.
    Filtered {
        /// The new list.
        to: String,
        /// The list it is taken from.
        from: String,
        /// Whether it keeps the lines that name paths.
        keeps_local: bool,
    },
}

/// The lists that a command writes, as absolute paths.
#[must_use]
pub(super) fn lists(command: &Command, cwd: &str) -> Vec<List> {
    let mut here = cwd.to_owned();
    let mut all = Vec::new();
    for call in command.calls() {
        if call.program == "cd" {
            here = image_path::join(&here, call.subcommand(0).unwrap_or("."));
            continue;
        }
        let Some(to) = written(&call).map(|f| image_path::join(&here, f)) else { continue };
        if is_export(&call) {
            all.push(List::Export(to));
        } else if matches!(call.program, "sed" | "grep" | "egrep" | "awk")
            && let Some(from) = call.args.iter().rev().find_map(|w| w.text())
        {
            let from = image_path::join(&here, from);
            all.push(List::Filtered { to, from, keeps_local: keeps_local(&call) });
        }
    }
    all
}

/// Whether a call exports a lock file as a list of requirements.
#[must_use]
pub(super) fn is_export(call: &Invocation<'_>) -> bool {
    let verb = call.subcommand(0);
    match call.program {
        "poetry" | "pdm" | "uv" if verb == Some("export") => true,
        "pipenv" => verb == Some("requirements") || (verb == Some("lock") && call.has("-r")),
        program if program.starts_with("python") => {
            call.has("-m") && call.has("poetry") && call.has("export")
        }
        _ => false,
    }
}

/// The file a call writes its list to.
fn written<'a>(call: &Invocation<'a>) -> Option<&'a str> {
    let redirect = call.command.redirects.iter().find(|r| r.operator.starts_with('>'));
    if let Some(redirect) = redirect {
        return redirect.target.text();
    }
    if !is_export(call) {
        return None;
    }
    let names = ["-o", "--output", "--output-file"];
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        let text = word.head();
        if names.contains(&text) {
            return words.next().and_then(Word::text);
        }
        let value = names.iter().find_map(|n| text.strip_prefix(n)?.strip_prefix('='));
        if value.is_some() {
            return value;
        }
    }
    None
}

/// Whether a filter keeps the lines that name files: `sed -n '/file:/p'`, `grep file:`.
fn keeps_local(call: &Invocation<'_>) -> bool {
    let script = call.args.iter().any(|w| w.head().contains("file:"));
    match call.program {
        "sed" => script && call.has("-n"),
        "grep" | "egrep" => {
            script && !call.args.iter().any(|w| w.head().starts_with('-') && w.head().contains('v'))
        }
        _ => false,
    }
}
