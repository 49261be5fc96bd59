//! Compilers and headers that are shipped.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::views::installs;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "image/build-tools-in-final-stage",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "no build tools are shipped",
    aliases: &[],
    page: include_str!("build_tools_in_final_stage.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let Some(last) = file.last() else { return };
    for (_, run) in file.lineage(last.index).into_iter().flat_map(|s| s.runs()) {
        for install in installs(run).filter(|i| i.manager.is_system()) {
            out.examined();
            let removed = |name: &str| run.calls().any(|c| {
                let verb = c.has("purge") || c.has("remove") || c.has("del") || c.has("autoremove");
                verb && c.args.iter().any(|w| w.head() == name || w.head().starts_with('.'))
            });
            let tools: Vec<&str> = install.packages.iter().map(|w| w.head()).filter(|n| is_build_tool(n) && !removed(n)).collect();
            // A virtual package of apk is removed under its own name.
            if tools.is_empty() || run.calls().any(|c| c.program == "apk" && c.has("del")) {
                continue;
            }
            let first = install.packages.iter().find(|w| tools.contains(&w.head())).map_or(install.call.span(), |w| w.span);
            out.finding(&run.place(first), format!("build tools are shipped: {}", tools.join(", ")))
                .label("stays in the image")
                .consequence("hundreds of megabytes to pull at each cold start, and a compiler at hand for whoever gets in")
                .remedy("build in an earlier stage and copy the result, or remove them in the same RUN");
        }
    }
}

fn is_build_tool(name: &str) -> bool {
    const NAMES: [&str; 17] = [
        "build-essential", "build-base", "gcc", "g++", "gcc-c++", "make", "cmake", "autoconf", "automake", "clang", "musl-dev",
        "linux-headers", "pkg-config", "pkgconf", "rustc", "cargo", "libtool",
    ];
    let name = name.split(['=', ':']).next().unwrap_or(name);
    NAMES.contains(&name) || name.ends_with("-dev") || name.ends_with("-devel")
}
