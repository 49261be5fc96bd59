//! Members of a workspace, built with it: the image gets the root of the workspace and the
//! members that the service needs, as they lie in the repository.

pub(super) mod compiled;
pub(super) mod node;
pub(super) mod uv;
