//! Whether what an image declares can be loaded in it.

use plimsoll_model::{CheckName, CheckState, ImageReport, Load, Loaded, Runtime, ServiceCheck};

use super::Subject;
use crate::engine::{Cancel, Engine, EngineError};
use crate::proof::ask::{Question, ask};

/// How many names a detail has.
const NAMED: usize = 3;

pub(super) fn check(
    engine: &dyn Engine,
    subject: &Subject<'_>,
    cancel: &Cancel,
) -> Result<ServiceCheck, EngineError> {
    let plan = &subject.plan.load;
    let said = |state, detail: String| ServiceCheck {
        name: CheckName::Imports,
        environment: None,
        state,
        detail,
        seconds: None,
    };
    if plan.application.is_none() && plan.distributions.is_empty() {
        let (state, detail) = linked(subject.report);
        return Ok(said(state, detail));
    }
    let name = crate::engine::unique();
    let question = Question {
        image: subject.image,
        name: &name,
        packages: &[],
        application: plan.application.as_ref(),
        distributions: &plan.distributions,
        marker: "",
        // What a start may take is enough to load what is started.
        limit: subject.patience,
        cancel,
    };
    let answer = ask(engine, &question)?;
    let missing: Vec<&Load> = answer.loads.iter().filter(|load| is_missing(load)).collect();
    if let Some(first) = missing.first() {
        let rest = missing.len() - 1;
        let more = if rest > 0 { format!(", and {rest} more cannot") } else { String::new() };
        return Ok(said(
            CheckState::Failed,
            format!("{} cannot be loaded: {}{more}", first.name, why(first)),
        ));
    }
    if let Some(why) = answer.unasked {
        return Ok(said(CheckState::NotRun, why));
    }
    Ok(said(
        CheckState::Passed,
        loaded(&answer.loads, plan.application.as_ref().map(|a| a.runtime)),
    ))
}

fn is_missing(load: &Load) -> bool {
    matches!(load.outcome, Loaded::Missing(_))
}

fn why(load: &Load) -> &str {
    match &load.outcome {
        Loaded::From(text) | Loaded::Missing(text) | Loaded::Raised(text) => text,
    }
}

fn loaded(loads: &[Load], runtime: Option<Runtime>) -> String {
    let names = |is_application: bool| -> Vec<&str> {
        let of = loads.iter().filter(|load| load.is_application == is_application);
        of.map(|load| load.name.as_str()).collect()
    };
    let (application, packages) = (names(true), names(false));
    let by = match runtime {
        Some(Runtime::Node) => "Node",
        _ => "Python",
    };
    let packages = match packages.len() {
        0 => None,
        1..=NAMED => Some(packages.join(", ")),
        many => Some(format!("{many} declared packages")),
    };
    let all: Vec<String> =
        application.iter().map(|name| (*name).to_owned()).chain(packages).collect();
    // What needs its settings to run raises without them, and was found all the same.
    let raised = loads.iter().find(|load| matches!(load.outcome, Loaded::Raised(_)));
    let raised = raised.map_or(String::new(), |load| {
        format!("; {} was found and raised {}", load.name, why(load))
    });
    format!("{by} loads {}{raised}", all.join(" and "))
}

/// What an image's own program needs, where nothing is known of the code that it runs.
fn linked(report: Option<&ImageReport>) -> (CheckState, String) {
    let Some(report) = report else {
        return (CheckState::NotRun, "what it must load is not known".to_owned());
    };
    match (&report.start.program, report.start.problems.first()) {
        (_, Some(problem)) => (CheckState::Failed, problem.to_string()),
        (Some(program), None) => {
            (CheckState::Passed, format!("/{program} and the libraries it needs are there"))
        }
        (None, None) => (CheckState::NotRun, "what it starts is not known".to_owned()),
    }
}
