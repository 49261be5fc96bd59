//! Which file of the context stands at which path of the image, step by step.
//!
//! COPY and ADD say it: the rest is the base image's or what RUN made, which nobody can know
//! without building. Files of other stages are followed as far as those copy them from the
//! context.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::graph::{Graph, Input, Selection, Step, Verb, What};
use crate::keys::Contexts;
use crate::path;
use crate::select::{Listed, SelectError, Selector};
use crate::tree::{Id, Kind, Tree};

/// A file of a context, and where a step puts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The step: one of the image's chain.
    pub step: usize,
    /// The destination, from the image's root: the builder follows links on the way to it.
    pub to: String,
    /// Its path below the destination, where that is a folder.
    pub below: String,
    /// Whether a source names it, and no folder that it lies in.
    pub alone: bool,
    /// Whether the destination can only be a folder: it ends in `/`.
    pub folder: bool,
    /// The named context that it lies in.
    pub context: Option<String>,
    /// Its path in the context.
    pub from: String,
    /// What it is: a file, a program or a link.
    pub kind: Kind,
    /// Its content.
    pub id: Id,
    /// Whether it may be executed as in the context: no `--chmod` says otherwise.
    pub keeps_mode: bool,
    /// The line of a RUN that may have changed it in the stage it comes from.
    pub touched: Option<u32>,
    /// Whether it comes through a stage. What links that has on the way is not known.
    pub staged: bool,
}

impl Place {
    /// Whether it lies at the destination itself, unless a folder stands there.
    #[must_use]
    pub fn may_be_destination(&self) -> bool {
        self.alone && !self.folder
    }
}

/// Why files of a COPY cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// ADD unpacks it.
    Archive,
    /// It comes from a stage that makes it, or the source is a pattern.
    Stage,
    /// It comes from another image.
    Image,
    /// It is fetched.
    Remote,
    /// It stands in the Dockerfile.
    Heredoc,
    /// It is a submodule or `.git`.
    Sealed,
}

/// What is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The line of the step.
    pub line: u32,
    /// Why.
    pub why: Why,
    /// What the step names.
    pub source: String,
}

/// The files that the steps of an image put into it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipment {
    /// The files, in the order of the steps; where two have one path, the later one stands.
    pub places: Vec<Place>,
    /// What is not among them.
    pub left: Vec<Left>,
}

/// Follows the files of a build into its image.
///
/// # Errors
/// When a file is not there, or something cannot be read.
pub fn ship(
    selector: &mut Selector,
    tree: &impl Tree,
    contexts: &Contexts,
    graph: &Graph,
) -> Result<Shipment, SelectError> {
    let mut follow = Follow {
        graph,
        puts: Vec::with_capacity(graph.steps.len()),
        left: vec![Vec::new(); graph.steps.len()],
        stages: HashMap::new(),
    };
    for (at, step) in graph.steps.iter().enumerate() {
        let puts = follow.step(selector, tree, contexts, at, step)?;
        follow.puts.push(puts);
    }
    let mut shipment = Shipment::default();
    for at in graph.image_chain() {
        shipment.places.append(&mut follow.puts[at]);
        shipment.left.append(&mut follow.left[at]);
    }
    Ok(shipment)
}

/// The files and folders of a stage that are known, by path.
#[derive(Default)]
struct Stage {
    files: BTreeMap<String, Place>,
    folders: BTreeSet<String>,
}

struct Follow<'g> {
    graph: &'g Graph,
    /// What each step puts.
    puts: Vec<Vec<Place>>,
    left: Vec<Vec<Left>>,
    /// What stands after the last step of a stage that something is copied from.
    stages: HashMap<usize, Rc<Stage>>,
}

impl Follow<'_> {
    fn step(
        &mut self,
        selector: &mut Selector,
        tree: &impl Tree,
        contexts: &Contexts,
        at: usize,
        step: &Step,
    ) -> Result<Vec<Place>, SelectError> {
        let Some(mut to) = Destination::of(at, step) else { return Ok(Vec::new()) };
        let mut places = Vec::new();
        for input in &step.inputs {
            match input {
                Input::Files { context, selection } => {
                    let named = context.as_ref().and_then(|name| contexts.named.get(name));
                    let listed = selector.list(tree, named.unwrap_or(&contexts.main), selection)?;
                    for file in listed {
                        match why_left(step, &file) {
                            Some(why) => {
                                // A folder that is not looked into is one all the same.
                                to.folder |= why == Why::Sealed;
                                self.leave(at, why, &file.from);
                            }
                            None => places.push(to.place(context.clone(), file)),
                        }
                    }
                }
                Input::Stage { last, selection } => {
                    let from = last.map(|last| self.stage(last)).unwrap_or_default();
                    let before = places.len();
                    places.extend(to.of_stage(&from, selection));
                    if places.len() == before {
                        self.leave(at, Why::Stage, &selection.sources.join(" "));
                    }
                }
                Input::Image(name) => self.leave(at, Why::Image, name),
                Input::Remote(url) => self.leave(at, Why::Remote, url),
            }
        }
        if step.label.text.contains("<<") {
            self.leave(at, Why::Heredoc, "");
        }
        Ok(places)
    }

    fn leave(&mut self, at: usize, why: Why, source: &str) {
        let line = self.graph.steps[at].label.line;
        self.left[at].push(Left { line, why, source: source.to_owned() });
    }

    /// What stands after a step, of what the steps before it copied.
    fn stage(&mut self, last: usize) -> Rc<Stage> {
        if let Some(stage) = self.stages.get(&last) {
            return stage.clone();
        }
        let below = |at: &usize| self.graph.steps[*at].parent;
        let mut chain: Vec<usize> = std::iter::successors(Some(last), below).collect();
        chain.reverse();
        let mut stage = Stage::default();
        for at in chain {
            let step = &self.graph.steps[at];
            match step.verb {
                Verb::Run => {
                    let files = stage.files.values_mut();
                    files.for_each(|f| f.touched = f.touched.or(Some(step.label.line)));
                }
                Verb::Workdir => stage.folders.extend(part(step, 1).map(path::clean)),
                Verb::Copy | Verb::Add | Verb::From => {}
            }
            for place in self.puts.get(at).into_iter().flatten() {
                let path = stage.path_of(place);
                stage.files.insert(path, place.clone());
            }
        }
        let stage = Rc::new(stage);
        self.stages.insert(last, stage.clone());
        stage
    }
}

