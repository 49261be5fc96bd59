//! Compilers and headers in the shipped image.

use plimsoll_model::{ImageReport, Level, NeedlessKind, OwnerKind, Section};

use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::imaged::{Images, images, needless, packages, size};
use crate::views::purpose::is_to_build_on;
use crate::views::{Install, installs, package_name, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/build-tools-in-final-stage",
    section: Section::Image,
    level: Level::ShouldFix,
    assures: "the image has no compilers and headers",
    aliases: &[],
    page: include_str!("build_tools_in_final_stage.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    if is_to_build_on(review, file) {
        return;
    }
    for (step, command) in shipped_runs(review, file) {
        let images = images(review, file, &step.at);
        for install in installs(command).filter(|i| i.manager.is_system()) {
            look(command, &install, &images, out);
        }
    }
}

fn look(command: &Command, install: &Install<'_>, images: &Images<'_>, out: &mut Out) {
    let names = || install.packages.iter().map(|w| package_name(w.head()));
    let tools: Vec<&str> = names().filter(|n| is_build_tool(n)).collect();
    // git alone builds nothing; many a service runs it.
    let compiles = tools.iter().find(|n| **n != "git");
    let (Some(first), false) = (compiles, removed(command, install, &tools)) else {
        out.examined();
        return;
    };
    let at = install.packages.iter().find(|w| package_name(w.head()) == *first);
    let place = command.place(at.map_or(install.call.span(), |w| w.span));
    let (stay, them) = if tools.len() == 1 { ("stays", "it") } else { ("stay", "them") };
    if images.all(|image| lacks(image, &tools)) {
        return out.examined();
    }
    let draft = out.finding(&place, format!("{} {stay} in the image", list(&tools)));
    draft
        .label("a tool to build with")
        .consequence(
            "each pull carries hundreds of megabytes more, and an intruder finds a compiler",
        )
        .remedy(format!(
            "build in a stage of its own and COPY --from it what was built, or remove {them} at \
             the end of this RUN"
        ));
    images.quote(draft, figure);
}

/// Whether an image that was looked at has none of the packages, nor what they stand for.
fn lacks(image: &ImageReport, tools: &[&str]) -> bool {
    const NOTHING: u64 = 5_000_000;
    let packages = packages(image, &[OwnerKind::Apt, OwnerKind::Apk]);
    packages.is_some_and(|all| all.iter().all(|p| !tools.contains(&p.name.as_str())))
        && needless(image, NeedlessKind::Compiler) < NOTHING
        && needless(image, NeedlessKind::Headers) < NOTHING
}

fn figure(image: &ImageReport) -> Option<String> {
    let compilers = needless(image, NeedlessKind::Compiler);
    let headers =
        needless(image, NeedlessKind::Headers) + needless(image, NeedlessKind::StaticLibraries);
    (compilers + headers > 0).then(|| {
        format!(
            "has {} of compilers and {} of headers and static libraries",
            size(compilers),
            size(headers)
        )
    })
}

/// Whether the RUN takes the tools away again, all at once or by name.
fn removed(command: &Command, install: &Install<'_>, tools: &[&str]) -> bool {
    let start = install.call.span().start;
    let bundle = virtual_name(install);
    let after = || command.calls().filter(|c| c.span().start > start);
    if sweeps(after()) {
        return true;
    }
    after().any(|call| {
        let verbs = ["remove", "purge", "del", "erase", "autoremove", "auto-remove"];
        let removes = matches!(
            call.program,
            "apt-get" | "apt" | "aptitude" | "apk" | "dnf" | "yum" | "microdnf"
        ) && call.args.iter().any(|w| w.text().is_some_and(|t| verbs.contains(&t)));
        removes
            && call.args.iter().any(|w| {
                let name = package_name(w.head());
                // A name from a variable may be any of them.
                w.text().is_none() || tools.contains(&name) || bundle == Some(name)
            })
    })
}

/// Whether everything but what is marked again is marked as a dependency, and taken away.
fn sweeps<'a>(calls: impl Iterator<Item = Invocation<'a>>) -> bool {
    let mut marked = false;
    for call in calls {
        let verb = call.subcommand(0);
        match call.program {
            "apt-mark" => marked |= verb == Some("auto"),
            "apt-get" | "apt" | "aptitude" => {
                let auto = call.has("--auto-remove") || call.has("--autoremove");
                let removes = matches!(verb, Some("purge" | "remove")) && auto;
                if marked
                    && (removes || matches!(verb, Some("autoremove" | "auto-remove" | "autopurge")))
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// The name under which apk groups what it adds.
fn virtual_name<'a>(install: &Install<'a>) -> Option<&'a str> {
    let mut words = install.call.args.iter();
    while let Some(word) = words.next() {
        if matches!(word.text(), Some("-t" | "--virtual")) {
            return words.next().map(|w| w.head());
        }
        if let Some(name) = word.text().and_then(|t| t.strip_prefix("--virtual=")) {
            return Some(name);
        }
    }
    None
}

fn is_build_tool(name: &str) -> bool {
    const TOOLS: [&str; 22] = [
        "gcc",
        "g++",
        "cc",
        "c++",
        "clang",
        "make",
        "automake",
        "autoconf",
        "libtool",
        "cmake",
        "ninja-build",
        "build-essential",
        "build-base",
        "alpine-sdk",
        "musl-dev",
        "gcc-c++",
        "pkg-config",
        "pkgconf",
        "cargo",
        "rustc",
        "bison",
        "git",
    ];
    TOOLS.contains(&name)
        || name.ends_with("-dev")
        || name.ends_with("-devel")
        || name.strip_prefix("gcc-").is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()))
}

fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] if all.len() < 3 => format!("{} and {last}", all.join(", ")),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}
