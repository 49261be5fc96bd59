//! Packages of the system whose signature nobody checks.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;

pub(crate) static RULE: Rule = Rule {
    name: "security/unsigned-packages",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "signatures of packages are checked",
    aliases: &[
        "CKV2_DOCKER_7",
        "CKV2_DOCKER_8",
        "CKV2_DOCKER_9",
        "CKV2_DOCKER_10",
        "CKV2_DOCKER_11",
    ],
    page: include_str!("unsigned_packages.md"),
    check: Check::Dockerfile(check),
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (_, command) in stage.runs() {
            for call in command.calls() {
                look(command, &call, out);
            }
        }
    }
}

fn look(command: &Command, call: &Invocation<'_>, out: &mut Out) {
    let said =
        |w: &Word| signs_of_doubt(call.program).iter().find(|s| w.head().contains(**s)).copied();
    let Some((word, sign)) = call.args.iter().find_map(|w| Some((w, said(w)?))) else {
        return;
    };
    if verifies(command) {
        return out.examined();
    }
    let message = format!("{} takes packages that are not signed: {sign}", call.program);
    out.finding(&command.place(word.span), message)
        .label("signatures are not checked")
        .consequence(
            "whoever answers for the repository or the mirror decides what is installed as root",
        )
        .remedy("install the key of the repository, and leave the check on");
}

/// What in the arguments of a program turns the check off.
fn signs_of_doubt(program: &str) -> &'static [&'static str] {
    match program {
        "apk" => &["--allow-untrusted"],
        "apt-get" | "apt" | "aptitude" => &[
            "--allow-unauthenticated",
            "--force-yes",
            "--allow-insecure-repositories",
            "AllowUnauthenticated=true",
            "AllowUnauthenticated=1",
            "AllowInsecureRepositories=true",
            "AllowInsecureRepositories=1",
        ],
        "dnf" | "yum" | "microdnf" | "tdnf" => &["--nogpgcheck", "gpgcheck=0", "gpgcheck=false"],
        "zypper" => &["--no-gpg-checks", "--no-gpgcheck", "--allow-unsigned-rpm"],
        "rpm" => &["--nosignature", "--nodigest"],
        "echo" | "printf" | "sed" | "add-apt-repository" => &["[trusted=yes]", "gpgcheck=0"],
        _ => &[],
    }
}

/// Whether the RUN compares a checksum or signature itself.
fn verifies(command: &Command) -> bool {
    let checks = ["sha256sum", "sha512sum", "shasum", "gpg", "gpgv", "cosign", "minisign"];
    command.calls().any(|c| checks.contains(&c.program))
}
