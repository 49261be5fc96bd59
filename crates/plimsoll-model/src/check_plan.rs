//! What is to be tried of a service's image: rules write the plan, measuring carries it out.

use crate::Application;

/// What is to be tried of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckPlan {
    /// What must load in it.
    pub load: LoadPlan,
    /// How it is started: as each environment would.
    pub starts: Vec<StartPlan>,
}

/// What must load in an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadPlan {
    /// What it starts.
    pub application: Option<Application>,
    /// The Python distributions that its manifests name.
    pub distributions: Vec<String>,
}

/// How a container is started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartPlan {
    /// The environment whose settings these are.
    pub environment: Option<String>,
    /// Processors, as in `0.5`.
    pub cpus: Option<f64>,
    /// Memory in bytes.
    pub memory: Option<u64>,
    /// Processors while it starts, where the platform can boost it, and whether the settings ask for it.
    pub boost: Option<(f64, bool)>,
    /// Requests that one instance gets at once.
    pub concurrency: Option<u32>,
    /// Where these settings were read: `deploy.yml:41`.
    pub source: Option<String>,
    /// What the platform asks before it sends requests.
    pub probe: Option<ProbePlan>,
    /// The port that requests go to.
    pub port: Option<u16>,
    /// The path that says whether it is healthy.
    pub path: Option<String>,
    /// Variables.
    pub env: Vec<(String, String)>,
    /// Variables and files that hold secrets, or that are known only where it is deployed.
    pub unknown: Vec<String>,
}

/// What a platform asks of a container before it sends requests.
#[derive(Clone, Debug, PartialEq)]
pub enum ProbePlan {
    /// That a port is open.
    Tcp,
    /// That a path answers with 200 to 399.
    Http(String),
}
