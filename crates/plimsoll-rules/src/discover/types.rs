//! What discovery finds: builds, deployments, and the services that join them.

use plimsoll_model::NotAnalysed;

use crate::repo::{Fact, Place};

/// What builds an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildTool {
    /// `docker/build-push-action`.
    BuildPushAction,
    /// `docker/bake-action` or `docker buildx bake`.
    Bake,
    /// `docker build`.
    DockerBuild,
    /// `docker buildx build`.
    Buildx,
    /// `podman build` or `buildah`.
    Podman,
    /// `gcloud builds submit`, with `--tag` or a configuration.
    GcloudBuilds,
    /// A `gcr.io/cloud-builders/docker` step.
    CloudBuildDocker,
    /// A kaniko executor.
    Kaniko,
    /// `gcloud run deploy --source`.
    GcloudSource,
    /// A compose service with `build:`.
    Compose,
    /// A skaffold artifact.
    Skaffold,
    /// A service of `plimsoll.toml`.
    Config,
}

impl BuildTool {
    /// The name for a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BuildPushAction => "docker/build-push-action",
            Self::Bake => "docker buildx bake",
            Self::DockerBuild => "docker build",
            Self::Buildx => "docker buildx build",
            Self::Podman => "podman build",
            Self::GcloudBuilds => "gcloud builds submit",
            Self::CloudBuildDocker => "the Cloud Build docker step",
            Self::Kaniko => "kaniko",
            Self::GcloudSource => "gcloud run deploy --source",
            Self::Compose => "compose",
            Self::Skaffold => "skaffold",
            Self::Config => "plimsoll.toml",
        }
    }
}

/// Where the files of a build come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextRef {
    /// A folder of the repository; `""` is its root.
    Folder(Fact<String>),
    /// The commit, as git has it: the default of build-push-action without `context:`.
    Git(Place),
    /// Somewhere else: a URL, an archive, standard input.
    Remote(Fact<String>),
    /// It depends on what is not known here.
    Unknown(Fact<String>),
}

impl ContextRef {
    /// The folder of the repository, where it is one. A Git context is its root.
    #[must_use]
    pub fn folder(&self) -> Option<&str> {
        match self {
            Self::Folder(folder) => Some(&folder.value),
            Self::Git(_) => Some(""),
            Self::Remote(_) | Self::Unknown(_) => None,
        }
    }

    /// Where it is set.
    #[must_use]
    pub fn at(&self) -> &Place {
        match self {
            Self::Folder(fact) | Self::Remote(fact) | Self::Unknown(fact) => &fact.at,
            Self::Git(at) => at,
        }
    }
}

/// One cache import or export: `type=registry,ref=…,mode=max`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSpec {
    /// `registry`, `inline`, `gha`, `local`, …
    pub kind: String,
    /// The other attributes, in order.
    pub attrs: Vec<(String, String)>,
}

impl CacheSpec {
    /// Reads `type=registry,ref=x` or the short form, an image reference.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if !text.contains('=') {
            return Self { kind: "registry".into(), attrs: vec![("ref".into(), text.to_owned())] };
        }
        let mut spec = Self { kind: "registry".into(), attrs: Vec::new() };
        for part in text.split(',') {
            match part.trim().split_once('=') {
                Some(("type", kind)) => kind.clone_into(&mut spec.kind),
                Some((key, value)) => spec.attrs.push((key.to_owned(), value.to_owned())),
                None => {}
            }
        }
        spec
    }

    /// An attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attrs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// The workflow job that something stands in: indices into the repository's workflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobRef {
    /// The workflow.
    pub workflow: usize,
    /// The job.
    pub job: usize,
    /// The step.
    pub step: usize,
}

