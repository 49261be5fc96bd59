//! A pipe whose first command may fail unseen.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::{Command as Call, Invocation, Separator};

use crate::repo::{Command, DockerfileView};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::needed;
use crate::views::running::shell_before;

pub(crate) static RULE: Rule = Rule {
    name: "dockerfile/pipe-hides-failure",
    section: Section::Dockerfile,
    level: Level::Advice,
    assures: "no pipe hides that a command failed",
    aliases: &["DL4006"],
    page: include_str!("pipe_hides_failure.md"),
    check: Check::Dockerfile(check),
};

/// Commands whose failure matters.
const FALLIBLE: [&str; 23] = [
    "curl", "wget", "git", "make", "cmake", "npm", "yarn", "pnpm", "npx", "pip", "pip3", "python",
    "python3", "poetry", "go", "cargo", "mvn", "gradle", "aws", "gsutil", "apt-get", "openssl",
    "base64",
];

/// Commands that end well with no input, or with half of it. Archivers are none of them: they fail.
const CONTENT: [&str; 14] = [
    "tee", "cat", "sed", "awk", "head", "tail", "sort", "cut", "tr", "xargs", "dd", "jq", "uniq",
    "wc",
];

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for stage in needed(review, file) {
        for (step, command) in stage.runs() {
            let shell = shell_before(file, stage, step);
            let told = shell.iter().any(|w| w.contains("pipefail"));
            let other = shell.first().is_some_and(|s| !s.ends_with("sh"));
            if told || other || command.text().starts_with("#!") {
                continue;
            }
            look(command, out);
        }
    }
}

fn look(command: &Command, out: &mut Out) {
    let all = &command.script.commands;
    if all.iter().any(|c| c.words.iter().any(|w| w.head() == "pipefail")) {
        return out.examined();
    }
    for (at, first) in all.iter().enumerate() {
        // A value that is missing is noticed where it is used.
        if !first.piped || first.in_substitution || first.before == Separator::Pipe {
            continue;
        }
        let chain = chain(all.get(at + 1..).unwrap_or_default());
        let (Some(from), Some(to)) = (Invocation::of(first), chain.and_then(Invocation::of)) else {
            continue;
        };
        let is_xargs = to.is_wrapped_in("xargs");
        if !FALLIBLE.contains(&from.program) || !(is_xargs || CONTENT.contains(&to.program)) {
            out.examined();
            continue;
        }
        let reader = if is_xargs { "xargs" } else { to.program };
        let message = format!("{reader} ends well when {} fails", from.program);
        out.finding(&command.place(from.span().to(to.span())), message)
            .label("only the last command of a pipe counts")
            .consequence("the build goes on, and the image is shipped without what was missing")
            .remedy(
                "set SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"] before, or write to a file first",
            );
    }
}

/// The last command of a pipe.
fn chain(after: &[Call]) -> Option<&Call> {
    let mut last = None;
    for call in after.iter().filter(|c| !c.in_substitution) {
        if call.before != Separator::Pipe {
            break;
        }
        last = Some(call);
        if !call.piped {
            break;
        }
    }
    last
}
