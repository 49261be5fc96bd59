//! The server that an image starts: which one it is, where it listens, how it works.

use plimsoll_syntax::shell::{self, Invocation, Word};

use super::Effective;
use crate::discover::{Deploy, Platform, Service};
use crate::repo::{Command, Fact, Place, Step};
use crate::review::Review;

/// A server program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the names of the programs")]
pub enum Program {
    Uvicorn,
    Gunicorn,
    Hypercorn,
    Flask,
    FastApi,
    Django,
    Node,
    Other,
}

/// A setting of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It is not set: the program's default holds.
    Default,
    /// It is this.
    Known(Fact<String>),
    /// It depends on a variable, a file or the code.
    Unknown,
}

impl Setting {
    /// The value, where it is written out.
    #[must_use]
    pub fn known(&self) -> Option<&Fact<String>> {
        if let Self::Known(fact) = self { Some(fact) } else { None }
    }
}

/// The server that an image starts.
#[derive(Clone, Debug)]
pub struct Server {
    /// The program.
    pub program: Program,
    /// Its name as it was written: `uvicorn`.
    pub name: String,
    /// The subcommand: `run` of `flask run`.
    pub verb: String,
    /// The command.
    pub at: Place,
    /// The address it listens on.
    pub host: Setting,
    /// The port it listens on.
    pub port: Setting,
    /// Its worker processes.
    pub workers: Setting,
    /// The worker class of gunicorn.
    pub class: Setting,
    /// The threads of each worker of gunicorn.
    pub threads: Setting,
    /// `--reload`, `--debug` and their kin.
    pub reload: Option<Place>,
}

/// The words of a command and where they stand.
type Placed = Vec<(Word, Place)>;

/// The command that starts an image, its wrappers taken off; `None` where something else than one
/// written-out program may run.
fn command(image: &Effective<'_>) -> Option<(Placed, Place)> {
    let (step, first) = image.starts()?;
    let mut words = last_call(step, first)?;
    if let (Some(_), Some((cmd_step, cmd))) = (image.entrypoint, image.cmd)
        && first.exec
        && !is_shell(first)
    {
        // The arguments of CMD follow those of ENTRYPOINT.
        let more = last_call(cmd_step, cmd)?;
        let wraps = words.first().is_some_and(|(w, _)| is_init(w));
        if (!cmd.exec || is_shell(cmd)) && !wraps {
            return None;
        }
        words.extend(more);
    }
    Some((unwrap(words), step.at.clone()))
}

fn is_init(word: &Word) -> bool {
    matches!(base_name(word.head()), "tini" | "dumb-init" | "tini-static" | "catatonit")
}

