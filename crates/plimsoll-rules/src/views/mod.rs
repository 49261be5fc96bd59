//! Views that rules share: what a command installs, and what a stage amounts to.

mod effective;
mod install;

pub use effective::{Effective, effective};
pub use install::{Install, Manager, installs};
