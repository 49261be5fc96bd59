//! Kubernetes manifests and the service manifests of Cloud Run and Knative.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_syntax::yaml::{Node, Yaml};

use super::Finder;
use super::paths::{file_name, folder, join};
use super::types::{Deploy, DeployTool, Discovery, Platform, Probe, Settings};
use crate::repo::{Fact, Place, Repo};

/// The kustomizations of the repository, each with its file.
pub(crate) fn kustomizations(repo: &Repo) -> impl Iterator<Item = (&str, Node<'_>)> {
    let named = |path: &str| matches!(file_name(path), "kustomization.yaml" | "kustomization.yml");
    let files = repo.yaml.iter().filter(move |(path, _)| named(path));
    files.flat_map(|(path, yaml)| yaml.documents().map(move |document| (path.as_str(), document)))
}

/// The files that kustomizations name as patches: they say only what they change.
pub(super) fn patches(repo: &Repo) -> BTreeSet<String> {
    let named = kustomizations(repo).flat_map(|(path, document)| {
        let lists = ["patchesStrategicMerge", "patches", "patchesJson6902"];
        let items = lists.into_iter().filter_map(move |key| document.get(key));
        let names = items
            .flat_map(|list| list.items())
            .filter_map(|item| item.as_str().or_else(|| item.get("path")?.as_str()));
        names.filter_map(move |name| join(folder(path), name))
    });
    named.collect()
}

/// Finds the workloads of a YAML file.
pub(super) fn find(
    path: &Arc<str>,
    yaml: &Yaml,
    patches: &BTreeSet<String>,
    finder: &mut Finder<'_>,
) {
    let text = finder.sources.text(path).unwrap_or("");
    let unreadable = !yaml.errors().is_empty() && is_template(text);
    let (template, patch) = (unreadable || in_chart(path, finder), patches.contains(path.as_ref()));
    let reader = Reader { path, text, partial: template || patch };
    let before = finder.found.deploys.len();
    reader.documents(yaml, finder);
    let new = finder.found.deploys.iter().skip(before);
    let open =
        new.filter(|d| d.partial && d.image.is_some() && !patch).map(|d| d.at.clone()).next();
    if let Some(at) = open {
        finder.note(&at, "this is a template: the settings that its values give are not analysed");
    }
}

/// Whether a text has actions of Helm: `{{ .Values.x }}`, `{{- with … }}`. Other words in such
/// braces are for a person or for a script.
fn is_template(text: &str) -> bool {
    const ACTIONS: [&str; 9] =
        [".", "$", "if ", "with ", "range ", "include ", "template ", "toYaml ", "tpl "];
    let mut actions = text.split("{{").skip(1).map(|t| t.trim_start_matches('-').trim_start());
    actions.any(|action| ACTIONS.iter().any(|a| action.starts_with(a)))
}

/// Whether a file lies among the templates of a Helm chart.
fn in_chart(path: &str, finder: &Finder<'_>) -> bool {
    let ends = path.match_indices("templates/").map(|(i, _)| i);
    let mut charts = ends.filter(|i| *i == 0 || path[..*i].ends_with('/'));
    charts.any(|i| finder.sources.kind(&format!("{}Chart.yaml", &path[..i])).is_some())
}

fn kind(document: Node<'_>) -> Option<&str> {
    document.get("kind")?.as_str()
}

/// Whether a service is one of Cloud Run: it has an annotation or a label of it, or another file
/// of the repository gives it to Cloud Run. Anything else is Knative's.
fn is_cloud_run(path: &str, document: Node<'_>, finder: &Finder<'_>) -> bool {
    let own = |key: &str| {
        key.starts_with("run.googleapis.com/") || key.starts_with("cloud.googleapis.com/")
    };
    let metadata = [&["metadata"][..], &["spec", "template", "metadata"]];
    let marked = metadata.into_iter().filter_map(|keys| document.get_path(keys)).any(|node| {
        let maps = ["annotations", "labels"].into_iter().filter_map(|key| node.get(key));
        maps.flat_map(|map| map.entries()).any(|(key, _)| key.as_str().is_some_and(own))
    });
    let ways = ["run services replace", "deploy-cloudrun", "cloudrun"];
    marked
        || finder.sources.files.iter().any(|(other, file)| {
            other != path
                && file.text.contains(file_name(path))
                && ways.iter().any(|way| file.text.contains(way))
        })
}