fn is_shell(command: &Command) -> bool {
    command.words.first().is_some_and(|w| matches!(base_name(&w.value), "sh" | "bash" | "ash"))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What may stand before a server and answer in its place, or start others.
const FRONTS: [&str; 8] =
    ["nginx", "caddy", "supervisord", "service", "envoy", "haproxy", "apache2ctl", "httpd"];

fn last_call(step: &Step, command: &Command) -> Option<Placed> {
    let commands: Vec<&shell::Command> =
        command.script.commands.iter().filter(|c| !c.in_substitution).collect();
    let fronted =
        commands.iter().filter_map(|c| Invocation::of(c)).any(|c| FRONTS.contains(&c.program))
            || commands.iter().any(|c| c.before == shell::Separator::Background);
    let last = commands.last().filter(|c| !c.conditional && !c.piped && c.function.is_none())?;
    if fronted {
        return None;
    }
    let place = |w: &Word| {
        let at = command.place(w.span);
        if at.span.is_some() { at } else { step.at.clone() }
    };
    Some(last.words.iter().map(|w| (w.clone(), place(w))).collect())
}

/// Takes off what only starts another program: `exec`, `tini --`, `poetry run`, `python -m`.
fn unwrap(mut words: Placed) -> Placed {
    loop {
        let text = |i: usize| words.get(i).and_then(|(w, _)| w.text()).unwrap_or("");
        let program = base_name(text(0));
        let skip = match (program, text(1)) {
            ("exec" | "env", next) if !next.starts_with('-') && !next.contains('=') => 1,
            ("tini" | "dumb-init" | "tini-static" | "catatonit", _) => {
                let flags = words.iter().skip(1).take_while(|(w, _)| w.head().starts_with('-'));
                1 + flags.count()
            }
            ("poetry" | "pipenv" | "pdm" | "rye", "run") => 2,
            ("uv", "run") => {
                let flags = words.iter().skip(2).take_while(|(w, _)| w.head().starts_with("--"));
                2 + flags.count()
            }
            ("npx" | "bunx", next) if !next.starts_with('-') => 1,
            (python, "-m") if python.starts_with("python") => 2,
            (python, "-u") if python.starts_with("python") && text(2) == "-m" => 3,
            _ => return words,
        };
        if skip >= words.len() {
            return words;
        }
        words.drain(..skip);
    }
}

/// Flags whose next word is their value.
const VALUES: [&str; 16] = [
    "--host",
    "-h",
    "--port",
    "-p",
    "--bind",
    "-b",
    "--workers",
    "-w",
    "--worker-class",
    "-k",
    "--threads",
    "--timeout",
    "--log-level",
    "--config",
    "-c",
    "--root-path",
];

/// The value of a flag: `--port 80`, `--port=80`, `-p 80`.
fn flag(words: &Placed, names: &[&str]) -> Setting {
    let mut found = Setting::Default;
    for (i, (word, at)) in words.iter().enumerate() {
        let head = word.head();
        let of = |text: Option<&str>, at: &Place| match text {
            Some(text) if !text.contains('$') => {
                Setting::Known(Fact::new(text.to_owned(), at.clone()))
            }
            _ => Setting::Unknown,
        };
        for name in names {
            if head == *name && word.parts.len() == 1 {
                found = words.get(i + 1).map_or(Setting::Unknown, |(w, at)| of(w.text(), at));
            } else if let Some(rest) = head.strip_prefix(name) {
                let short = !name.starts_with("--") && !rest.is_empty();
                if rest.starts_with('=') || short {
                    let value = word.text().and_then(|t| t.strip_prefix(name));
                    found = of(value.map(|v| v.trim_start_matches('=')), at);
                }
            }
        }
    }
    found
}

/// Splits `host:port`.
fn address(setting: Setting) -> (Setting, Setting) {
    let Setting::Known(fact) = setting else { return (setting.clone(), setting) };
    match fact.value.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && host != "unix" && host != "fd" => {
            let part = |t: &str| Setting::Known(Fact::new(t.to_owned(), fact.at.clone()));
            (part(host.trim_matches(['[', ']'])), part(port))
        }
        _ => (Setting::Unknown, Setting::Unknown),
    }
}

