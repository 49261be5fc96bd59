//! Calls of compilers that read the manifests of a project, whatever else they are told.

use plimsoll_syntax::shell::{Invocation, Word};

use crate::views::{Install, Manager, install};

/// Tasks of Gradle that read every project, and look dependencies up.
const TASKS: [&str; 13] = [
    "build",
    "assemble",
    "dependencies",
    "bootJar",
    "bootWar",
    "shadowJar",
    "installDist",
    "distTar",
    "jar",
    "war",
    "classes",
    "compileJava",
    "check",
];

/// The manager of a call that builds a project of the repository.
pub(super) fn manager(call: Invocation<'_>) -> Option<Manager> {
    if matches!(call.program, "gradle" | "gradlew") {
        // `:api:build` is the task of one project.
        let tasks = call.args.iter().filter_map(|w| w.text()?.rsplit(':').next());
        let builds = tasks.into_iter().any(|t| TASKS.contains(&t));
        return builds.then_some(Manager::Gradle);
    }
    let found = install(call)?;
    let reads = match found.manager {
        Manager::Maven | Manager::Dotnet => true,
        // `go install host/tool@v1` and `cargo install tool` take releases.
        Manager::Go => found.verb != "get" && found.packages.iter().all(|w| is_local(w)),
        Manager::Cargo => found.verb != "install" || is_own(&found),
        _ => false,
    };
    reads.then_some(found.manager)
}

/// `./cmd/api`, `.`, `./...`: what follows `-o` and its like counts as a folder, too.
fn is_local(word: &Word) -> bool {
    let text = word.head();
    text.starts_with(['.', '/', '-']) || text.ends_with(".go") || !text.contains(['@', '.'])
}

fn is_own(found: &Install<'_>) -> bool {
    found.call.args.iter().any(|w| w.head().split('=').next() == Some("--path"))
}