struct Reader<'a> {
    path: &'a Arc<str>,
    text: &'a str,
    /// Whether the file says only a part of what it deploys.
    partial: bool,
}

impl Reader<'_> {
    fn documents(&self, yaml: &Yaml, finder: &mut Finder<'_>) {
        let mut documents: Vec<Node<'_>> = Vec::new();
        for document in yaml.documents() {
            match document.get("items").filter(|_| kind(document) == Some("List")) {
                Some(items) => documents.extend(items.items()),
                None => documents.push(document),
            }
        }
        for document in documents {
            let api = document.get("apiVersion").and_then(|n| n.as_str()).unwrap_or("");
            let Some(kind) = kind(document) else { continue };
            match (api, kind) {
                (api, "Service") if api.starts_with("serving.knative.dev/") => {
                    let ours = is_cloud_run(self.path, document, finder);
                    let platform = if ours { Platform::CloudRun } else { Platform::Knative };
                    self.service(document, platform, &mut finder.found);
                }
                (_, "Deployment" | "StatefulSet" | "DaemonSet") => {
                    self.workload(document, &mut finder.found);
                }
                _ => {}
            }
        }
    }

    fn place(&self, node: Node<'_>) -> Place {
        Place::new(self.path, node.span())
    }

    fn fact(&self, node: Option<Node<'_>>) -> Option<Fact<String>> {
        let node = node?;
        Some(Fact::new(node.as_str()?.to_owned(), self.place(node)))
    }

    fn service(&self, document: Node<'_>, platform: Platform, found: &mut Discovery) {
        let Some(template) = document.get_path(&["spec", "template"]) else { return };
        let Some(spec) = template.get("spec") else { return };
        let Some(container) = ingress(spec) else { return };
        let mut deploy = self.deploy(document, platform, DeployTool::CloudRunManifest);
        deploy.image = self.fact(container.get("image"));
        let mut s = self.settings(container);
        s.concurrency = self.fact(spec.get("containerConcurrency"));
        s.timeout = self.fact(spec.get("timeoutSeconds"));
        s.service_account = self.fact(spec.get("serviceAccountName"));
        for source in [template, document] {
            let note = |name: &str| self.fact(source.get_path(&["metadata", "annotations", name]));
            s.min_instances = s.min_instances.or_else(|| note("autoscaling.knative.dev/minScale"));
            s.min_instances = s.min_instances.or_else(|| note("run.googleapis.com/minScale"));
            s.max_instances = s.max_instances.or_else(|| note("autoscaling.knative.dev/maxScale"));
            let truth = |f: Fact<String>| f.map(|v| v == "true");
            s.cpu_boost =
                s.cpu_boost.or_else(|| note("run.googleapis.com/startup-cpu-boost").map(truth));
            s.cpu_throttling =
                s.cpu_throttling.or_else(|| note("run.googleapis.com/cpu-throttling").map(truth));
        }
        deploy.settings = s;
        found.deploys.push(deploy);
    }

    fn workload(&self, document: Node<'_>, found: &mut Discovery) {
        let Some(spec) = document.get_path(&["spec", "template", "spec"]) else { return };
        let Some(containers) = spec.get("containers") else { return };
        for container in containers.items() {
            let mut deploy =
                self.deploy(document, Platform::Kubernetes, DeployTool::KubernetesManifest);
            deploy.at = self.place(container);
            deploy.image = self.fact(container.get("image"));
            // Without an image it is a patch of another file.
            deploy.partial |= deploy.image.is_none();
            deploy.settings = self.settings(container);
            // What the container says holds before what its pod says.
            let contexts = [container, spec].map(|of| of.get("securityContext"));
            let said = |key: &str| contexts.iter().flatten().find_map(|context| context.get(key));
            deploy.settings.non_root = said("runAsNonRoot")
                .filter(|value| value.as_str() == Some("true"))
                .map(|value| self.place(value));
            deploy.settings.run_as_user = self.fact(said("runAsUser"));
            deploy.settings.replicas = self.fact(document.get_path(&["spec", "replicas"]));
            deploy.settings.service_account = self.fact(spec.get("serviceAccountName"));
            deploy.settings.progress_deadline =
                self.fact(document.get_path(&["spec", "progressDeadlineSeconds"]));
            found.deploys.push(deploy);
        }
    }

    fn deploy(&self, document: Node<'_>, platform: Platform, tool: DeployTool) -> Deploy {
        let mut deploy = Deploy::new(self.place(document), platform, tool);
        deploy.partial = self.partial || is_template(document.span().text(self.text));
        deploy.service = self.fact(document.get_path(&["metadata", "name"]));
        let namespace = document.get_path(&["metadata", "namespace"]).and_then(|n| n.as_str());
        deploy.environment = super::environment::guess(&[self.path, namespace.unwrap_or("")]);
        deploy
    }

    fn settings(&self, container: Node<'_>) -> Settings {
        let limit = |name: &str| self.fact(container.get_path(&["resources", "limits", name]));
        let mut s = Settings { cpu: limit("cpu"), memory: limit("memory"), ..Settings::default() };
        let ports = container.get("ports");
        s.port =
            ports.and_then(|p| p.items().next()).and_then(|p| self.fact(p.get("containerPort")));
        s.pull_policy = self.fact(container.get("imagePullPolicy"));
        s.startup_probe = container.get("startupProbe").map(|p| self.probe(p));
        s.liveness_probe = container.get("livenessProbe").map(|p| self.probe(p));
        s.readiness_probe = container.get("readinessProbe").map(|p| self.probe(p));
        s.command = self.fact(container.get("command").and_then(|c| c.items().next()));
        for variable in container.get("env").into_iter().flat_map(|e| e.items()) {
            let Some(name) = self.fact(variable.get("name")) else { continue };
            if let Some(value) = self.fact(variable.get("value")) {
                s.env.push((name, value));
            } else if let Some(key) = variable.get_path(&["valueFrom", "secretKeyRef"]) {
                let part = |k: &str| key.get(k).and_then(|n| n.as_str()).unwrap_or("");
                let value = format!("{}:{}", part("name"), part("key"));
                s.secrets.push((name, Fact::new(value, self.place(key))));
            }
        }
        s
    }

    fn probe(&self, node: Node<'_>) -> Probe {
        let number =
            |key: &str| node.get(key).and_then(|n| n.as_i64()).and_then(|n| u32::try_from(n).ok());
        let kinds = [("httpGet", "http"), ("tcpSocket", "tcp"), ("grpc", "grpc"), ("exec", "exec")];
        let kind =
            kinds.iter().find(|(key, _)| node.get(key).is_some()).map_or("", |(_, kind)| kind);
        Probe {
            at: self.place(node),
            kind: kind.to_owned(),
            path: self.fact(node.get_path(&["httpGet", "path"])),
            port: node.get_path(&["httpGet", "port"]).and_then(|n| n.as_str()).map(str::to_owned),
            initial_delay: number("initialDelaySeconds"),
            period: number("periodSeconds"),
            timeout: number("timeoutSeconds"),
            failures: number("failureThreshold"),
        }
    }
}

/// The container that gets the requests: the one with a port, or the first.
fn ingress(spec: Node<'_>) -> Option<Node<'_>> {
    let containers = spec.get("containers")?;
    let with_port = containers.items().find(|c| c.get("ports").is_some());
    with_port.or_else(|| containers.items().next())
}
