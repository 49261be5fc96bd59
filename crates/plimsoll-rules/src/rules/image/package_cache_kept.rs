//! Caches of package managers that stay in a layer.

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::repo::{Command, DockerfileView, Stage, Step, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::{Flags, at_end, behind, hides_flags, mounted};
use crate::views::{shipped, shipped_runs};

pub(crate) static RULE: Rule = Rule {
    name: "image/package-cache-kept",
    section: Section::Image,
    level: Level::Advice,
    assures: "package managers leave no cache in the image",
    aliases: &[
        "DL3019", "DL3032", "DL3036", "DL3040", "DS-0015", "DS-0019", "DS-0020", "DS-0025",
        "DS-0027",
    ],
    page: include_str!("package_cache_kept.md"),
    check: Check::Dockerfile(check),
};

/// A package manager and its cache.
struct Cache {
    programs: &'static [&'static str],
    /// What fills the cache.
    verbs: &'static [&'static str],
    /// Folders of which one has it.
    folders: &'static [&'static str],
    /// Words of the RUN that say that it is emptied or elsewhere.
    settles: &'static [&'static str],
    level: Level,
    consequence: &'static str,
    /// What empties it at the end of a RUN.
    clean: &'static str,
}

static CACHES: [Cache; 4] = [
    Cache {
        programs: &["apk"],
        verbs: &["add", "update", "upgrade"],
        folders: &["/var/cache/apk", "/etc/apk/cache"],
        settles: &["/var/cache", "/etc/apk/cache", "cache clean"],
        level: Level::Advice,
        consequence: "each pull carries an index of packages that nothing reads",
        clean: "",
    },
    Cache {
        programs: &["dnf", "yum", "microdnf", "tdnf"],
        verbs: &["install", "update", "upgrade", "groupinstall", "localinstall", "makecache"],
        folders: &["/var/cache/dnf", "/var/cache/yum", "/var/cache/libdnf5", "/var/cache/tdnf"],
        settles: &["clean all", "/var/cache", "cachedir", "installroot"],
        level: Level::ShouldFix,
        consequence: "each pull carries tens to hundreds of megabytes that nothing reads",
        clean: "clean all",
    },
    Cache {
        programs: &["zypper"],
        verbs: &["install", "in", "update", "up", "refresh", "ref", "dist-upgrade", "dup", "patch"],
        folders: &["/var/cache/zypp"],
        settles: &["zypper clean", "zypper cc", "/var/cache"],
        level: Level::ShouldFix,
        consequence: "each pull carries tens of megabytes that nothing reads",
        clean: "clean --all",
    },
    Cache {
        programs: &["npm"],
        verbs: &["install", "i", "ci", "add"],
        folders: &["/root/.npm"],
        settles: &["cache clean", ".npm", "--cache", "_cacache", "rm -rf /root", "rm -rf ~"],
        level: Level::Advice,
        consequence: "each pull carries every package a second time, packed",
        clean: "cache clean --force",
    },
];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    let elsewhere = shipped(review, file).into_iter().any(moves_npm);
    for (step, command) in shipped_runs(review, file) {
        for cache in &CACHES {
            if !(elsewhere && cache.programs.contains(&"npm")) {
                look(review, file, (step, command), cache, out);
            }
        }
    }
}

fn look(
    review: &Review<'_>,
    file: &DockerfileView,
    (step, command): (&Step, &Command),
    cache: &Cache,
    out: &mut Out,
) {
    let fills = |c: &Invocation<'_>| {
        cache.programs.contains(&c.program)
            && c.args.iter().any(|w| w.text().is_some_and(|t| cache.verbs.contains(&t)))
    };
    let calls: Vec<Invocation<'_>> = command.calls().filter(fills).collect();
    let Some(first) = calls.iter().find(|c| !is_off(c)) else {
        if !calls.is_empty() {
            out.examined();
        }
        return;
    };
    let settled = cache.settles.iter().any(|s| command.text().contains(s))
        || cache.folders.iter().any(|f| mounted(command, f))
        || command.mounts.iter().filter_map(|m| m.target.as_deref()).any(|t| t.contains(".npm"))
        || calls.iter().any(hides_flags);
    if settled {
        return out.examined();
    }
    let program = first.program;
    let draft = out
        .finding(&command.place(first.span()), format!("{program} keeps its cache in the image"));
    draft.level(cache.level).consequence(cache.consequence);
    if cache.clean.is_empty() {
        draft.label("no --no-cache").remedy("add --no-cache");
        let edits: Vec<Edit> = calls
            .iter()
            .filter(|c| !is_off(c))
            .filter_map(|c| {
                c.args.iter().find(|w| w.text().is_some_and(|t| cache.verbs.contains(&t)))
            })
            .flat_map(|verb| behind(command, verb, " --no-cache"))
            .collect();
        if !edits.is_empty() {
            draft.fix("keep no cache", Applicability::Safe, edits);
        }
        return;
    }
    let clean = format!("{program} {}", cache.clean);
    draft
        .label("nothing in this RUN empties it")
        .remedy(format!("end the RUN with && {clean}, or mount a cache at {}", cache.folders[0]));
    if first.wrappers.is_empty()
        && let Some(edits) = at_end(review.sources, file, step, command, &clean)
    {
        draft.fix("empty the cache at the end of the RUN", Applicability::Safe, edits);
    }
}

/// Whether a call of apk says that it keeps nothing.
fn is_off(call: &Invocation<'_>) -> bool {
    const OFF: Flags =
        Flags { short: "", valued: "", long: &["--no-cache", "--cache-dir", "--no-network"] };
    call.program == "apk" && OFF.on(call)
}

/// Whether a stage sets the folder of npm's cache.
fn moves_npm(stage: &Stage) -> bool {
    let named = |text: &str| text.eq_ignore_ascii_case("npm_config_cache");
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Env(pairs) => pairs.iter().any(|(name, _)| named(&name.value)),
        StepKind::Arg(args) => args.iter().any(|a| named(&a.name.value)),
        StepKind::Run(c) => c.text().contains("npm config set cache"),
        StepKind::Copy(c) => c.sources.iter().any(|s| s.path.value.ends_with(".npmrc")),
        _ => false,
    })
}