/// The server that an image starts, where it is one that is known here.
#[must_use]
pub fn server(review: &Review<'_>, image: &Effective<'_>) -> Option<Server> {
    let (words, at) = command(image)?;
    let name = base_name(words.first()?.0.text()?).to_owned();
    let verb = words.get(1).and_then(|(w, _)| w.text()).unwrap_or("").to_owned();
    let rest = |names: &[&str]| flag(&words, names);
    // A word from a variable may be any flags, unless it is the value of one.
    let opaque = words.windows(2).any(|pair| {
        let [(before, _), (word, _)] = pair else { return false };
        let open = word.text().is_none() && word.head().is_empty();
        open && (word.variables().next().is_none() || !VALUES.contains(&before.head()))
    });
    if opaque || words.iter().any(|(w, _)| w.text() == Some("$@")) {
        return None;
    }
    let env = |n: &str| image.env.contains_key(n);
    let or = |setting: Setting, hidden: bool| {
        if setting == Setting::Default && hidden { Setting::Unknown } else { setting }
    };
    let program = match (name.as_str(), verb.as_str()) {
        ("uvicorn", _) => Program::Uvicorn,
        ("gunicorn", _) => Program::Gunicorn,
        ("hypercorn", _) => Program::Hypercorn,
        ("flask", _) => Program::Flask,
        ("fastapi", _) => Program::FastApi,
        (_, "manage.py" | "./manage.py") => Program::Django,
        ("node", _) => Program::Node,
        _ => Program::Other,
    };
    let (host, port) = match program {
        Program::Uvicorn => {
            let socket =
                rest(&["--uds"]) != Setting::Default || rest(&["--fd"]) != Setting::Default;
            (
                or(rest(&["--host"]), socket || env("UVICORN_HOST")),
                or(rest(&["--port"]), socket || env("UVICORN_PORT")),
            )
        }
        Program::Flask => (
            or(rest(&["--host", "-h"]), env("FLASK_RUN_HOST")),
            or(rest(&["--port", "-p"]), env("FLASK_RUN_PORT")),
        ),
        Program::FastApi => (rest(&["--host"]), or(rest(&["--port"]), env("PORT"))),
        Program::Gunicorn => {
            address(or(rest(&["--bind", "-b"]), configured(review, image, &words)))
        }
        Program::Hypercorn => {
            let hidden = ["-c", "--config"].iter().any(|f| rest(&[f]) != Setting::Default);
            address(or(rest(&["--bind", "-b"]), hidden))
        }
        Program::Django => {
            let given = words.get(3).map(|(w, at)| (w.text(), at));
            match given {
                Some((Some(text), at)) if text.contains(':') => {
                    address(Setting::Known(Fact::new(text.to_owned(), at.clone())))
                }
                _ => (Setting::Unknown, Setting::Unknown),
            }
        }
        Program::Node | Program::Other => (Setting::Unknown, Setting::Unknown),
    };
    let hidden = match program {
        Program::Gunicorn => configured(review, image, &words) || env("WEB_CONCURRENCY"),
        _ => env("WEB_CONCURRENCY"),
    };
    let reload = words
        .iter()
        .find(|(w, _)| matches!(w.text(), Some("--reload" | "--debug" | "--auto-reload")))
        .map(|(_, at)| at.clone());
    Some(Server {
        program,
        at: words.first().map_or(at, |(_, at)| at.clone()),
        host,
        port,
        workers: or(rest(&["--workers", "-w"]), hidden),
        class: or(rest(&["--worker-class", "-k"]), hidden),
        threads: or(rest(&["--threads"]), hidden),
        reload,
        name,
        verb,
    })
}

/// Whether gunicorn may have its settings from elsewhere.
fn configured(review: &Review<'_>, image: &Effective<'_>, words: &Placed) -> bool {
    flag(words, &["-c", "--config"]) != Setting::Default
        || image.env.contains_key("GUNICORN_CMD_ARGS")
        || review.sources.tree.keys().any(|p| p.ends_with("gunicorn.conf.py"))
}

/// The deployments of a service to platforms that send it requests over the network.
pub fn deploys<'r>(
    review: &Review<'r>,
    service: &'r Service,
) -> impl Iterator<Item = &'r Deploy> + use<'r> {
    let all = &review.found.deploys;
    service
        .deploys
        .iter()
        .filter_map(|i| all.get(*i))
        .filter(|d| matches!(d.platform, Platform::CloudRun | Platform::Kubernetes))
}

/// The settings of the image of a service.
#[must_use]
pub fn image<'r>(review: &Review<'r>, service: &Service) -> Option<Effective<'r>> {
    let file = review.repo.dockerfiles.get(service.dockerfile)?;
    let stage = file.target(service.target.as_deref())?;
    Some(super::effective(file, stage))
}