/// A place that builds an image.
#[derive(Clone, Debug)]
pub struct Build {
    /// Where: the step, the command or the service.
    pub at: Place,
    /// With what.
    pub tool: BuildTool,
    /// The workflow job, where it is one.
    pub job: Option<JobRef>,
    /// The environment it builds for, where that can be told.
    pub environment: Option<String>,
    /// Where the files come from.
    pub context: ContextRef,
    /// The Dockerfile from the repository's root, and where it is set or implied.
    pub dockerfile: Option<Fact<String>>,
    /// The target stage.
    pub target: Option<Fact<String>>,
    /// Build arguments; without a value they come from the environment.
    pub args: Vec<(Fact<String>, Option<String>)>,
    /// The references the image is tagged as.
    pub tags: Vec<Fact<String>>,
    /// Cache imports.
    pub cache_from: Vec<Fact<CacheSpec>>,
    /// Cache exports.
    pub cache_to: Vec<Fact<CacheSpec>>,
    /// Where the cache is switched off.
    pub no_cache: Option<Place>,
    /// Whether it pushes, where that is said.
    pub push: Option<bool>,
    /// Target platforms.
    pub platforms: Vec<Fact<String>>,
    /// Named contexts: name and source.
    pub contexts: Vec<(String, Fact<String>)>,
}

impl Build {
    /// A build of which nothing but its place and context is known.
    #[must_use]
    pub fn new(at: Place, tool: BuildTool, context: ContextRef) -> Self {
        Self {
            at,
            tool,
            job: None,
            environment: None,
            context,
            dockerfile: None,
            target: None,
            args: Vec::new(),
            tags: Vec::new(),
            cache_from: Vec::new(),
            cache_to: Vec::new(),
            no_cache: None,
            push: None,
            platforms: Vec::new(),
            contexts: Vec::new(),
        }
    }
}

/// What runs the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Platform {
    /// Google Cloud Run.
    CloudRun,
    /// Kubernetes.
    Kubernetes,
    /// Knative on a cluster of one's own.
    Knative,
    /// Docker Compose.
    Compose,
}

impl Platform {
    /// The name for a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudRun => "Cloud Run",
            Self::Kubernetes => "Kubernetes",
            Self::Knative => "Knative",
            Self::Compose => "Docker Compose",
        }
    }
}

/// A probe as it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Where.
    pub at: Place,
    /// `http`, `tcp`, `grpc` or `exec`.
    pub kind: String,
    /// The path of an HTTP probe.
    pub path: Option<Fact<String>>,
    /// The port of an HTTP probe.
    pub port: Option<String>,
    /// `initialDelaySeconds`, `periodSeconds`, `timeoutSeconds`, `failureThreshold`.
    pub initial_delay: Option<u32>,
    /// Seconds between attempts.
    pub period: Option<u32>,
    /// Seconds an attempt may take.
    pub timeout: Option<u32>,
    /// Attempts before it has failed.
    pub failures: Option<u32>,
}

/// The settings of a deployment, each as it stands in the file.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// CPU: `1`, `500m`.
    pub cpu: Option<Fact<String>>,
    /// Memory limit: `512Mi`, `2Gi`.
    pub memory: Option<Fact<String>>,
    /// Instances that are kept.
    pub min_instances: Option<Fact<String>>,
    /// Instances at the most.
    pub max_instances: Option<Fact<String>>,
    /// Requests an instance handles at once.
    pub concurrency: Option<Fact<String>>,
    /// Seconds a request may take.
    pub timeout: Option<Fact<String>>,
    /// The port the platform sends requests to.
    pub port: Option<Fact<String>>,
    /// Whether start-up gets more CPU.
    pub cpu_boost: Option<Fact<bool>>,
    /// Whether CPU is throttled outside requests.
    pub cpu_throttling: Option<Fact<bool>>,
    /// The startup probe.
    pub startup_probe: Option<Probe>,
    /// The liveness probe.
    pub liveness_probe: Option<Probe>,
    /// The readiness probe.
    pub readiness_probe: Option<Probe>,
    /// Plain variables: name and value.
    pub env: Vec<(Fact<String>, Fact<String>)>,
    /// Secrets: the variable or path, and `name:version`.
    pub secrets: Vec<(Fact<String>, Fact<String>)>,
    /// Where it is said that the new revision gets no traffic yet.
    pub no_traffic: Option<Place>,
    /// The tag of the new revision.
    pub tag: Option<Fact<String>>,
    /// Replicas of a Kubernetes workload.
    pub replicas: Option<Fact<String>>,
    /// The service account it runs as.
    pub service_account: Option<Fact<String>>,
    /// Labels.
    pub labels: Vec<(Fact<String>, Fact<String>)>,
    /// Where Kubernetes is told to start no program of root.
    pub non_root: Option<Place>,
    /// The user in place of the image's.
    pub run_as_user: Option<Fact<String>>,
    /// When a node pulls the image, where that is said: `IfNotPresent`.
    pub pull_policy: Option<Fact<String>>,
    /// Seconds until a Kubernetes rollout without progress has failed.
    pub progress_deadline: Option<Fact<String>>,
    /// The command that replaces the image's.
    pub command: Option<Fact<String>>,
}

