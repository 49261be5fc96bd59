//! Cache keys: what the builder compares to tell whether a step must run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use plimsoll_syntax::dockerfile::Inputs;

use crate::digest::{Digest, Fields};
use crate::graph::{Graph, Input, Step};
use crate::lower::{LowerError, lower};
use crate::select::{SelectError, Selector, Snapshot};
use crate::tree::Tree;

/// The contexts of a build at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contexts {
    /// The one that COPY takes from.
    pub main: Snapshot,
    /// Named contexts that are folders.
    pub named: BTreeMap<String, Snapshot>,
}

/// Everything that a build is made of at one moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The text of the Dockerfile.
    pub dockerfile: Arc<str>,
    /// Build arguments, target and platform.
    pub inputs: Inputs,
    /// The contexts.
    pub contexts: Contexts,
}

/// The keys of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key: equal keys are the same work.
    pub exact: Digest,
    /// The key without the content of other stages. Where it is known and the exact one is not,
    /// the step need not run if the stages wrote the same bytes again, which the builder sees
    /// only when they have run.
    pub lenient: Digest,
    /// Digests of the files that it takes, in the order of its inputs; none for other inputs.
    pub files: Vec<Option<Digest>>,
    /// The keys of the files that stand when it is done.
    state: (Digest, Digest),
}

/// A build whose keys are known.
#[derive(Clone, Debug)]
pub struct Keyed {
    /// The steps.
    pub graph: Arc<Graph>,
    /// A key for each.
    pub keys: Vec<Key>,
}

/// Why a build has no keys: it would fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbuildable {
    /// The Dockerfile.
    Dockerfile(LowerError),
    /// A step's files: the line of the step, and what is wrong.
    Files(u32, SelectError),
}

impl std::fmt::Display for Unbuildable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dockerfile(error) => write!(f, "{error}"),
            Self::Files(line, error) => write!(f, "line {line}: {error}"),
        }
    }
}

/// The text of a Dockerfile, and what it is built with.
type Recipe = (Arc<str>, BTreeMap<String, String>);

/// Computes keys, moment after moment, and remembers what they share.
#[derive(Default)]
pub struct Evaluator {
    /// Selects the files.
    pub selector: Selector,
    graphs: HashMap<Recipe, Result<Arc<Graph>, LowerError>>,
}

/// How many graphs are remembered: an argument that differs each time would fill memory.
const MAX_GRAPHS: usize = 64;

impl Evaluator {
    /// The keys of a build.
    ///
    /// # Errors
    /// When it would fail before its first step, or because a file is not there.
    pub fn build(&mut self, tree: &impl Tree, moment: &Moment) -> Result<Keyed, Unbuildable> {
        let graph = self.graph(moment).map_err(Unbuildable::Dockerfile)?;
        let mut keys: Vec<Key> = Vec::with_capacity(graph.steps.len());
        for step in &graph.steps {
            let key = self.key(tree, &moment.contexts, step, &keys);
            keys.push(key.map_err(|error| Unbuildable::Files(step.label.line, error))?);
        }
        Ok(Keyed { graph, keys })
    }

    fn graph(&mut self, moment: &Moment) -> Result<Arc<Graph>, LowerError> {
        let recipe = (moment.dockerfile.clone(), moment.inputs.build_args.clone());
        if let Some(graph) = self.graphs.get(&recipe) {
            return graph.clone();
        }
        let named: BTreeSet<String> = moment.contexts.named.keys().cloned().collect();
        let graph = lower(&moment.dockerfile, &moment.inputs, &named).map(Arc::new);
        if self.graphs.len() >= MAX_GRAPHS {
            self.graphs.clear();
        }
        self.graphs.insert(recipe, graph.clone());
        graph
    }

    fn key(
        &mut self,
        tree: &impl Tree,
        contexts: &Contexts,
        step: &Step,
        above: &[Key],
    ) -> Result<Key, SelectError> {
        let mut files = Vec::with_capacity(step.inputs.len());
        for input in &step.inputs {
            files.push(match input {
                Input::Files { context, selection } => {
                    let named = context.as_ref().and_then(|name| contexts.named.get(name));
                    let context = named.unwrap_or(&contexts.main);
                    Some(self.selector.digest(tree, context, selection)?)
                }
                Input::Stage { .. } | Input::Image(_) | Input::Remote(_) => None,
            });
        }
        let parent = step.parent.and_then(|at| above.get(at)).map(|key| key.state);
        let own = |lenient: bool| {
            let mut fields = Fields::of("step");
            add_facets(&mut fields, step);
            let below = parent.map(|(exact, loose)| if lenient { loose } else { exact });
            match below.filter(|_| !step.linked) {
                Some(below) => fields.add(below.bytes()),
                None => fields.add(b"scratch"),
            }
            for (input, files) in step.inputs.iter().zip(&files) {
                add_input(&mut fields, input, *files, above, lenient);
            }
            fields.finish()
        };
        let (exact, lenient) = (own(false), own(true));
        let state = match parent.filter(|_| step.linked) {
            Some(below) => (merged(below.0, exact), merged(below.1, lenient)),
            None => (exact, lenient),
        };
        Ok(Key { exact, lenient, files, state })
    }
}

fn add_facets(fields: &mut Fields, step: &Step) {
    for facet in &step.facets {
        fields.add(format!("{:?}", facet.what).as_bytes());
        fields.add(facet.value.as_bytes());
    }
}

fn add_input(
    fields: &mut Fields,
    input: &Input,
    files: Option<Digest>,
    above: &[Key],
    lenient: bool,
) {
    match input {
        Input::Files { .. } => {
            fields.add(b"files");
            files.iter().for_each(|digest| fields.add(digest.bytes()));
        }
        Input::Stage { last, .. } => {
            fields.add(b"stage");
            let key = last.and_then(|at| above.get(at)).filter(|_| !lenient);
            key.iter().for_each(|key| fields.add(key.state.0.bytes()));
        }
        Input::Image(name) => {
            fields.add(b"image");
            fields.add(name.as_bytes());
        }
        Input::Remote(url) => {
            fields.add(b"remote");
            fields.add(url.as_bytes());
        }
    }
}

/// The key of files laid over others: `--link`.
fn merged(below: Digest, own: Digest) -> Digest {
    let mut fields = Fields::of("merge");
    fields.add(below.bytes());
    fields.add(own.bytes());
    fields.finish()
}
