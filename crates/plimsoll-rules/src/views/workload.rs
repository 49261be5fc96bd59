//! Kubernetes Deployments and the Services in front of them, as their manifests say.

use std::sync::Arc;

use plimsoll_syntax::yaml::{Kind, Node};

use crate::discover::beside::{Beside, is_sample};
use crate::discover::paths::folder;
use crate::discover::{Deploy, kustomizations};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::{Draft, Out};

/// Looks at every deployment, and makes one finding of those about workloads of one name: manifests
/// are copied, and bundles are made of them. What is shipped comes first; of each other, `label`
/// says what it adds.
pub(crate) fn of_each<K: PartialEq>(
    review: &Review<'_>,
    out: &mut Out,
    check: fn(&Review<'_>, &Deploy, &mut Out),
    key: impl Fn(&Draft) -> K,
    label: &str,
) {
    let counts = |d: &&Deploy| Beside::of(&d.at.path) != Some(Beside::Data);
    let mut deploys: Vec<&Deploy> = review.found.deploys.iter().filter(counts).collect();
    deploys.sort_by_key(|d| Beside::of(&d.at.path).is_some());
    let mut named: Vec<(Place, &str)> = Vec::new();
    for deploy in deploys {
        let before = out.findings.len();
        check(review, deploy, out);
        let Some(name) = &deploy.service else { continue };
        let new = out.findings.iter().skip(before);
        named.extend(new.map(|draft| (draft.at.clone(), name.value.as_str())));
    }
    let name = |draft: &Draft| named.iter().find(|(at, _)| *at == draft.at).map(|(_, name)| *name);
    // A workload without a name is nobody's copy.
    out.gather(
        |draft| name(draft).map_or_else(|| Err(draft.at.clone()), |name| Ok((name, key(draft)))),
        |draft| (draft.at.clone(), label.to_owned()),
    );
}

/// A document of a Kubernetes manifest.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    /// The file.
    path: &'a str,
    /// The document.
    pub(crate) node: Node<'a>,
}

impl<'a> Object<'a> {
    fn text(&self, path: &[&str]) -> &'a str {
        self.node.get_path(path).and_then(|n| n.as_str()).unwrap_or("")
    }

    fn namespace(&self) -> &'a str {
        self.text(&["metadata", "namespace"])
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'a str {
        self.text(&["metadata", "name"])
    }

    /// The specification of its pods.
    pub(crate) fn pod(&self) -> Option<Node<'a>> {
        self.node.get_path(&["spec", "template", "spec"])
    }

    /// The place of a node of it.
    pub(crate) fn place(&self, node: Node<'a>) -> Place {
        let path: Arc<str> = self.path.into();
        Place::new(&path, node.span())
    }
}

/// What the manifests of a repository say, read once.
pub(crate) struct Cluster<'a> {
    review: &'a Review<'a>,
    objects: Vec<Object<'a>>,
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(review: &'a Review<'a>) -> Self {
        Self { review, objects: objects(review) }
    }

    /// The Deployments of services of the repository whose manifest is the whole of what is applied:
    /// none of samples, of templates, and of a repository whose manifests are patched before they
    /// are applied.
    pub(crate) fn deployments(&self) -> Vec<Object<'a>> {
        if is_patched(self.review) {
            return Vec::new();
        }
        let is_composed = kustomizations(self.review.repo).next().is_some();
        let named = self.objects.iter().filter(|o| o.text(&["kind"]) == "Deployment");
        let twice = |o: &Object<'a>| {
            let same = |p: &Object<'a>| p.name() == o.name() && p.path != o.path;
            is_composed && named.clone().any(same)
        };
        let wanted = |o: &&Object<'a>| !o.name().is_empty() && !twice(o) && self.is_own(**o);
        named.clone().filter(wanted).copied().collect()
    }

    /// The Service that sends requests to a Deployment's pods through a virtual address.
    pub(crate) fn service_of(&self, deployment: Object<'a>) -> Option<Object<'a>> {
        let labels = deployment.node.get_path(&["spec", "template", "metadata", "labels"])?;
        let label = |key: &str| labels.get(key).and_then(|n| n.as_str());
        let sends = |o: &&Object<'a>| {
            let selector = o.node.get_path(&["spec", "selector"]).filter(|s| s.kind() == Kind::Map);
            let mut pairs = selector.into_iter().flat_map(|s| s.entries()).peekable();
            o.text(&["kind"]) == "Service"
                && o.text(&["apiVersion"]) == "v1"
                && o.text(&["spec", "clusterIP"]) != "None"
                && o.namespace() == deployment.namespace()
                && pairs.peek().is_some()
                && pairs
                    .all(|(k, v)| v.as_str().is_some() && k.as_str().and_then(label) == v.as_str())
        };
        // Of several that fit, the one that is written beside it: repositories hold several systems.
        let near = |o: &&Object<'a>| match o.path {
            path if path == deployment.path => 0,
            path if folder(path) == folder(deployment.path) => 1,
            _ => 2,
        };
        self.objects.iter().filter(sends).min_by_key(near).copied()
    }

    /// Whether a Deployment runs a service of the repository, rather than an image of others, and is
    /// no template or patch.
    fn is_own(&self, deployment: Object<'_>) -> bool {
        let containers = deployment.pod().and_then(|p| p.get("containers"));
        let places: Vec<Place> =
            containers.into_iter().flat_map(|c| c.items()).map(|c| deployment.place(c)).collect();
        let found = self.review.found;
        let mut deploys = found.services.iter().flat_map(|s| &s.deploys);
        let whole = |index: &usize| found.deploys.get(*index).filter(|deploy| !deploy.partial);
        deploys.any(|index| whole(index).is_some_and(|deploy| places.contains(&deploy.at)))
    }

    /// Whether something else than the manifest sets the number of replicas.
    pub(crate) fn is_scaled(&self, deployment: Object<'_>) -> bool {
        self.objects.iter().any(|o| {
            matches!(o.text(&["kind"]), "HorizontalPodAutoscaler" | "ScaledObject")
                && o.text(&["spec", "scaleTargetRef", "name"]) == deployment.name()
        })
    }
}

/// Every document of a manifest that is no sample.
fn objects<'a>(review: &Review<'a>) -> Vec<Object<'a>> {
    let files = review.repo.yaml.iter().filter(|(path, yaml)| {
        !is_sample(path) && !path.starts_with(".github/") && yaml.errors().is_empty()
    });
    let documents = files.flat_map(|(path, yaml)| yaml.documents().map(move |d| (path, d)));
    let objects = documents.flat_map(|(path, document)| {
        let items: Vec<Node<'a>> = match document.get("items") {
            Some(items) if document.get("kind").is_some() => items.items().collect(),
            _ => vec![document],
        };
        items.into_iter().map(move |node| Object { path, node })
    });
    objects.filter(|o| !o.text(&["apiVersion"]).is_empty()).collect()
}

/// Whether a kustomization changes what it lists by patches that stand nowhere else.
fn is_patched(review: &Review<'_>) -> bool {
    const KEYS: [&str; 5] =
        ["patches", "patchesJson6902", "replicas", "components", "transformers"];
    kustomizations(review.repo).any(|(_, k)| KEYS.iter().any(|key| k.get(key).is_some()))
}
