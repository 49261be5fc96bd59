//! Asks an image what it holds: loads every local package and the application in it.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_model::{Application, Left, Load, Loaded, LocalPackage, Runtime, seconds};
use serde_json::{Value, json};

use crate::engine::{self, Cancel, ContainerSpec, Ended, Engine, EngineError, Network};

const PYTHON: &str = include_str!("probe.py");
const NODE: &str = include_str!("probe.js");

/// Finds the interpreter that the program of the service runs on, and runs the probe with it.
const WITH_PYTHON: &str = include_str!("with-python.sh");
const WITH_NODE: &str = r#"exec node -e "$2" "$3""#;

/// Programs to try in an image without a shell.
const BARE_PYTHON: [&str; 3] = ["python3", "/usr/bin/python3", "python"];
const BARE_NODE: [&str; 3] = ["node", "/nodejs/bin/node", "/usr/local/bin/node"];

/// How much is kept of what an image says: its code may say anything.
const LIST: usize = 1000;
const TEXT: usize = 2000;

/// How long the loading of a proof may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(180);
/// How much memory it may take.
const MEMORY: u64 = 4 << 30;

/// What an image answered.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) loads: Vec<Load>,
    pub(crate) left: Left,
    /// Whether a file of each load, by name, holds the marker.
    pub(crate) marked: Vec<String>,
    /// Why there is no answer, or none to all.
    pub(crate) unasked: Option<String>,
}

/// What to load.
pub(crate) struct Question<'q> {
    pub(crate) image: &'q str,
    /// A name that nobody else has.
    pub(crate) name: &'q str,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// A wish to stop.
    pub(crate) cancel: &'q Cancel,
    pub(crate) packages: &'q [LocalPackage],
    /// Python distributions of which every top-level module must load.
    pub(crate) distributions: &'q [String],
    pub(crate) application: Option<&'q Application>,
    /// Text that new code holds.
    pub(crate) marker: &'q str,
}

/// Asks for each runtime that a package or the application needs.
pub(crate) fn ask(engine: &dyn Engine, question: &Question<'_>) -> Result<Answer, EngineError> {
    let mut answer = Answer::default();
    for runtime in [Runtime::Python, Runtime::Node] {
        // Packages may bring parts of one module.
        let modules: BTreeSet<&str> = question
            .packages
            .iter()
            .filter(|p| p.runtime == runtime)
            .flat_map(|p| p.modules.iter().map(String::as_str))
            .collect();
        let modules: Vec<&str> = modules.into_iter().collect();
        let application = question.application.filter(|a| a.runtime == runtime);
        let asks = runtime == Runtime::Python && !question.distributions.is_empty();
        if !modules.is_empty() || application.is_some() || asks {
            one(engine, question, runtime, &modules, application, &mut answer)?;
        }
    }
    Ok(answer)
}

fn one(
    engine: &dyn Engine,
    question: &Question<'_>,
    runtime: Runtime,
    modules: &[&str],
    application: Option<&Application>,
    answer: &mut Answer,
) -> Result<(), EngineError> {
    // Only a line with this tag is the probe's: the code of the image prints, too.
    let tag = format!("plimsoll-{}:", question.name);
    let distributions = match runtime {
        Runtime::Python => question.distributions,
        Runtime::Node => &[],
    };
    let plan = json!({
        "modules": modules,
        "distributions": distributions,
        "entry": application.map(|a| a.entry.as_str()),
        "is_file": application.is_some_and(|a| a.is_file),
        "marker": question.marker,
        "tag": tag,
    });
    let program = application.map_or("", |a| a.program.as_str());
    let ended = run(engine, question, runtime, program, &plan.to_string())?;
    let mut wanted = modules.to_vec();
    wanted.extend(distributions.iter().map(String::as_str));
    wanted.extend(application.map(|a| a.entry.as_str()));
    let before = answer.loads.len();
    for line in ended.out.lines().filter_map(|l| l.strip_prefix(&tag)) {
        // The tag is no secret to the code that is loaded: what it says is bounded and printed
        // like everything else that a repository says.
        if let Ok(value) = serde_json::from_str::<Value>(line) {
            take(&value, &wanted, before, answer);
        }
    }
    if answer.loads.len() - before < wanted.len() {
        answer.unasked.get_or_insert_with(|| why(&ended, runtime, question.limit));
    }
    Ok(())
}

