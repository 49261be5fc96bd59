//! Views that rules share: what a command installs, what a stage amounts to, and what a
//! service is built from.

pub mod building;
mod effective;
mod install;
mod secrets;
mod shipped;

pub use effective::{Effective, effective};
pub use install::{Install, Manager, installs, package_name};
pub use secrets::{Literal, is_public_name, is_secret_name, literal};
pub use shipped::{image_name, runs_as_root, shipped, shipped_runs};
