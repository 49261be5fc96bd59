//! Files that stand beside what is shipped: tests, examples, documentation, tools.

use crate::discover::beside::{Beside, is_of_others};
use crate::discover::paths::folder;
use crate::discover::{Build, BuildTool, Deploy, DeployTool, Platform};
use crate::repo::DockerfileView;
use crate::review::Review;

use super::building::{builds, job, services_of};
use super::deploy_job::starts_cluster;

/// What stands beside what is shipped, in one repository.
pub(crate) struct Aside {
    /// Whether there is a Dockerfile or a manifest elsewhere: without one, nothing but tests stands
    /// beside anything.
    beside: bool,
    /// The Dockerfiles that are pushed or deployed wherever they lie.
    shipped: Vec<String>,
}

impl Aside {
    /// Looks at a repository.
    #[must_use]
    pub(crate) fn new(review: &Review<'_>) -> Self {
        let files = || review.repo.dockerfiles.iter();
        let shipped = |d: &&DockerfileView| Beside::of(&d.path).is_some() && is_shipped(review, d);
        let shipped: Vec<String> =
            files().filter(shipped).map(|d| d.path.as_ref().to_owned()).collect();
        let elsewhere = |path: &str| {
            let own = Beside::of(path).is_none() && !is_of_others(path);
            own && !path.starts_with(".github/")
        };
        let manifest = |d: &&Deploy| d.tool == DeployTool::KubernetesManifest;
        let manifests = review.found.deploys.iter().filter(manifest).map(|d| &*d.at.path);
        let mut paths = files().map(|d| &*d.path).chain(manifests);
        Self { beside: !shipped.is_empty() || paths.any(elsewhere), shipped }
    }

    /// What a file is there for of which nothing is shipped.
    #[must_use]
    pub(crate) fn of(&self, path: &str) -> Option<Beside> {
        let beside = Beside::of(path)?;
        let always = matches!(beside, Beside::Data | Beside::Desk | Beside::Tests);
        if is_run_by_github(path) || !(self.beside || always) {
            return None;
        }
        let same = |own: &String| {
            let home = folder(own);
            let below = || !home.is_empty() && path.starts_with(&format!("{home}/"));
            own == path || (beside != Beside::Name && below())
        };
        (!self.shipped.iter().any(same)).then_some(beside)
    }
}

/// Whether a path is of a workflow or an action: GitHub runs it, wherever it lies.
fn is_run_by_github(path: &str) -> bool {
    path.starts_with(".github/") && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

/// Whether the repository pushes or deploys the image of a Dockerfile.
fn is_shipped(review: &Review<'_>, file: &DockerfileView) -> bool {
    let services = services_of(review, file);
    let mut deploys =
        services.iter().flat_map(|s| &s.deploys).filter_map(|i| review.found.deploys.get(*i));
    services.iter().flat_map(|s| builds(review, s)).any(|b| pushes(review, b))
        || deploys.any(|d| deploys_it(review, d))
}

fn pushes(review: &Review<'_>, build: &Build) -> bool {
    let in_cloud = [
        BuildTool::GcloudBuilds,
        BuildTool::GcloudSource,
        BuildTool::CloudBuildDocker,
        BuildTool::Kaniko,
    ];
    let local = |tag: &str| tag.starts_with("localhost") || tag.starts_with("127.0.0.1");
    if build.tool == BuildTool::Config {
        return true;
    }
    if Beside::of(&build.at.path).is_some()
        || (!build.tags.is_empty() && build.tags.iter().all(|t| local(&t.value)))
    {
        return false;
    }
    let Some((job, step)) = job(review, build) else {
        return in_cloud.contains(&build.tool) || build.push == Some(true);
    };
    let expression = |input: &str| {
        let value = job.steps.get(step).and_then(|s| s.input(input));
        value.is_some_and(|v| v.value.contains("${{") || v.value.contains("push"))
    };
    let scripts = || job.steps.iter().filter_map(|s| s.run.as_ref());
    let said = || scripts().any(|r| r.text.text().contains("push"));
    let open = build.push.is_none() && (expression("push") || expression("outputs") || said());
    !starts_cluster(job) && (build.push == Some(true) || in_cloud.contains(&build.tool) || open)
}

fn deploys_it(review: &Review<'_>, deploy: &Deploy) -> bool {
    let job = deploy.job.and_then(|j| review.repo.workflows.get(j.workflow)?.jobs.get(j.job));
    deploy.platform != Platform::Compose
        && Beside::of(&deploy.at.path).is_none()
        && !job.is_some_and(starts_cluster)
}
