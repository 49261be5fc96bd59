//! Gatherers: what is read and measured of a repository, one module each.

pub mod boot;
pub mod checks;
pub mod context;
pub mod engine;
pub mod history;
pub mod image;
pub mod proof;
pub mod sources;
mod tracked;