fn run(
    engine: &dyn Engine,
    question: &Question<'_>,
    runtime: Runtime,
    program: &str,
    plan: &str,
) -> Result<Ended, EngineError> {
    let (script, code, bare, flag) = match runtime {
        Runtime::Python => (WITH_PYTHON, PYTHON, BARE_PYTHON, "-c"),
        Runtime::Node => (WITH_NODE, NODE, BARE_NODE, "-e"),
    };
    // uv and Poetry would look at the network before they run anything.
    let env = [("UV_NO_SYNC", "1"), ("UV_OFFLINE", "1"), ("PYTHONDONTWRITEBYTECODE", "1")];
    let spec = |program: &str, arguments: &[&str]| ContainerSpec {
        image: question.image.to_owned(),
        entrypoint: Some(vec![program.to_owned()]),
        command: Some(arguments.iter().map(|word| (*word).to_owned()).collect()),
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        memory: Some(MEMORY),
        pids: Some(512),
        network: Network::None,
        ..ContainerSpec::default()
    };
    let shell = ["-c", script, "sh", program, code, plan];
    let mut ended = engine::run(engine, &spec("sh", &shell), question.limit, question.cancel)?;
    for program in bare {
        if !no_program(&ended) {
            break;
        }
        ended = engine::run(
            engine,
            &spec(program, &[flag, code, plan]),
            question.limit,
            question.cancel,
        )?;
    }
    Ok(ended)
}

/// Whether the engine found no such program in the image.
fn no_program(ended: &Ended) -> bool {
    matches!(ended.code, Some(126 | 127))
}

/// Takes what was asked for, once: `wanted` names it, the loads from `before` on are of this
/// question.
fn take(value: &Value, wanted: &[&str], before: usize, answer: &mut Answer) {
    let cut = |text: &str| text.chars().take(TEXT).collect::<String>();
    let inner = &value["value"];
    if value["kind"] == "left" {
        let list = |key: &str| {
            let all = inner[key].as_array().into_iter().flatten();
            all.filter_map(|v| v.as_str().map(cut)).take(LIST).collect::<Vec<_>>()
        };
        let left = &mut answer.left;
        for (key, kept) in [
            ("pth", &mut left.pth),
            ("editable", &mut left.editable),
            ("dangling", &mut left.dangling),
        ] {
            kept.extend(list(key));
            kept.truncate(LIST);
        }
        return;
    }
    let text = |key: &str| inner[key].as_str().map(cut);
    let outcome = text("file")
        .map(Loaded::From)
        .or_else(|| text("missing").map(Loaded::Missing))
        .or_else(|| text("raised").map(Loaded::Raised));
    if let (Some(name), Some(outcome)) = (text("name"), outcome) {
        let is_application = value["kind"] == "application";
        let known = answer.loads[before..]
            .iter()
            .any(|l| l.name == name && l.is_application == is_application);
        if known || !wanted.contains(&name.as_str()) {
            return;
        }
        if inner["marked"] == true {
            answer.marked.push(name.clone());
        }
        answer.loads.push(Load { name, is_application, outcome });
    }
}

/// Why a probe said nothing, or stopped.
fn why(ended: &Ended, runtime: Runtime, limit: Duration) -> String {
    let name = match runtime {
        Runtime::Python => "python3",
        Runtime::Node => "node",
    };
    let said = ended.err.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or("");
    match ended.code {
        Some(126 | 127) => format!("the image has no {name} that can be run"),
        None => {
            let limit = seconds(limit.as_secs_f64());
            format!(
                "loading did not end within {limit}: what serves as soon as it is loaded never ends"
            )
        }
        Some(code) => format!("loading ended early with code {code}: {said}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_no_more_than_it_is_asked() {
        let mut answer = Answer::default();
        let load = |name: &str| json!({"kind": "load", "value": {"name": name, "file": "/f"}});
        for name in ["a", "a", "b", "c\u{1b}"] {
            take(&load(name), &["a", "b"], 0, &mut answer);
        }
        let names: Vec<&str> = answer.loads.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        take(&load("a"), &["a"], 2, &mut answer);
        assert_eq!(answer.loads.len(), 3, "another runtime has an `a` of its own");
        let long = vec!["x".repeat(TEXT + 1); LIST + 1];
        take(&json!({"kind": "left", "value": {"pth": long}}), &[], 3, &mut answer);
        assert_eq!((answer.left.pth.len(), answer.left.pth[0].len()), (LIST, TEXT));
    }
}
