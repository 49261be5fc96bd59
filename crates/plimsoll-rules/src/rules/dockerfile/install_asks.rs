//! A package manager that waits for an answer.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::{Invocation, Separator, Takes, Word};

use crate::repo::{Command, DockerfileView, Stage, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::{Flags, behind, hides_flags};
use crate::views::{Manager, needed, values};

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/install-asks",
    section: Section::Dockerfile,
    level: Level::ShouldFix,
    assures: "package managers ask nothing",
    aliases: &["DL3014", "DL3030", "DL3034", "DL3038", "DS-0021"],
    page: include_str!("install_asks.md"),
    check: Check::Dockerfile(check),
};

/// How a package manager is told not to ask.
struct Asks {
    programs: &'static [&'static str],
    verbs: &'static [&'static str],
    takes: Takes,
    yes: Flags,
    flag: &'static str,
}

const NONE: Takes = Takes::These(&[]);

static MANAGERS: [Asks; 4] = [
    Asks {
        programs: &["apt-get", "apt", "aptitude"],
        verbs: &[
            "install",
            "remove",
            "purge",
            "upgrade",
            "dist-upgrade",
            "full-upgrade",
            "build-dep",
        ],
        takes: NONE,
        yes: Flags {
            short: "ysd",
            valued: "oct",
            long: &[
                "--yes",
                "--assume-yes",
                "--force-yes",
                "--assume-no",
                "--simulate",
                "--dry-run",
                "--just-print",
                "--print-uris",
                "--download-only",
            ],
        },
        flag: "-y",
    },
    Asks {
        programs: &["dnf", "yum", "tdnf"],
        verbs: &[
            "install",
            "localinstall",
            "update",
            "upgrade",
            "remove",
            "erase",
            "groupinstall",
            "reinstall",
            "distro-sync",
            "autoremove",
        ],
        takes: NONE,
        yes: Flags { short: "y", valued: "cdexR", long: &["--assumeyes", "--assumeno"] },
        flag: "-y",
    },
    Asks {
        programs: &["zypper"],
        verbs: &["install", "in", "remove", "rm", "update", "up", "dist-upgrade", "dup", "patch"],
        takes: NONE,
        yes: Flags {
            short: "yn",
            valued: "cDRCrt",
            long: &["--no-confirm", "--non-interactive", "--dry-run"],
        },
        flag: "-y",
    },
    Asks {
        programs: &["conda", "mamba"],
        verbs: &["install", "create", "remove", "update", "upgrade"],
        takes: NONE,
        yes: Flags { short: "y", valued: "ncp", long: &["--yes", "--dry-run"] },
        flag: "-y",
    },
];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        if file.lineage(stage.index).into_iter().any(answers) {
            continue;
        }
        for (_, command) in stage.runs() {
            for call in command.calls() {
                look(command, &call, out);
            }
        }
    }
}

fn look(command: &Command, call: &Invocation<'_>, out: &mut Out) {
    let Some(manager) = MANAGERS.iter().find(|m| m.programs.contains(&call.program)) else {
        return;
    };
    let takes =
        if manager.programs.contains(&"apt-get") { values(Manager::Apt) } else { manager.takes };
    let Some(verb) = call.parse(takes).positional.first().copied() else { return };
    let Some(name) = verb.text().filter(|t| manager.verbs.contains(t)) else { return };
    if manager.yes.on(call) || is_quiet(call) || hides_flags(call) || is_fed(call) {
        return out.examined();
    }
    let message = format!("{} {name} asks whether to go on", call.program);
    let draft = out.finding(&command.place(call.span()), message);
    draft
        .label(format!("no {}", manager.flag))
        .consequence("nobody answers in a build: it stops when more is to be done than was named")
        .remedy(format!("add {}", manager.flag));
    let edits = behind(command, verb, &format!(" {}", manager.flag));
    if !edits.is_empty() {
        draft.fix("answer yes", Applicability::Safe, edits);
    }
}

/// apt takes a second `q` for a yes.
fn is_quiet(call: &Invocation<'_>) -> bool {
    let quiet = |w: &Word| {
        let head = w.head();
        let short = head.starts_with('-') && !head.starts_with("--");
        let level = head.rsplit_once('=').is_some_and(|(_, n)| n == "2");
        if short && !head.contains('=') {
            head.bytes().filter(|b| *b == b'q').count()
        } else {
            2 * usize::from(level && (short || head.starts_with("--quiet")))
        }
    };
    let long = call.args.iter().filter(|w| w.text() == Some("--quiet")).count();
    let named = |w: &Word| w.head().to_ascii_lowercase().contains("assume");
    call.args.iter().map(quiet).sum::<usize>() + long >= 2 || call.args.iter().any(named)
}

/// Whether something writes the answers.
fn is_fed(call: &Invocation<'_>) -> bool {
    call.command.before == Separator::Pipe
        || call.command.redirects.iter().any(|r| r.operator.starts_with('<'))
}

/// Whether a stage configures the answer for all that follows.
fn answers(stage: &Stage) -> bool {
    let named = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["assume-yes", "assumeyes", "always_yes", "apt.conf", "condarc"]
            .iter()
            .any(|t| text.contains(t))
    };
    stage.steps.iter().any(|step| match &step.kind {
        StepKind::Run(c) => c.text().lines().any(|l| !l.contains("--assume") && named(l)),
        StepKind::Env(pairs) => pairs.iter().any(|(name, _)| named(&name.value)),
        StepKind::Copy(c) => named(&c.dest.value) || c.sources.iter().any(|s| named(&s.path.value)),
        _ => false,
    })
}
