//! Downloads that nobody verifies.

use plimsoll_model::{Level, Section};

use crate::repo::DockerfileView;
use crate::review::Review;
use crate::repo::StepKind;
use crate::rule::{Check, Out, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "security/unverified-download",
    section: Section::Security,
    level: Level::Advice,
    assures: "what is downloaded is verified",
    aliases: &["DL3020"],
    page: include_str!("unverified_download.md"),
    check: Check::Dockerfile(check),
};

fn check(_: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for step in file.reachable(None).flat_map(|s| &s.steps) {
        match &step.kind {
            StepKind::Copy(copy) if copy.add => {
                for source in copy.sources.iter().filter(|s| s.path.value.starts_with("http") && !s.path.value.ends_with(".git")) {
                    out.examined();
                    if !copy.checksum {
                        out.finding(&source.path.at, "this download is not verified")
                            .label("no --checksum")
                            .consequence("whoever can change the file on that server changes the image")
                            .remedy("add --checksum=sha256:…");
                    }
                }
            }
            StepKind::Run(run) => {
                let commands = &run.script.commands;
                for pair in commands.windows(2) {
                    let [fetch, shell] = pair else { continue };
                    let program = |c: &plimsoll_syntax::shell::Command| c.words.first().and_then(|w| w.text()).map(str::to_owned).unwrap_or_default();
                    let fetches = matches!(program(fetch).as_str(), "curl" | "wget") && fetch.piped;
                    let runs = plimsoll_syntax::shell::Invocation::of(shell).is_some_and(|i| matches!(i.program, "sh" | "bash" | "python" | "python3"));
                    if fetches && runs {
                        out.finding(&run.place(fetch.span.to(shell.span)), "a script from the network is run as it comes")
                            .label("fetched and run in one go")
                            .consequence("whoever can change the script on that server runs code in every build")
                            .remedy("download it, compare its checksum, then run it; or install a package of a fixed version");
                    }
                }
            }
            _ => {}
        }
    }
}
