//! Compose services that start before what they need is ready.

use std::sync::Arc;

use plimsoll_model::{Applicability, Edit, Level, Section};
use plimsoll_syntax::compose::is_compose_name;
use plimsoll_syntax::yaml::{Node, Style};

use crate::discover::beside::is_sample;
use crate::discover::paths::{file_name, folder};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::edits::indentation;

pub(crate) static RULE: Rule = Rule {
    name: "runtime/dependency-not-awaited",
    section: Section::Runtime,
    level: Level::Advice,
    assures: "services start when what they need is healthy",
    aliases: &[],
    page: include_str!("dependency_not_awaited.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    for (path, yaml) in &review.repo.yaml {
        if !is_compose_name(file_name(path)) || is_sample(path) || !yaml.errors().is_empty() {
            continue;
        }
        let Some(services) = yaml.documents().next().and_then(|d| d.get("services")) else {
            continue;
        };
        // Another file beside it may be laid over this one.
        let mut beside =
            review.repo.yaml.keys().filter(|p| p != &path && folder(p) == folder(path));
        if beside.any(|p| is_compose_name(file_name(p))) {
            continue;
        }
        let path: Arc<str> = path.as_str().into();
        for (name, service) in services.entries() {
            if let (Some(name), Some(needs)) = (name.as_str(), service.get("depends_on")) {
                one(review, &path, services, name, needs, out);
            }
        }
    }
}

fn one(
    review: &Review<'_>,
    path: &Arc<str>,
    services: Node<'_>,
    name: &str,
    needs: Node<'_>,
    out: &mut Out,
) {
    let early: Vec<(Node<'_>, &str, Node<'_>)> = needs
        .items()
        .filter_map(|at| {
            let need = at.as_str()?;
            Some((at, need, health_check(services.get(need)?)?))
        })
        .collect();
    if early.is_empty() {
        return out.examined();
    }
    for (index, (at, need, check)) in early.iter().enumerate() {
        let place = Place::new(path, at.span());
        let draft = out.finding(
            &place,
            format!("`{name}` starts when `{need}` has started, not when it is healthy"),
        );
        draft
            .label("waits for the start only")
            .related(
                &Place::new(path, check.span()),
                format!("says when `{need}` is ready, and nobody asks"),
            )
            .consequence("what connects at once fails on a slow machine and works on a fast one")
            .remedy("depend on it with `condition: service_healthy`");
        if index > 0 {
            continue;
        }
        let healthy: Vec<&str> = early.iter().map(|(_, need, _)| *need).collect();
        if let Some(edits) = conditions(review, path, needs, &healthy) {
            draft.fix("wait until it is healthy", Applicability::Unsafe, edits);
        }
    }
}

/// The health check that a service has of its own.
fn health_check(service: Node<'_>) -> Option<Node<'_>> {
    let (key, check) = service.get_entry("healthcheck")?;
    let off = check.get("disable").is_some_and(|d| d.as_bool() != Some(false));
    let test = check.get("test")?;
    let none = test.items().next().or(Some(test)).and_then(|t| t.as_str()) == Some("NONE");
    (!off && !none).then_some(key)
}

/// The list in block style as a mapping.
fn conditions(
    review: &Review<'_>,
    path: &Arc<str>,
    needs: Node<'_>,
    healthy: &[&str],
) -> Option<Vec<Edit>> {
    let text = review.sources.text(path)?;
    let mut edits = Vec::new();
    for item in needs.items() {
        let (name, span) = (item.as_str()?, item.span());
        let at = Place::new(path, span);
        let indent = indentation(review.sources, &at)?;
        let dash = text.get(..span.start as usize)?.strip_suffix("- ")?.len();
        if item.style() != Some(Style::Plain) || text.get(span.range())? != name {
            return None;
        }
        let condition = if healthy.contains(&name) { "service_healthy" } else { "service_started" };
        let indent = indent.strip_suffix("  ")?;
        edits.push(Edit {
            path: path.to_string(),
            start: u32::try_from(dash).ok()?,
            end: span.end,
            text: format!("{name}:\n{indent}  condition: {condition}"),
        });
    }
    Some(edits)
}
