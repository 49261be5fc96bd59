//! Results of jobs that a job does not wait for.

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, Level, Section};
use plimsoll_syntax::expression::references;

use crate::repo::{EnvVar, Fact, Job, Place, Workflow};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::deploy_job::{deploy_jobs, insert_lines};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/needs-not-declared",
    section: Section::Workflow,
    level: Level::ShouldFix,
    assures: "every job that an expression reads is in `needs`",
    aliases: &[],
    page: include_str!("needs_not_declared.md"),
    check: Check::Workflow(check),
};

fn check(review: &Review<'_>, workflow: &Workflow, out: &mut Out) {
    for job in &workflow.jobs {
        let read = needs_read(job);
        if read.is_empty() {
            continue;
        }
        let mut seen = BTreeSet::new();
        out.examined();
        for (name, at) in read {
            let declared = job.needs.iter().any(|n| n.value.eq_ignore_ascii_case(&name));
            if !declared && seen.insert(name.clone()) {
                report(review, workflow, job, &name, &at, out);
            }
        }
    }
}

fn report(
    review: &Review<'_>,
    workflow: &Workflow,
    job: &Job,
    name: &str,
    at: &Place,
    out: &mut Out,
) {
    let deploys = deploy_jobs(review, workflow).iter().any(|d| d.job.id == job.id);
    let guards = job.condition.as_ref().is_some_and(|c| c.at == *at);
    let finding = out
        .finding(at, format!("`needs.{name}` is read and `{name}` is not in `needs` of `{}`", job.id.value))
        .label("always empty")
        .related(&job.id.at, "does not wait for it")
        .level(if deploys && guards { Level::Blocking } else { Level::ShouldFix })
        .consequence(if guards {
            "the condition compares with nothing: the job is skipped, or runs unguarded, and the run is green"
        } else {
            "the expression is empty, whatever the other job gave"
        })
        .remedy(format!("add `{name}` to `needs`"));
    let exists = workflow.jobs.iter().any(|j| j.id.value == name);
    if job.needs.is_empty() && exists {
        let line = format!("needs: {name}");
        if let Some(edits) = insert_lines(review, &job.body, &[&line]) {
            finding.fix("wait for the job", Applicability::Unsafe, edits);
        }
    }
}

/// The jobs whose results a job reads, and where.
fn needs_read(job: &Job) -> Vec<(String, Place)> {
    let mut all = Vec::new();
    for fact in [&job.condition, &job.environment].into_iter().flatten() {
        condition(fact, &mut all);
    }
    for fact in job.concurrency.iter().flat_map(|c| &c.group) {
        condition(fact, &mut all);
    }
    job.env.iter().chain(&job.with).for_each(|v| variable(v, &mut all));
    for step in &job.steps {
        if let Some(fact) = &step.condition {
            condition(fact, &mut all);
        }
        step.env.iter().chain(&step.with).for_each(|v| variable(v, &mut all));
        if let Some(run) = &step.run {
            for (path, span) in references(run.text.text()) {
                all.extend(job_name(&path).map(|n| (n, run.place(span))));
            }
        }
    }
    all
}

/// A condition may stand without braces.
fn condition(fact: &Fact<String>, all: &mut Vec<(String, Place)>) {
    let text = if fact.value.contains("${{") {
        fact.value.clone()
    } else {
        format!("${{{{ {} }}}}", fact.value)
    };
    let names = references(&text).into_iter().filter_map(|(path, _)| job_name(&path));
    all.extend(names.map(|n| (n, fact.at.clone())));
}

fn variable(var: &EnvVar, all: &mut Vec<(String, Place)>) {
    for (path, span) in references(var.cooked.text()) {
        let at = Place::new(&var.value.at.path, var.cooked.source_span(span));
        all.extend(job_name(&path).map(|n| (n, at)));
    }
}

/// The job of `needs.build.outputs.tag`.
fn job_name(path: &str) -> Option<String> {
    let (context, rest) = path.split_once('.')?;
    let name = rest.split('.').next()?;
    (context.eq_ignore_ascii_case("needs") && name != "*").then(|| name.to_owned())
}
