//! Views that rules share: what a command installs, what a stage amounts to, what a service is
//! built from, and how it runs.

pub mod building;
pub mod cloud_run;
mod effective;
mod install;
pub mod server;

pub use effective::{Effective, effective};
pub use install::{Install, Manager, installs, package_name};
