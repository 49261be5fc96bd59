//! The commands, one file a verb: arguments and wiring only.

pub(crate) mod boot;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod context;
mod delivery;
pub(crate) mod explain;
pub(crate) mod explain_miss;
pub(crate) mod fix;
pub(crate) mod image;
pub(crate) mod init;
pub(crate) mod judge;
pub(crate) mod lsp;
pub(crate) mod measure;
pub(crate) mod replay;
pub(crate) mod review;
pub(crate) mod runs;
mod verify;
