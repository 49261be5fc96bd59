//! Tests of commits that are no longer the newest.

use plimsoll_model::{Applicability, Level, Section};

use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::gitlab::{Job, Pipeline, pipelines};

pub(crate) static RULE: Rule = Rule {
    name: "workflow/tests-not-interruptible",
    section: Section::Workflow,
    level: Level::Advice,
    assures: "tests of an outdated commit end when a newer one comes",
    aliases: &[],
    page: include_str!("tests_not_interruptible.md"),
    check: Check::Repo(check),
};

fn check(review: &Review<'_>, out: &mut Out) {
    for pipeline in &pipelines(review) {
        let tests: Vec<&Job<'_>> = pipeline.jobs.iter().filter(|j| is_test(review, j)).collect();
        let Some(first) = tests.first() else { continue };
        if decides(pipeline) {
            out.examined();
            continue;
        }
        let draft = out.finding(&first.at(), "a newer push does not end the tests of an older one");
        draft
            .label("no job is `interruptible`")
            .consequence("every push to a merge request runs all its tests to the end, while the newest one waits for a runner")
            .remedy("mark the jobs that change nothing outside as `interruptible: true`");
        let edits: Option<Vec<_>> =
            tests.iter().map(|job| job.insert(review, "interruptible: true")).collect();
        if let Some(edits) = edits {
            let edits = edits.into_iter().flatten().collect();
            draft.fix("let newer pushes end them", Applicability::Unsafe, edits);
        }
    }
}

/// Whether the pipeline says anywhere what a newer one ends.
fn decides(pipeline: &Pipeline<'_>) -> bool {
    let says = |(_, node): (plimsoll_syntax::yaml::Node<'_>, plimsoll_syntax::yaml::Node<'_>)| {
        node.get("interruptible").is_some()
    };
    pipeline.root.get_path(&["workflow", "auto_cancel"]).is_some()
        || pipeline.root.entries().any(says)
}

/// Whether a job is named as a test or stands in such a stage, and neither builds nor deploys.
fn is_test(review: &Review<'_>, job: &Job<'_>) -> bool {
    let stage = job.body.get("stage").and_then(|s| s.as_str()).unwrap_or("");
    let named = [job.name(), stage].iter().any(|text| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| matches!(word, "test" | "tests" | "lint" | "check" | "unit"))
    });
    named
        && job.deploy(review).is_none()
        && !review.found.builds.iter().any(|b| job.builds(b))
        && job.body.get("environment").is_none()
}
