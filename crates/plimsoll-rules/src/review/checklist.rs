//! The validation list: what was run, how it came out, and the command that runs the rest.

use plimsoll_model::{
    BootReport, CheckName, CheckState, ChecklistItem, Finding, ServiceCheck, seconds,
};

use super::Review;

/// The list.
pub(crate) fn checklist(review: &Review<'_>, findings: &[Finding]) -> Vec<ChecklistItem> {
    let mut list = vec![syntax(review, findings), context(review)];
    list.extend(CheckName::ALL.map(|name| check(review, name)));
    list.extend(cold_start(review));
    list.push(item("smoke test", CheckState::NotRun, "the repository's own"));
    list
}

fn item(name: &str, state: CheckState, detail: impl Into<String>) -> ChecklistItem {
    ChecklistItem { name: name.to_owned(), state, detail: detail.into() }
}

fn syntax(review: &Review<'_>, findings: &[Finding]) -> ChecklistItem {
    let refused = findings.iter().filter(|f| f.rule == "dockerfile/refused-by-buildkit").count();
    let (state, detail) = match (review.repo.dockerfiles.len(), refused) {
        (0, _) => (CheckState::NotRun, "there is no Dockerfile".to_owned()),
        (n, 0) => (CheckState::Passed, format!("{n} parsed as BuildKit does")),
        (n, bad) => (CheckState::Failed, format!("{bad} refused in {n} files")),
    };
    item("Dockerfile syntax", state, detail)
}

fn context(review: &Review<'_>) -> ChecklistItem {
    let (measured, total) = (review.measured.contexts.len(), review.found.services.len());
    match measured {
        0 => item("build context", CheckState::NotRun, "plimsoll context"),
        _ => {
            let detail = format!("measured for {measured} of {total} services");
            item("build context", CheckState::Passed, detail)
        }
    }
}

/// The cold starts, where some were measured.
fn cold_start(review: &Review<'_>) -> Option<ChecklistItem> {
    let all: Vec<&BootReport> = review.measured.boots.values().flatten().collect();
    if all.is_empty() {
        return None;
    }
    let told = |boots: &BootReport| {
        let ready = boots.of(|boot| boot.ready);
        let median = seconds(ready.median?);
        let place =
            boots.settings.environment.as_ref().map_or(String::new(), |e| format!(" in {e}"));
        Some(format!("{}{place}: {median} (median of {})", boots.subject, ready.values.len()))
    };
    let never: Vec<&str> = all
        .iter()
        .filter(|boots| boots.ready().next().is_none())
        .map(|boots| boots.subject.as_str())
        .collect();
    Some(match never.is_empty() {
        true => {
            let told: Vec<String> = all.into_iter().filter_map(told).collect();
            item("cold start", CheckState::Passed, told.join(", "))
        }
        false => {
            let never = format!("no start of {} became ready", never.join(", "));
            item("cold start", CheckState::NotRun, never)
        }
    })
}

/// A check over all services: it passed where it passed for each that it was run for.
fn check(review: &Review<'_>, name: CheckName) -> ChecklistItem {
    let all = review.measured.checks.iter();
    let all: Vec<(&String, &ServiceCheck)> = all
        .flat_map(|(service, checks)| checks.iter().map(move |check| (service, check)))
        .filter(|(_, check)| check.name == name)
        .collect();
    let of = |state| all.iter().filter(move |(_, check)| check.state == state);
    let told = |(service, check): &(&String, &ServiceCheck)| {
        let place = check.environment.as_deref().map_or(String::new(), |e| format!(" in {e}"));
        let name = if review.found.services.len() > 1 {
            format!("{service}{place}: ")
        } else {
            String::new()
        };
        format!("{name}{}", check.detail)
    };
    let first = |state| of(state).next().map(told);
    if let Some(detail) = first(CheckState::Failed) {
        return item(name.title(), CheckState::Failed, detail);
    }
    match (of(CheckState::Passed).count(), first(CheckState::Passed)) {
        (1, Some(detail)) => item(name.title(), CheckState::Passed, detail),
        (passed, Some(_)) => {
            item(name.title(), CheckState::Passed, format!("{passed} of {} times", all.len()))
        }
        _ => {
            let why = first(CheckState::NotRun).unwrap_or_else(|| "plimsoll measure".to_owned());
            item(name.title(), CheckState::NotRun, why)
        }
    }
}
