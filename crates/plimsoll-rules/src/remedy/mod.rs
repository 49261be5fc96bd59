//! Ways to mend the local dependencies of a service: each a set of changes that belong together.
//!
//! [`propose`] looks at what the installs of a service do not find, and works out each
//! [`Strategy`]: the edits of manifests, lock files, the Dockerfile, the ignore file and the
//! places that build it. Every proposal is put to the test before it is shown: the changed
//! repository is reviewed again, and what is still wrong is said.
//!
//! ```text
//! Uses (what installs miss) -> Needs -> Changes -> changed Sources -> review again -> Proposal
//! ```

mod builds;
mod change;
mod dockerfile;
mod follow;
mod ignorefile;
mod install;
mod locks;
mod manifests;
mod mechanical;
mod named;
mod needs;
mod node;
mod pip;
mod pnpm_deploy;
mod proof;
mod published;
mod wheels;
mod widen;
mod workspace;

use std::collections::BTreeSet;

use plimsoll_model::{Applicability, ProofPlan};

use crate::discover::{Build, Service};
use crate::layout::Layout;
use crate::local::{State, Use, uses};
use crate::packages::{Ecosystem, Syntax};
use crate::repo::DockerfileView;
use crate::review::{Review, Terms};
use crate::views::building::{Context, contexts, dockerfile};

pub(crate) use locks::is_stale;

pub use change::{Changes, Outcome, changed};
pub use mechanical::{Mended, mechanical};
pub(crate) use proof::application;
pub use proof::as_it_is;

/// A way to mend local dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strategy {
    /// The context holds the packages: copy them where the install looks.
    Copy,
    /// Build from a folder above that holds the service and its packages.
    WidenContext,
    /// Let pnpm write the service and its packages into a folder of their own, and ship that.
    PnpmDeploy,
    /// Give the packages to the build as contexts of their own.
    NamedContexts,
    /// Build wheels of the packages in a stage of their own, and install those.
    Wheels,
    /// Take the packages from an index of one's own.
    Published,
}

/// Every strategy, the best first.
pub const STRATEGIES: [Strategy; 6] = [
    Strategy::Copy,
    Strategy::WidenContext,
    Strategy::PnpmDeploy,
    Strategy::NamedContexts,
    Strategy::Wheels,
    Strategy::Published,
];

impl Strategy {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::WidenContext => "widen-context",
            Self::PnpmDeploy => "pnpm-deploy",
            Self::NamedContexts => "named-contexts",
            Self::Wheels => "wheels",
            Self::Published => "published",
        }
    }

    /// When it is the right one.
    #[must_use]
    pub fn when(self) -> &'static str {
        match self {
            Self::Copy => "the context has the packages already",
            Self::WidenContext => "one repository, one team: the default",
            Self::PnpmDeploy => {
                "what ships has no links into the workspace and no development tools"
            }
            Self::NamedContexts => {
                "the context must stay; needs Buildx or Compose, not a plain `docker build`"
            }
            Self::Wheels => "no source and no build backend may come into the image that ships",
            Self::Published => "the packages have releases, and other repositories use them, too",
        }
    }
}

/// What a strategy comes to for a service.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The service.
    pub service: String,
    /// The strategy.
    pub strategy: Strategy,
    /// How much a person must look first.
    pub applicability: Applicability,
    /// What becomes of each file.
    pub outcome: Outcome,
    /// What a person must know or do besides.
    pub notes: Vec<String>,
    /// The findings about local dependencies that are gone.
    pub gone: usize,
    /// What is still wrong, or newly wrong, in a sentence each.
    pub remaining: Vec<String>,
    /// How to prove it.
    pub proof: ProofPlan,
}

/// A strategy that does not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The service.
    pub service: String,
    /// The strategy.
    pub strategy: Strategy,
    /// Why.
    pub reason: String,
}

/// A service with its one context, and what its installs lack.
struct Case<'c, 'a> {
    review: &'c Review<'a>,
    file: &'a DockerfileView,
    layout: &'c Layout<'a>,
    uses: &'c crate::local::Uses<'c>,
    needs: &'c [needs::Needs],
    /// Every build of the Dockerfile.
    builds: Vec<&'a Build>,
    /// The stage that ships.
    last: usize,
}

