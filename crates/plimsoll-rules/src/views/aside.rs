//! Files that stand beside what is shipped: tests, examples, documentation, tools.

use crate::discover::paths::{file_name, folder};
use crate::discover::{Build, BuildTool, Deploy, DeployTool, Platform};
use crate::repo::DockerfileView;
use crate::review::Review;

use super::building::{builds, job, services_of};
use super::deploy_job::starts_cluster;

const TESTS: &str = "tests";
const EXAMPLES: &str = "examples";
const TRIALS: &str = "trials";
const ARCHIVED: &str = "what is kept and no longer used";

/// Folders by what they hold.
const FOLDERS: [(&str, &[&str]); 7] = [
    (
        TESTS,
        &[
            "test",
            "tests",
            "testing",
            "testdata",
            "testfiles",
            "test-cases",
            "test-infra",
            "fixtures",
            "__fixtures__",
            "__tests__",
        ],
    ),
    (TRIALS, &["e2e", "integration", "playwright", "cypress", "benchmark", "benchmarks"]),
    (EXAMPLES, &["example", "examples", "sample", "samples", "demo", "demos", "snippets"]),
    ("documentation", &["doc", "docs"]),
    ("tools for its developers", &["hack", ".devcontainer"]),
    (ARCHIVED, &["_archived"]),
    ("contributions", &["contrib"]),
];

/// How the names of folders of tests end.
const ENDS: [&str; 6] = ["-test", "-tests", "_test", "_tests", "-e2e", "_e2e"];

/// Words in the name of a Dockerfile that is for a desk.
const WORDS: [&str; 13] = [
    "dev",
    "devel",
    "development",
    "devcontainer",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "playwright",
    "tilt",
    "lint",
];

/// What a path says of its file, where it says that nobody ships it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It lies in a folder of something else.
    Folder(&'static str),
    /// Its own name speaks of work at a desk.
    Name,
}

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
        let shipped = |d: &&DockerfileView| place(&d.path).is_some() && is_shipped(review, d);
        let shipped: Vec<String> =
            files().filter(shipped).map(|d| d.path.as_ref().to_owned()).collect();
        let elsewhere = |path: &str| {
            let own = place(path).is_none() && !is_of_others(path);
            own && !path.starts_with(".github/")
        };
        let manifest = |d: &&Deploy| d.tool == DeployTool::KubernetesManifest;
        let manifests = review.found.deploys.iter().filter(manifest).map(|d| &*d.at.path);
        let mut paths = files().map(|d| &*d.path).chain(manifests);
        Self { beside: !shipped.is_empty() || paths.any(elsewhere), shipped }
    }

    /// Why nothing of a file is shipped, as a sentence; `None` where it may be.
    #[must_use]
    pub(crate) fn reason(&self, path: &str) -> Option<String> {
        let place = place(path)?;
        if is_run_by_github(path) || !(self.beside || place == Place::Folder(TESTS)) {
            return None;
        }
        let same = |own: &String| match place {
            Place::Name => own == path,
            Place::Folder(_) => {
                let home = folder(own);
                own == path || (!home.is_empty() && path.starts_with(&format!("{home}/")))
            }
        };
        if self.shipped.iter().any(same) {
            return None;
        }
        let stands = match place {
            Place::Folder(kind) => format!("lies in a folder of {kind}"),
            Place::Name => "has a name for work at a desk".to_owned(),
        };
        Some(format!("{path} {stands}: nothing of it is shipped"))
    }
}

/// Whether a path is of a workflow or an action: GitHub runs it, wherever it lies.
fn is_run_by_github(path: &str) -> bool {
    path.starts_with(".github/") && (path.ends_with(".yml") || path.ends_with(".yaml"))
}

/// Whether a path speaks of tests, examples or tools.
pub(crate) fn is_aside(path: &str) -> bool {
    place(path).is_some()
}

/// Whether a path lies among tests, samples or code of others.
#[must_use]
pub(crate) fn is_sample(path: &str) -> bool {
    let place = place(path);
    matches!(place, Some(Place::Folder(TESTS | TRIALS | EXAMPLES | ARCHIVED))) || is_of_others(path)
}

fn is_of_others(path: &str) -> bool {
    folder(path).split('/').any(|part| matches!(part, "vendor" | "node_modules"))
}

/// What a path says of its file.
fn place(path: &str) -> Option<Place> {
    let kind = |part: &str| {
        let part = part.to_ascii_lowercase();
        let named = FOLDERS.iter().find(|(_, names)| names.contains(&part.as_str()));
        let tests = || ENDS.iter().any(|end| part.ends_with(end)).then_some(TESTS);
        named.map(|(kind, _)| *kind).or_else(tests)
    };
    if let Some(kind) = folder(path).split('/').find_map(kind) {
        return Some(Place::Folder(kind));
    }
    let name = file_name(path).to_ascii_lowercase();
    let mut words = name.split(['.', '-', '_']);
    let desk = name.contains("dockerfile") && words.any(|word| WORDS.contains(&word));
    desk.then_some(Place::Name)
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
    if place(&build.at.path).is_some()
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
        && place(&deploy.at.path).is_none()
        && !job.is_some_and(starts_cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_what_nobody_ships() {
        for (path, aside) in [
            ("Dockerfile", false),
            ("src/api/Dockerfile", false),
            ("src/testimonials/Dockerfile", false),
            ("deploy/latest/Dockerfile", false),
            ("Dockerfile.alpine", false),
            ("Dockerfile.dev", true),
            ("api/dev.Dockerfile", true),
            ("compose.dev.yaml", false),
            ("tests/Dockerfile", true),
            ("a/__fixtures__/b/Dockerfile", true),
            ("ui-tests/Dockerfile", true),
            ("playwright/compose/web/Dockerfile", true),
            (".devcontainer/Dockerfile", true),
            ("Docs/compose.yaml", true),
        ] {
            assert_eq!(place(path).is_some(), aside, "{path}");
        }
    }
}
