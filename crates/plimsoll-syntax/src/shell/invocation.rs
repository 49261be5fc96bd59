//! A command as the call of a program.

use super::word::Word;
use super::{Command, flags};
use crate::Span;

/// A call of a program, wrappers such as `sudo`, `exec` and `env` taken off.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The command it is made by.
    pub command: &'a Command,
    /// The program's name without its folder.
    pub program: &'a str,
    /// The program's arguments.
    pub args: &'a [Word],
    /// The wrappers that were taken off, outermost first.
    pub wrappers: &'a [Word],
}

/// The flags of a wrapper that take a value; `None` for other programs. Every rule asks this of every
/// command: a match is several times as fast as a search through a list.
fn flags_of_wrapper(program: &str) -> Option<&'static [&'static str]> {
    Some(match program {
        "sudo" => &["-u", "-g", "-h", "-p", "--user", "--group"],
        "exec" => &["-a"],
        "env" => &["-u", "-C", "--unset", "--chdir"],
        "nice" => &["-n"],
        "ionice" => &["-c", "-n"],
        "timeout" => &["-s", "-k", "--signal", "--kill-after"],
        "stdbuf" => &["-i", "-o", "-e"],
        "xargs" => &["-n", "-I", "-P", "-L", "-d", "-a", "-s"],
        "tini" => &["-e"],
        "command" | "builtin" | "nohup" | "time" => &[],
        _ => return None,
    })
}

impl<'a> Invocation<'a> {
    /// The call a command makes; `None` where its program is not written out.
    #[must_use]
    pub fn of(command: &'a Command) -> Option<Self> {
        let words = command.words.as_slice();
        let mut at = 0;
        loop {
            let program = base_name(words.get(at)?.text()?);
            let values = flags_of_wrapper(program);
            match values.and_then(|values| after_wrapper(words, at + 1, program, values)) {
                Some(next) => at = next,
                None => {
                    return Some(Self {
                        command,
                        program,
                        args: &words[at + 1..],
                        wrappers: &words[..at],
                    });
                }
            }
        }
    }

    /// Whether one of the wrappers is this program.
    #[must_use]
    pub fn is_wrapped_in(&self, program: &str) -> bool {
        self.wrappers.iter().any(|w| w.text().map(base_name) == Some(program))
    }

    /// The arguments that are no flags, as text, up to the first that is not written out.
    /// Flags that take a value must be told apart with [`Invocation::parse`].
    #[must_use]
    pub fn subcommand(&self, index: usize) -> Option<&'a str> {
        let plain = self.args.iter().filter(|w| !w.head().starts_with('-'));
        plain.map(|w| w.text()).nth(index).flatten()
    }

    /// Tells flags, their values and the other arguments apart.
    #[must_use]
    pub fn parse(&self, takes: flags::Takes) -> flags::Args<'a> {
        flags::Args::parse(self.args, takes)
    }

    /// The bytes of the whole command.
    #[must_use]
    pub fn span(&self) -> Span {
        self.command.span
    }

    /// Whether a word stands among the arguments as it is.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.args.iter().any(|w| w.text() == Some(word))
    }
}

fn base_name(path: &str) -> &str {
    // Most are a few letters: looked at one by one, they are through before a search has begun.
    path.bytes().rposition(|byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// The index of the wrapped program, or `None` where the wrapper wraps nothing.
fn after_wrapper(words: &[Word], mut at: usize, name: &str, values: &[&str]) -> Option<usize> {
    let mut duration = name == "timeout";
    while let Some(word) = words.get(at) {
        let head = word.head();
        if values.contains(&head) {
            at += 2;
        } else if (head.starts_with('-') && head.len() > 1) || (name == "env" && head.contains('='))
        {
            at += 1;
        } else if duration {
            duration = false;
            at += 1;
        } else {
            return word.text().map(|_| at);
        }
    }
    None
}
