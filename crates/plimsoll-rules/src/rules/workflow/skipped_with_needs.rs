//! Jobs that are skipped because a job they need was.

use plimsoll_model::{Level, Section};
use plimsoll_syntax::expression::Expr;

use crate::repo::{Fact, Job, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::conditions::{asks_for_status, comparisons, demanded, needed, parsed};
use crate::views::deploy_job::deploy_jobs;

pub(crate) static RULE: Rule = Rule {
    name: "workflow/skipped-with-needs",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "no job is skipped by mistake with a job it needs",
    aliases: &[],
    page: include_str!("skipped_with_needs.md"),
    check: Check::Workflow(check),
};

const REMEDY: &str = "begin the condition with `!cancelled()`, and ask for the result of every needed job, as in `needs.build.result != 'failure'`";

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    let deploying = deploy_jobs(review, workflow);
    for job in workflow.jobs.iter().filter(|j| !j.needs.is_empty() && !asks_for_status(j)) {
        let deploys = deploying.iter().any(|d| d.job.id == job.id);
        let found = asked_in_vain(job, out)
            || contradicted(workflow, job, deploys, out)
            || (deploys && needs_all_changed(workflow, job, out));
        if !found {
            out.examined();
        }
    }
}

/// A condition that asks for a result with which the job is skipped before it is read.
fn asked_in_vain(job: &Job, out: &mut Out) -> bool {
    let Some((condition, expr)) = job.condition.as_ref().and_then(|c| Some((c, parsed(c)?))) else {
        return false;
    };
    let vain = |(path, sign, text): &(&str, &str, &str)| {
        let result = path.strip_prefix("needs.").and_then(|p| p.strip_suffix(".result"));
        let name = result.filter(|n| job.needs.iter().any(|need| need.value == *n))?;
        let other = matches!(*text, "skipped" | "failure" | "cancelled");
        (*sign == "==" && other).then(|| (name.to_owned(), (*text).to_owned()))
    };
    let Some((name, result)) = comparisons(&expr).iter().find_map(vain) else { return false };
    out.finding(
        &condition.at,
        format!("`{}` never runs when the result of `{name}` is `{result}`", job.id.value),
    )
    .label("holds only when every needed job succeeded")
    .consequence("without a status function a condition begins with `success()`: the job is skipped, and the run is green")
    .remedy(REMEDY);
    true
}

/// Conditions of a job and of those it needs that are never true in one run.
fn contradicted(workflow: &Workflow, job: &Job, deploys: bool, out: &mut Out) -> bool {
    let mut chain = vec![job];
    let needed = needed(workflow, job);
    // A job between them with a status function runs whatever the one before it did.
    if needed.iter().any(|j| asks_for_status(j)) {
        return false;
    }
    chain.extend(needed);
    let conditions: Vec<(&Job, &Fact<String>, Expr)> = chain
        .iter()
        .filter_map(|j| j.condition.as_ref().and_then(|c| Some((*j, c, parsed(c)?))))
        .collect();
    for (i, (_, at, expr)) in conditions.iter().enumerate() {
        for (other, condition, theirs) in conditions.iter().skip(i + 1) {
            let never = demanded(expr)
                .into_iter()
                .any(|a| demanded(theirs).into_iter().any(|b| exclude(a, b)));
            if never {
                let message = format!(
                    "`{}` never runs: `{}`, which it needs, runs on other events",
                    job.id.value, other.id.value
                );
                out.finding(&at.at, message)
                    .label("true in some runs")
                    .related(&condition.at, "true in others")
                    .level(if deploys { Level::Blocking } else { Level::ShouldFix })
                    .consequence("a job is skipped with the jobs it needs, and the run is green")
                    .remedy(REMEDY);
                return true;
            }
        }
    }
    false
}

/// Whether two comparisons of what is the same in a whole run are never both true.
fn exclude(a: (&str, &str, &str), b: (&str, &str, &str)) -> bool {
    const FIXED: [&str; 5] = [
        "github.event_name",
        "github.ref",
        "github.ref_name",
        "github.ref_type",
        "github.repository",
    ];
    if !FIXED.contains(&a.0) || !FIXED.contains(&b.0) {
        return false;
    }
    let same_text = a.2.eq_ignore_ascii_case(b.2);
    match (a.1, b.1) {
        ("==", "==") if a.0 == b.0 => !same_text,
        ("==", "!=") | ("!=", "==") if a.0 == b.0 => same_text,
        ("==", "==") => on_pull_request(a, b) || on_pull_request(b, a),
        _ => false,
    }
}

/// The ref of a pull request is none of a branch or tag.
fn on_pull_request(event: (&str, &str, &str), git: (&str, &str, &str)) -> bool {
    event.0 == "github.event_name"
        && event.2 == "pull_request"
        && git.0 == "github.ref"
        && (git.2.starts_with("refs/heads/") || git.2.starts_with("refs/tags/"))
}

/// A deployment after builds of which each runs only when its own part changed.
fn needs_all_changed(workflow: &Workflow, job: &Job, out: &mut Out) -> bool {
    if job.condition.as_ref().is_some_and(|c| c.value.contains("outputs")) {
        return false;
    }
    let direct = job.needs.iter().filter_map(|n| {
        let other = workflow.jobs.iter().find(|j| j.id.value == n.value)?;
        Some((n, other, changed(other)?))
    });
    let direct: Vec<(&Fact<String>, &Job, String)> = direct.collect();
    let Some((first, one, output)) = direct.first() else { return false };
    let Some((_, two, _)) = direct.iter().find(|(_, _, o)| o != output) else { return false };
    let (a, b) = (&one.id.value, &two.id.value);
    out.finding(
        &first.at,
        format!("`{}` is skipped unless `{a}` and `{b}` both run", job.id.value),
    )
    .label("a skipped job skips the jobs that need it")
    .related(&one.id.at, "runs when its part changed")
    .related(&two.id.at, "runs when another part changed")
    .consequence("a change of one part alone is built and never deployed, and the run is green")
    .remedy(REMEDY);
    true
}

/// The output of another job that a job waits to be true, where its condition is that alone.
fn changed(job: &Job) -> Option<String> {
    match parsed(job.condition.as_ref()?)? {
        Expr::Binary("==", path, value) => match (*path, *value) {
            (Expr::Context(path), Expr::Text(text)) if text == "true" => output(path),
            _ => None,
        },
        Expr::Context(path) => output(path),
        _ => None,
    }
}

fn output(path: String) -> Option<String> {
    (path.starts_with("needs.") && path.contains(".outputs.")).then_some(path)
}
