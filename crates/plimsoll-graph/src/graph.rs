//! The build graph: the steps of a Dockerfile that a build of its target needs.

use std::collections::BTreeSet;

/// The steps of one build, each after those that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The steps.
    pub steps: Vec<Step>,
    /// The last step of the target stage; none for an empty stage on `scratch`.
    pub target: Option<usize>,
    /// What cannot be followed: a line and why.
    pub notes: Vec<(u32, String)>,
}

/// One step that the builder runs or takes from its cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is called by.
    pub label: Label,
    /// What it does.
    pub verb: Verb,
    /// The step whose files it stands on; none on `scratch`.
    pub parent: Option<usize>,
    /// Whether its files do not depend on those below them: `--link`.
    pub linked: bool,
    /// What its key is made of besides files.
    pub facets: Vec<Facet>,
    /// What it copies or mounts.
    pub inputs: Vec<Input>,
}

/// Where a step stands, as the builder prints it: `[build 2/5] RUN make`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// The stage's place in the file, from 0.
    pub stage: usize,
    /// The stage's name, or `stage-N`.
    pub stage_name: String,
    /// The step's number in its stage, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// The line it begins on.
    pub line: u32,
    /// The instruction on one line.
    pub text: String,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the instructions that make layers")]
pub enum Verb {
    From,
    Run,
    Copy,
    Add,
    Workdir,
}

/// A part of a key that is no file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Facet {
    /// What it is.
    pub what: What,
    /// Its value.
    pub value: String,
}

/// What a facet is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The instruction itself, as far as the builder compares it.
    Instruction,
    /// The image of FROM.
    Image,
    /// The working directory of a RUN.
    Directory,
    /// The user of a RUN.
    User,
    /// The shell of a RUN.
    Shell,
    /// A variable or build argument that a RUN sees.
    Variable(String),
}

/// What a step takes from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Files of the context, or of a named one.
    Files {
        /// The name of a named context.
        context: Option<String>,
        /// Which.
        selection: Selection,
    },
    /// Files of another stage.
    Stage {
        /// Its last step; none where it is empty.
        last: Option<usize>,
        /// Which.
        selection: Selection,
    },
    /// Files of an image, by its reference: taken as unchanged.
    Image(String),
    /// A URL or a Git repository: taken as unchanged.
    Remote(String),
}

/// Which files of a tree a step takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Paths from the tree's root.
    pub sources: Vec<String>,
    /// Whether `*`, `?` and `[` in them mean patterns.
    pub patterns: bool,
    /// `--exclude`.
    pub excludes: Vec<String>,
    /// `--parents`: paths keep their folders.
    pub parents: bool,
}

impl Selection {
    /// One path, taken as it is.
    #[must_use]
    pub fn path(path: &str) -> Self {
        Self { sources: vec![path.to_owned()], ..Self::default() }
    }

    /// Whether it asks for everything.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.sources.iter().any(|source| crate::path::clean(source).is_empty())
    }
}

impl Step {
    /// The last steps of the stages that it takes files from.
    pub fn stages(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().filter_map(|input| match input {
            Input::Stage { last, .. } => *last,
            _ => None,
        })
    }
}

impl Graph {
    /// The steps whose layers are in the image: the target's and those it stands on.
    #[must_use]
    pub fn image_chain(&self) -> BTreeSet<usize> {
        let next = |at: &usize| self.steps.get(*at).and_then(|step| step.parent);
        std::iter::successors(self.target, next).collect()
    }
}