impl Stage {
    fn path_of(&self, place: &Place) -> String {
        match place.may_be_destination() && !self.is_folder(&place.to) {
            true => place.to.clone(),
            false => join(&place.to, &place.below),
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        let begins = |found: Option<&String>| found.is_some_and(|p| p.starts_with(&prefix));
        path.is_empty()
            || self.folders.contains(path)
            || begins(self.folders.range(prefix.clone()..).next())
            || begins(self.files.range(prefix.clone()..).next().map(|(path, _)| path))
    }
}

/// Where a step puts files.
struct Destination {
    at: usize,
    path: String,
    /// Whether it can only be a folder.
    folder: bool,
    keeps_mode: bool,
}

impl Destination {
    fn of(at: usize, step: &Step) -> Option<Self> {
        if !matches!(step.verb, Verb::Copy | Verb::Add) {
            return None;
        }
        let to = part(step, 1)?;
        let keeps_mode = part(step, 3).is_none_or(str::is_empty);
        Some(Self { at, path: path::clean(to), folder: to.ends_with('/'), keeps_mode })
    }

    fn place(&self, context: Option<String>, file: Listed) -> Place {
        let (to, keeps_mode) = (self.path.clone(), self.keeps_mode);
        let Listed { from, below, kind, id, .. } = file;
        let (step, alone, folder) = (self.at, file.alone, self.folder);
        let (touched, staged) = (None, false);
        Place {
            step,
            to,
            below,
            alone,
            folder,
            context,
            from,
            kind,
            id,
            keeps_mode,
            touched,
            staged,
        }
    }

    /// The files of a stage that a selection takes, as far as they are known.
    fn of_stage(&self, stage: &Stage, selection: &Selection) -> Vec<Place> {
        let special = |source: &String| source.contains(['*', '?', '[', '\\']);
        let plain = selection.excludes.is_empty() && !selection.parents;
        if !plain || selection.sources.iter().any(special) {
            return Vec::new();
        }
        let mut places = Vec::new();
        for source in &selection.sources {
            let source = path::clean(source);
            if let Some(file) = stage.files.get(&source) {
                // A link is followed where it is the source; where to is not known.
                if file.kind != Kind::Link {
                    places.push(self.again(file, &path::base(&source), true));
                }
                continue;
            }
            let prefix = if source.is_empty() { source } else { format!("{source}/") };
            let all = stage.files.range(prefix.clone()..);
            for (path, file) in all.take_while(|(path, _)| path.starts_with(&prefix)) {
                places.push(self.again(file, &path[prefix.len()..], false));
            }
        }
        places
    }

    fn again(&self, file: &Place, below: &str, alone: bool) -> Place {
        let (to, below) = (self.path.clone(), below.to_owned());
        let (step, folder) = (self.at, self.folder);
        let keeps_mode = self.keeps_mode && file.keeps_mode;
        Place { step, to, below, alone, folder, keeps_mode, staged: true, ..file.clone() }
    }
}

/// A part of what a step's key says of its instruction: the destination is 1, `--chmod` 3.
fn part(step: &Step, at: usize) -> Option<&str> {
    let facet = step.facets.iter().find(|facet| facet.what == What::Instruction)?;
    facet.value.split('\0').nth(at)
}

fn why_left(step: &Step, file: &Listed) -> Option<Why> {
    match file.kind {
        Kind::Sealed => Some(Why::Sealed),
        _ if step.verb == Verb::Add && file.alone && is_archive(&file.below) => Some(Why::Archive),
        _ => None,
    }
}

fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = [".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tzst"];
    name.contains(".tar.") || ends.iter().any(|end| name.ends_with(end))
}

fn join(folder: &str, below: &str) -> String {
    if folder.is_empty() { below.to_owned() } else { format!("{folder}/{below}") }
}

#[cfg(test)]
#[path = "ship_tests.rs"]
mod tests;