/// Works out every strategy for a service: those that fit, and why the others do not. `index` is
/// the URL of the index that has the packages, where there is one.
#[must_use]
pub fn propose(
    review: &Review<'_>,
    terms: &Terms<'_>,
    service: &Service,
    index: Option<&str>,
) -> (Vec<Proposal>, Vec<Refusal>) {
    let mut proposals = Vec::new();
    let mut refusals = Vec::new();
    let Some(file) = dockerfile(review, service) else { return (proposals, refusals) };
    let found = contexts(review, service);
    let Some(context) = found.first() else { return (proposals, refusals) };
    let layout = Layout::new(review, file, context);
    let met = uses(review, &layout, service.target.as_deref());
    let needs = needs::needs(review, &layout, &met);
    let empty = needs.as_ref().is_ok_and(Vec::is_empty) && !has_machine_paths(&met);
    if empty {
        let draft = Draft {
            changes: Changes::default(),
            done: install::Done::default(),
            context: context.folder.to_owned(),
            named: Vec::new(),
            packages: proof::folders(review, &met),
            released: false,
        };
        if follow::has_fixes(review, terms, service)
            && let Ok(proposal) = follow::finish(review, terms, service, Strategy::Copy, draft)
        {
            proposals.push(proposal);
        }
        return (proposals, refusals);
    }
    let refuse =
        |strategy, reason: String| Refusal { service: service.name.clone(), strategy, reason };
    let deploys = pnpm_deploy::fits(&met);
    for strategy in STRATEGIES.into_iter().filter(|s| deploys || *s != Strategy::PnpmDeploy) {
        let changes = match (&needs, &found[..]) {
            (Err(reason), _) => Err(reason.clone()),
            (_, [_, _, ..]) => Err("its builds differ in their context".to_owned()),
            (Ok(needs), _) => {
                let builds = builds_of(review, file);
                let last = file.target(service.target.as_deref()).unwrap_or_default();
                let case = Case { review, file, layout: &layout, uses: &met, needs, builds, last };
                work_out(&case, context, strategy, index)
            }
        };
        match changes.and_then(|c| follow::finish(review, terms, service, strategy, c)) {
            Ok(proposal) => proposals.push(proposal),
            Err(reason) => refusals.push(refuse(strategy, reason)),
        }
    }
    // Where one stage installs and another one ships, links are what breaks: none are better.
    let links = pnpm_deploy::leaves_links(file, &met);
    let first = |s: Strategy| !(links && s == Strategy::PnpmDeploy);
    proposals.sort_by_key(|p| (!p.remaining.is_empty(), first(p.strategy), p.strategy));
    (proposals, refusals)
}

fn has_machine_paths(uses: &crate::local::Uses<'_>) -> bool {
    // A path that the Dockerfile or a list of pip names, and that is there, is one of the image.
    let is_found = |u: &&Use| {
        u.dependency.syntax == Syntax::Requirement && matches!(u.state, State::Present { .. })
    };
    let mut all = uses.uses.iter().filter(|u| !is_found(u));
    all.any(|u| u.dependency.is_absolute() && u.place.folder().is_some())
}

/// Every build of a Dockerfile, whatever its target.
fn builds_of<'a>(review: &Review<'a>, file: &DockerfileView) -> Vec<&'a Build> {
    let same = |b: &&Build| b.dockerfile.as_ref().is_some_and(|d| *d.value == *file.path);
    review.found.builds.iter().filter(same).collect()
}

/// What a strategy changes, and what follows from it.
struct Draft {
    changes: Changes,
    done: install::Done,
    /// The context afterwards.
    context: String,
    /// Named contexts afterwards: name and folder.
    named: Vec<(String, String)>,
    /// The packages: folder and ecosystem.
    packages: BTreeSet<(String, Ecosystem)>,
    /// Whether they come from an index: a change of their files is not seen.
    released: bool,
}

/// Whether a path stands for itself in a Dockerfile, a shell and YAML, and is no option of theirs.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_alphanumeric() || " ._-+/@~".contains(c))
        && !path.split('/').any(|part| part.starts_with('-'))
}

fn work_out(
    case: &Case<'_, '_>,
    context: &Context<'_>,
    strategy: Strategy,
    index: Option<&str>,
) -> Result<Draft, String> {
    let folders: BTreeSet<&str> =
        case.needs.iter().flat_map(|n| &n.missing).map(|n| n.folder.as_str()).collect();
    let inside = |f: &&str| crate::discover::paths::below(context.folder, f).is_some();
    let all_inside = folders.iter().all(inside);
    let missing = case.needs.iter().flat_map(|n| &n.missing);
    let paths = missing.flat_map(|n| [n.folder.as_str(), n.wanted.as_str()]);
    let written = paths.chain([context.folder, case.file.path.as_ref()]);
    if let Some(odd) = written.into_iter().find(|p| !is_plain(p)) {
        return Err(format!("the path {odd} would have to be quoted: change it by hand"));
    }
    match strategy {
        Strategy::Published => published::work_out(case, index),
        Strategy::PnpmDeploy => pnpm_deploy::work_out(case),
        Strategy::Copy if !all_inside => Err("the context lacks the packages".to_owned()),
        Strategy::Copy => widen::work_out(case, context.folder, None),
        Strategy::Wheels => {
            let stage = wheels::stage(case)?;
            let all = folders.iter().copied().chain([context.folder]);
            widen::work_out(case, &needs::common(all), Some(&stage))
        }
        _ if all_inside => Err("the context has the packages already".to_owned()),
        Strategy::WidenContext => {
            let all = folders.iter().copied().chain([context.folder]);
            widen::work_out(case, &needs::common(all), None)
        }
        Strategy::NamedContexts => named::work_out(case, &folders),
    }
}