/// How a deployment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployTool {
    /// `gcloud run deploy`.
    GcloudRun,
    /// `gcloud run services update`.
    GcloudUpdate,
    /// `google-github-actions/deploy-cloudrun`.
    DeployCloudRunAction,
    /// A service manifest of Cloud Run or Knative.
    CloudRunManifest,
    /// A Kubernetes manifest.
    KubernetesManifest,
    /// `kubectl set image`, `kubectl apply`.
    Kubectl,
    /// `helm upgrade`, `helm install`.
    Helm,
    /// A compose service.
    Compose,
}

/// A place that deploys an image.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// Where: the step, the command or the manifest.
    pub at: Place,
    /// Where to.
    pub platform: Platform,
    /// With what.
    pub tool: DeployTool,
    /// The workflow job, where it is one.
    pub job: Option<JobRef>,
    /// The name of the deployed service.
    pub service: Option<Fact<String>>,
    /// The image.
    pub image: Option<Fact<String>>,
    /// The environment: `production`.
    pub environment: Option<String>,
    /// Its settings.
    pub settings: Settings,
    /// Whether the file says only a part of it: a patch, or a template with values elsewhere.
    pub partial: bool,
    /// Where it deploys from source, with no image of its own.
    pub from_source: Option<Fact<String>>,
    /// Where the arguments of the command end, so that a flag can be inserted.
    pub insert_flag_at: Option<Place>,
}

impl Deploy {
    /// A deployment of which nothing but its place is known.
    #[must_use]
    pub fn new(at: Place, platform: Platform, tool: DeployTool) -> Self {
        Self {
            at,
            platform,
            tool,
            job: None,
            service: None,
            image: None,
            environment: None,
            settings: Settings::default(),
            partial: false,
            from_source: None,
            insert_flag_at: None,
        }
    }
}

/// One deployable unit: a Dockerfile with its target, what builds it and what deploys it.
/// The numbers index [`Discovery::builds`] and [`Discovery::deploys`].
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, unique in the repository.
    pub name: String,
    /// The index of its Dockerfile among the repository's.
    pub dockerfile: usize,
    /// The target stage, where one is named.
    pub target: Option<String>,
    /// What builds it.
    pub builds: Vec<usize>,
    /// What deploys it.
    pub deploys: Vec<usize>,
    /// The context's root, where the builds agree on one or only one is known.
    pub context: Option<ContextRef>,
}

/// Everything that was found and linked.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Places that build an image.
    pub builds: Vec<Build>,
    /// Places that deploy one.
    pub deploys: Vec<Deploy>,
    /// The services, in the order of their Dockerfiles.
    pub services: Vec<Service>,
    /// What could not be followed.
    pub not_analysed: Vec<NotAnalysed>,
}

impl Discovery {
    /// The services of a Dockerfile.
    #[must_use]
    pub fn services_of(&self, dockerfile: usize) -> &[Service] {
        let start = self.services.partition_point(|s| s.dockerfile < dockerfile);
        let end = self.services.partition_point(|s| s.dockerfile <= dockerfile);
        self.services.get(start..end).unwrap_or_default()
    }
}
