//! YAML with spans, bounded against hostile input.
//!
//! ```
//! use plimsoll_syntax::yaml;
//!
//! let source = "jobs:\n  build:\n    runs-on: ubuntu-latest\n";
//! let yaml = yaml::parse(source);
//! let root = yaml.documents().next().unwrap();
//! let runner = root.get_path(&["jobs", "build", "runs-on"]).unwrap();
//! assert_eq!(runner.as_str(), Some("ubuntu-latest"));
//! assert_eq!(runner.span().text(source), "ubuntu-latest");
//! ```
//!
//! The tree is built from events, not by a loader that copies anchors: an alias is a
//! reference to the node its anchor names, so a "billion laughs" file costs what it weighs.
//! What would expand to more than [`MAX_EXPANDED`] nodes is an error and reads as empty.

mod build;
mod node;

pub use build::{MAX_DEPTH, MAX_EXPANDED, parse};
pub use node::{Kind, Node, Style};

use crate::Span;

/// What is wrong with a YAML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A YAML text as a tree: what could be read before the first error.
#[derive(Debug)]
pub struct Yaml {
    source: Box<str>,
    nodes: Vec<node::Data>,
    roots: Vec<node::Id>,
    errors: Vec<YamlError>,
    duplicates: Vec<Span>,
}

impl Yaml {
    /// The documents, in order.
    pub fn documents(&self) -> impl Iterator<Item = Node<'_>> {
        self.roots.iter().map(|id| Node::new(self, *id))
    }

    /// What is wrong with the text.
    #[must_use]
    pub fn errors(&self) -> &[YamlError] {
        &self.errors
    }

    /// Keys that stand twice in one mapping; the last one counts.
    #[must_use]
    pub fn duplicates(&self) -> &[Span] {
        &self.duplicates
    }
}
