//! Runs a program in a root of its own: namespaces, cgroups, an overlay, and nothing else of this machine.
//!
//! ```no_run
//! use plimsoll_sandbox::{Host, Spec};
//!
//! let host = Host::probe("/var/lib/images/seat".as_ref())?;
//! let spec = Spec {
//!     layers: vec!["/var/lib/images/base".into(), "/var/lib/images/app".into()],
//!     args: vec!["/app/server".to_owned()],
//!     ..Spec::default()
//! };
//! // All that takes long comes before the clock: namespaces, cgroups, the root.
//! let prepared = host.prepare(&spec)?;
//! let mut container = prepared.start()?;
//! let stream = container.connect(8080, plimsoll_sandbox::Reach::Service)?;
//! let ended = container.kill();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Who is who is said in `docs/decisions/0007-cold-starts.md`: a *keeper* in the container's network
//! namespace, a *launcher* in its cgroups, and its first process. All three are made of this
//! process by `clone3`; until the last of them becomes the container's program they do nothing but system calls
//! over what was made ready before: a lock that another thread held at that moment would
//! never be given back, so they must not allocate. `child` holds that code and nothing else.
//!
//! This is the only crate with `unsafe`; nearly all of it is in `sys`.

mod cgroup;
mod child;
mod container;
mod error;
mod host;
mod link;
mod mounts;
mod output;
mod plan;
mod prepare;
mod seccomp;
mod spec;
mod sys;
mod usage;

pub use container::{Container, Ended, Reach};
pub use error::{Error, Kind};
pub use host::{Host, Limited};
pub use output::Printed;
pub use prepare::Prepared;
pub use spec::{Limits, Network, Spec};
pub use usage::{Memory, Usage};
