//! Conditions of jobs: what they ask for, as far as that can be told.

use plimsoll_syntax::expression::{Expr, Piece, parse, template};

use crate::repo::{Fact, Job, Trigger, Workflow};

/// A condition, with or without its braces; `None` where it is no single expression.
#[must_use]
pub fn parsed(condition: &Fact<String>) -> Option<Expr> {
    let text = condition.value.trim();
    if !text.contains("${{") {
        return parse(text).ok();
    }
    match template(text).as_slice() {
        [Piece::Expression { expr: Ok(expr), .. }] => Some(expr.clone()),
        _ => None,
    }
}

/// Whether a condition takes the place of the default one, which is that every needed job
/// succeeded. Without a condition the default holds.
#[must_use]
pub fn asks_for_status(job: &Job) -> bool {
    const FUNCTIONS: [&str; 4] = ["always(", "cancelled(", "failure(", "success("];
    let text = job.condition.as_ref().map(|c| c.value.to_ascii_lowercase());
    text.is_some_and(|t| FUNCTIONS.iter().any(|f| t.contains(f)))
}

/// The comparisons with a text that must all hold: the context, the sign and the text.
#[must_use]
pub fn demanded(expr: &Expr) -> Vec<(&str, &'static str, &str)> {
    match expr {
        Expr::Binary("&&", a, b) => [demanded(a), demanded(b)].concat(),
        other => compared(other).into_iter().collect(),
    }
}

/// Every comparison of a context with a text, wherever it stands.
#[must_use]
pub fn comparisons(expr: &Expr) -> Vec<(&str, &'static str, &str)> {
    match (compared(expr), expr) {
        (Some(one), _) => vec![one],
        (None, Expr::Binary(_, a, b)) => [comparisons(a), comparisons(b)].concat(),
        _ => Vec::new(),
    }
}

fn compared(expr: &Expr) -> Option<(&str, &'static str, &str)> {
    let Expr::Binary(sign @ ("==" | "!="), a, b) = expr else { return None };
    match (&**a, &**b) {
        (Expr::Context(path), Expr::Text(text)) | (Expr::Text(text), Expr::Context(path)) => {
            Some((path, sign, text))
        }
        _ => None,
    }
}

/// The jobs that a job waits for, directly or through others.
#[must_use]
pub fn needed<'a>(workflow: &'a Workflow, job: &Job) -> Vec<&'a Job> {
    let mut all: Vec<&Job> = Vec::new();
    let mut names: Vec<&str> = job.needs.iter().map(|n| n.value.as_str()).collect();
    while let Some(name) = names.pop() {
        let known = all.iter().any(|j| j.id.value == name);
        if let Some(next) = workflow.jobs.iter().find(|j| j.id.value == name && !known) {
            names.extend(next.needs.iter().map(|n| n.value.as_str()));
            all.push(next);
        }
    }
    all
}

/// What a workflow says of an event that starts it.
#[must_use]
pub fn trigger<'a>(workflow: &'a Workflow, event: &str) -> Option<&'a Trigger> {
    workflow.on.iter().find(|t| t.event.value == event)
}
