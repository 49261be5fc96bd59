//! The server that an image starts: what it listens on, and how many requests it serves.

use plimsoll_syntax::shell::{Args, Invocation, Takes, Word};

use super::Effective;
use crate::repo::Place;

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    /// The program: `uvicorn`.
    pub program: String,
    /// The call.
    pub at: Place,
    /// The host it binds to, where it is written out, and where.
    pub host: Option<(String, Place)>,
    /// The port it binds to, where it is written out as a number, and where.
    pub port: Option<(u16, Place)>,
    /// Whether its port comes from a variable.
    pub port_is_variable: bool,
    /// Processes that are started, where all arguments are written out; a configuration file may
    /// set more.
    pub processes: Option<u32>,
    /// Processes and threads that each serve one request, where each serves only one.
    pub sync_slots: Option<u32>,
}

const VALUES: Takes = Takes::These(&[
    "--host",
    "--port",
    "--bind",
    "-b",
    "--workers",
    "-w",
    "--threads",
    "--worker-class",
    "-k",
    "-h",
    "-p",
    "-H",
    "--timeout",
    "-c",
    "--config",
    "--log-level",
    "--app-dir",
    "--env-file",
    "--loop",
    "--http",
    "--root-path",
    "--graceful-timeout",
    "--limit-concurrency",
    "--timeout-keep-alive",
    "--log-config",
    "--forwarded-allow-ips",
    "--access-logfile",
    "--error-logfile",
    "--app",
]);

/// The server that the command of an image starts, where it is one of those that are known.
#[must_use]
pub fn server(image: &Effective<'_>) -> Option<Server> {
    let (_, command) = image.starts()?;
    // CMD gives an ENTRYPOINT in exec form more arguments.
    let more = image.entrypoint.is_some() && image.cmd.is_some() && command.exec;
    let calls: Vec<Invocation<'_>> = command.calls().collect();
    calls.into_iter().rev().find_map(|call| {
        let (program, words) = program(&call)?;
        let args = Args::parse(words, VALUES);
        // A variable may hold flags, but not where it is the value of one.
        let open =
            more || args.positional.iter().any(|w| w.text().is_none() && w.head().is_empty());
        let at = |w: &Word| command.place(w.span);
        let value = |names: &[&str]| args.last(names).and_then(|f| f.value.clone());
        let bind = value(&["--bind", "-b"]);
        let (bound_host, bound_port) = bind.as_ref().map(split_bind).unwrap_or_default();
        let host_word = value(&["--host", "-H"])
            .or_else(|| (program != "gunicorn").then(|| value(&["-h"])).flatten());
        let port_word = value(&["--port", "-p"]);
        let number = |text: &str| text.parse::<u16>().ok();
        let port = port_word.as_ref().and_then(|w| Some((number(w.text()?)?, at(w))));
        let port = port.or_else(|| Some((number(&bound_port?)?, at(bind.as_ref()?))));
        let host = host_word.as_ref().and_then(|w| Some((w.text()?.to_owned(), at(w))));
        let host = host.or_else(|| Some((bound_host?, at(bind.as_ref()?))));
        let variable = |w: &Word| w.variables().next().is_some();
        Some(Server {
            program: program.to_owned(),
            at: command.place(call.span()),
            host,
            port,
            port_is_variable: port_word.as_ref().is_some_and(variable)
                || bind.as_ref().is_some_and(variable),
            processes: if open { None } else { processes(&args) },
            sync_slots: if open { None } else { sync_slots(program, &args) },
        })
    })
}

/// The program, and its words: `python -m uvicorn x` is uvicorn.
fn program<'a>(call: &Invocation<'a>) -> Option<(&'static str, &'a [Word])> {
    const KNOWN: [&str; 6] = ["uvicorn", "gunicorn", "hypercorn", "flask", "fastapi", "daphne"];
    let known = |name: &str| KNOWN.iter().find(|k| **k == name).copied();
    if let Some(program) = known(call.program) {
        return Some((program, call.args));
    }
    // `python -m uvicorn`, `poetry run uvicorn`, `uv run uvicorn`.
    let runner =
        call.program.starts_with("python") || matches!(call.program, "poetry" | "uv" | "pipenv");
    let at = call
        .args
        .iter()
        .position(|w| w.text().and_then(known).is_some())
        .filter(|i| runner && *i <= 3)?;
    Some((call.args[at].text().and_then(known)?, &call.args[at + 1..]))
}

/// `0.0.0.0:8000` and `:8000` as host and port.
fn split_bind(word: &Word) -> (Option<String>, Option<String>) {
    let head = word.head();
    match head.rsplit_once(':') {
        Some((host, port)) => {
            (Some(host.to_owned()).filter(|h| !h.is_empty()), Some(port.to_owned()))
        }
        None => (None, None),
    }
}

/// How many processes are started.
fn processes(args: &Args<'_>) -> Option<u32> {
    if args.has(&["--config", "-c"]) {
        return None;
    }
    match args.last(&["--workers", "-w"]) {
        None => Some(1),
        Some(flag) => flag.value.as_ref()?.text()?.parse().ok(),
    }
}

/// How many requests gunicorn serves at once with its synchronous workers.
fn sync_slots(program: &str, args: &Args<'_>) -> Option<u32> {
    if program != "gunicorn" {
        return None;
    }
    let number = |names: &[&str]| match args.last(names) {
        None => Some(1),
        Some(flag) => flag.value.as_ref().and_then(|w| w.text()).and_then(|t| t.parse().ok()),
    };
    let class = args
        .last(&["--worker-class", "-k"])
        .map(|f| f.value.as_ref().and_then(|w| w.text()).unwrap_or(""));
    // A configuration file may set anything.
    let configured = args.has(&["--config", "-c"]);
    let synchronous = class.is_none_or(|c| matches!(c, "sync" | "gthread"));
    (synchronous && !configured).then_some(())?;
    Some(number(&["--workers", "-w"])? * number(&["--threads"])?)
}
