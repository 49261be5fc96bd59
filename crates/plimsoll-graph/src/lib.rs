//! The build graph of a Dockerfile, the cache keys of its steps, and what a cache holds.
//!
//! A key is made as BuildKit makes it: the keys of the steps below, the instruction with its
//! arguments expanded, and the content of the files that it copies or mounts. With the files
//! taken from git, each commit of a history has its keys, and nothing has to be built to see
//! which steps a build would have taken from its cache.
//!
//! ```text
//! Dockerfile + arguments --lower--> Graph --+
//! file tree + ignore file --Selector--------+--Evaluator--> Keyed --Cache--> Outcome per step
//!                                                            |
//!                                              Pair of two --+--> Cause per step
//! ```
//!
//! Nothing here does I/O: files come through [`Tree`].

mod cache;
mod cause;
mod digest;
#[cfg(test)]
mod fixture;
mod graph;
mod keys;
mod lower;
mod path;
mod select;
mod ship;
#[cfg(test)]
mod tests;
mod tree;

pub use cache::{Cache, Outcome};
pub use cause::{Cause, MOST_FILES, Pair, counterparts, root};
pub use digest::Digest;
pub use graph::{Facet, Graph, Input, Label, Selection, Step, Verb, What};
pub use keys::{Contexts, Evaluator, Key, Keyed, Moment, Unbuildable};
pub use lower::{LowerError, lower};
pub use select::{Change, Difference, Listed, SelectError, Selector, Snapshot};
pub use ship::{Left, Place, Shipment, Why, ship};
pub use tree::{Entry, Id, Kind, MOST_NESTED, Overlay, Tree, TreeError, entry_at};
