//! A shell that stands between the platform and the service.

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::shell::{Invocation, Separator};

use crate::discover::Service;
use crate::repo::StepKind;
use crate::review::Review;
use crate::rule::{Check, Out, Rule, insert};
use crate::views::start;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/shell-form-without-exec",
    section: Section::Runtime,
    level: Level::ShouldFix,
    assures: "The service gets SIGTERM itself",
    aliases: &["DL3025", "JSONArgsRecommended"],
    page: include_str!("shell_form_without_exec.md"),
    check: Check::Service(check),
};

/// Programs that are no service, and builtins that `exec` cannot start.
const NONE: [&str; 16] = [
    "sh", "bash", "ash", "zsh", "echo", "true", "false", "ls", "cat", "cd", ".", "source", "exit",
    "wait", "set", "eval",
];

fn check(review: &Review<'_>, service: &Service, out: &mut Out) {
    let Some(image) = start::image(review, service) else { return };
    let Some((step, command)) = image.starts() else { return };
    let name = if matches!(step.kind, StepKind::Entrypoint(_)) { "ENTRYPOINT" } else { "CMD" };
    out.examined();
    if command.exec || !ends_in_dash(review, service, image.base) {
        return;
    }
    let all: Vec<_> = command.script.commands.iter().filter(|c| !c.in_substitution).collect();
    let trapped = command.calls().any(|c| c.program == "trap");
    let Some(last) = all.last() else { return };
    let Some(call) = Invocation::of(last) else { return };
    let branches = last.conditional || last.in_loop.is_some() || last.function.is_some();
    if trapped || branches || call.is_wrapped_in("exec") || NONE.contains(&call.program) {
        return;
    }
    let Some(word) = last.words.first() else { return };
    let at = command.place(word.span);
    let finding = out.finding(
        &at,
        format!("{name} starts {} under a shell that does not pass SIGTERM on", call.program),
    );
    finding
        .label("a child of `sh`, which is PID 1")
        .consequence(
            "each stop waits for the grace period and ends in SIGKILL; requests in flight are lost",
        )
        .remedy(format!("put `exec` before {}, or write {name} as a JSON array", call.program));
    for deploy in start::deploys(review, service).take(1) {
        finding.related(&deploy.at, format!("{} stops it with SIGTERM", deploy.platform.name()));
    }
    let simple = all.len() == 1
        && last.assignments.is_empty()
        && !last.piped
        && last.before == Separator::Start
        && call.wrappers.is_empty();
    if let (true, Some(span)) = (simple, at.span) {
        let edit = insert(&at.path, span.start, "exec ");
        finding.fix("Replace the shell with exec", Applicability::Safe, edit);
    }
}

/// Whether `sh` is one that stays: bash and BusyBox replace themselves with the last command.
fn ends_in_dash(
    review: &Review<'_>,
    service: &Service,
    base: Option<(&str, bool, &crate::repo::Place)>,
) -> bool {
    let Some((base, known, _)) = base else { return false };
    let Some(file) = review.repo.dockerfiles.get(service.dockerfile) else { return false };
    let Some(stage) = file.target(service.target.as_deref()) else { return false };
    let mut steps = file.lineage(stage).into_iter().flat_map(|s| &s.steps);
    let shell = steps.any(|s| matches!(s.kind, StepKind::Shell(_)));
    // Red Hat's and SUSE's sh is bash, Alpine's is BusyBox.
    let others = [
        "alpine",
        "busybox",
        "ubi",
        "fedora",
        "centos",
        "rocky",
        "alma",
        "suse",
        "redhat",
        "amazonlinux",
        "wolfi",
        "chainguard",
        "windows",
        "oraclelinux",
    ];
    known && !shell && !others.iter().any(|o| base.contains(o))
}
