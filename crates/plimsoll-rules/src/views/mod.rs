//! Views that rules share: what a command installs, what a stage amounts to, and what a
//! service is built from.

pub(crate) mod actions;
pub mod application;
pub(crate) mod aside;
pub mod boot_figures;
pub(crate) mod booted;
pub mod building;
pub mod caching;
pub mod check_plan;
pub mod checked;
pub mod conditions;
pub mod deploy_job;
pub mod edits;
mod effective;
pub(crate) mod end_of_life;
mod flags;
pub(crate) mod gitlab;
pub mod history;
pub mod ignorefiles;
pub mod imaged;
pub(crate) mod inputs;
mod install;
pub mod manifests_first;
pub(crate) mod platforms;
pub(crate) mod probing;
pub(crate) mod purpose;
pub(crate) mod tag;

pub mod cloud_run;

pub mod replayed;
pub mod running;
pub mod said;
mod secrets;
pub mod server;
mod shipped;
pub mod start;
pub mod start_plan;
pub mod subject;
pub(crate) mod tried;
pub(crate) mod unpinned;
pub mod variables;
pub(crate) mod workload;

pub use effective::{Effective, effective};
pub use flags::values;
pub use install::{Install, Manager, install, installs, package_name};
pub use secrets::{Literal, is_public_name, is_secret_name, literal};
pub use shipped::{image_name, is_given, needed, runs_as_root, shipped, shipped_runs, targets};
