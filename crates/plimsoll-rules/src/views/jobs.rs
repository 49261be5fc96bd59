//! Jobs of workflows: which of them build and deploy, and where a setting can be inserted.

use std::collections::BTreeSet;

use plimsoll_model::{Edit, Sources};

use crate::discover::{Deploy, DeployTool};
use crate::repo::{Job, Place, Workflow};
use crate::review::Review;
use crate::rule::insert;

/// A job with what it does.
#[derive(Clone, Copy)]
pub struct JobView<'a> {
    /// The job.
    pub job: &'a Job,
    /// Whether it builds an image.
    pub builds: bool,
    /// What it deploys first.
    pub deploy: Option<&'a Deploy>,
}

/// The jobs of a workflow that build or deploy.
pub fn delivering<'a>(review: &Review<'a>, workflow: &'a Workflow) -> Vec<JobView<'a>> {
    let Some(index) = review.repo.workflows.iter().position(|w| w.path == workflow.path) else {
        return Vec::new();
    };
    let building: BTreeSet<usize> = review
        .found
        .builds
        .iter()
        .filter_map(|b| b.job)
        .filter(|j| j.workflow == index)
        .map(|j| j.job)
        .collect();
    let deploys: Vec<&Deploy> = review
        .found
        .deploys
        .iter()
        .filter(|d| d.job.is_some_and(|j| j.workflow == index))
        .collect();
    let view = |(i, job): (usize, &'a Job)| {
        let deploy = deploys.iter().find(|d| d.job.is_some_and(|j| j.job == i)).copied();
        let builds = building.contains(&i);
        (builds || deploy.is_some()).then_some(JobView { job, builds, deploy })
    };
    workflow.jobs.iter().enumerate().filter_map(view).collect()
}

impl JobView<'_> {
    /// The environment it deploys to.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        self.deploy.and_then(|d| d.environment.as_deref())
    }

    /// Whether it is an ordinary job, not the call of a workflow and no composite action.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        self.job.uses.is_none() && !self.job.runs_on.is_empty()
    }

    /// How it deploys, for a sentence.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self.deploy.map(|d| d.tool) {
            Some(DeployTool::Helm | DeployTool::Kubectl) => "deploys to Kubernetes",
            Some(_) => "deploys",
            None => "builds",
        }
    }
}

/// The edits that put settings, a line each, before the first entry of a mapping.
#[must_use]
pub fn insert_before(sources: &Sources, body: &Place, lines: &[&str]) -> Vec<Edit> {
    let (Some(span), Some(text)) = (body.span, sources.text(&body.path)) else { return Vec::new() };
    let before = text.get(..span.start as usize).unwrap_or("");
    let column = before.len() - before.rfind('\n').map_or(0, |i| i + 1);
    let indent = " ".repeat(column);
    let inserted: String = lines.iter().map(|l| format!("{l}\n{indent}")).collect();
    insert(&body.path, span.start, inserted)
}
