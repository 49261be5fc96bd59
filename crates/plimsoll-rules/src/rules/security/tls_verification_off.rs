//! TLS whose other side nobody checks.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::Span;
use plimsoll_syntax::shell::{Invocation, Word};

use crate::repo::{Command, DockerfileView, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;
use crate::views::running::Flags;

pub(crate) static RULE: Rule = Rule {
    name: "security/tls-verification-off",
    section: Section::Security,
    level: Level::ShouldFix,
    assures: "certificates are checked",
    aliases: &["CKV2_DOCKER_2", "CKV2_DOCKER_3", "CKV2_DOCKER_4", "CKV2_DOCKER_5", "CKV2_DOCKER_6"],
    page: include_str!("tls_verification_off.md"),
    check: Check::Dockerfile(check),
};

const CURL: Flags = Flags {
    short: "k",
    valued: "oHXdFuAbceEmrTUwxyYzKCDPQt",
    long: &["--insecure", "--proxy-insecure"],
};

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for step in &stage.steps {
            match &step.kind {
                StepKind::Run(command) => run(command, out),
                StepKind::Env(pairs) => {
                    for (name, value) in pairs {
                        if turns_off(&name.value, &value.value) {
                            let message =
                                format!("{} turns off the check of certificates", name.value);
                            out.finding(&name.at, message)
                                .label("for the build and for whatever runs in the image")
                                .consequence(
                                    "whoever is between the container and a server can read and \
                                     change what they say",
                                )
                                .remedy("leave it out, and install the CA that is missing");
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn run(command: &Command, out: &mut Out) {
    for call in &command.script.commands {
        let exported = call.words.first().is_some_and(|w| w.text() == Some("export"));
        let exported = call.words.iter().skip(1).filter(|_| exported);
        let exported = exported.filter_map(|w| w.split_assignment().map(|(n, v)| (n, v, w.span)));
        let own = call.assignments.iter().map(|(n, v)| (n.as_ref(), v.clone(), v.span));
        for (name, value, span) in own.chain(exported) {
            if value.text().is_some_and(|v| turns_off(name, v)) {
                report(command, span, name, out);
            }
        }
        let Some(call) = Invocation::of(call) else { continue };
        match off(&call) {
            Some(word) => {
                let said = word.split_assignment().map_or(word.head(), |(name, _)| name);
                report(command, call.span(), &format!("{} {said}", call.program), out);
            }
            None if matches!(call.program, "curl" | "wget" | "git" | "pip") => out.examined(),
            None => {}
        }
    }
}

fn report(command: &Command, span: Span, what: &str, out: &mut Out) {
    out.finding(&command.place(span), format!("{what} turns off the check of certificates"))
        .label("whoever answers is believed")
        .consequence("whoever is between the build and the server decides what is in the image")
        .remedy("leave it out, and install the CA that is missing (ca-certificates, or your own)");
}

/// The word of a call that turns the check off.
fn off<'a>(call: &Invocation<'a>) -> Option<&'a Word> {
    let args = call.args;
    let find = |is: &dyn Fn(&str) -> bool| args.iter().find(|w| is(w.head()));
    let after = |name: &str, values: &[&str]| {
        let at = args.iter().position(|w| w.head().eq_ignore_ascii_case(name))?;
        let value = args.get(at + 1)?.text()?;
        values.contains(&value).then(|| &args[at])
    };
    match call.program {
        "curl" => CURL.find(call).filter(|_| !is_local(call)),
        "wget" => find(&|h| h == "--no-check-certificate").filter(|_| !is_local(call)),
        "git" => find(&|h| h.eq_ignore_ascii_case("http.sslVerify=false"))
            .or_else(|| after("http.sslVerify", &["false", "0"])),
        "npm" | "yarn" | "pnpm" => {
            find(&|h| matches!(h, "--strict-ssl=false" | "--no-strict-ssl" | "strict-ssl=false"))
                .or_else(|| after("strict-ssl", &["false"]))
                .or_else(|| after("--strict-ssl", &["false"]))
        }
        "conda" | "mamba" => after("ssl_verify", &["false", "False", "no"]),
        "yum" | "dnf" | "microdnf" => {
            find(&|h| h.ends_with("sslverify=0") || h.ends_with("sslverify=false"))
        }
        "apt-get" | "apt" => {
            find(&|h| h.ends_with("Verify-Peer=false") || h.ends_with("Verify-Peer=0"))
        }
        program if program.starts_with("pip") || program.starts_with("python") => {
            let pip = program.starts_with("pip") || call.has("pip");
            find(&|h| h == "--trusted-host" || h.starts_with("--trusted-host=")).filter(|_| pip)
        }
        _ => None,
    }
}

/// Whether a download is from the container itself.
fn is_local(call: &Invocation<'_>) -> bool {
    call.args.iter().any(|w| {
        let host = w.head().split("://").last().unwrap_or_default();
        host.starts_with("localhost") || host.starts_with("127.0.0.1")
    })
}

/// Whether a variable turns the check off for all that run with it.
fn turns_off(name: &str, value: &str) -> bool {
    let value = value.trim();
    let yes = matches!(value, "1" | "true" | "TRUE" | "True" | "yes" | "on");
    let no = matches!(value, "0" | "false" | "FALSE" | "False" | "no" | "off");
    match name.to_ascii_uppercase().as_str() {
        "NODE_TLS_REJECT_UNAUTHORIZED" => value == "0",
        "PYTHONHTTPSVERIFY" | "NPM_CONFIG_STRICT_SSL" | "CONDA_SSL_VERIFY" => no,
        "GIT_SSL_NO_VERIFY" => yes,
        "PIP_TRUSTED_HOST" => !value.is_empty() && !value.contains('$'),
        _ => false,
    }
}
