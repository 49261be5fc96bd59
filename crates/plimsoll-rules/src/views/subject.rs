//! What the rules of local dependencies look at: a service built from a context, with the files
//! of its image and what its installs meet there.
//!
//! [`subjects`] works out all of them. That follows every step of every Dockerfile, so the runner
//! asks once, when the first such rule is run, and hands each rule the same.

use plimsoll_model::Level;

use super::building::{Context, contexts, dockerfile};
use crate::discover::Service;
use crate::layout::Layout;
use crate::layout::installs::{Install, has_installs};
use crate::local::outcome::{Outcome, outcome};
use crate::local::{State, Use, Uses, uses};
use crate::repo::Place;
use crate::review::Review;
use crate::rule::Draft;

/// A service built from a context, and what its installs meet.
pub struct Subject<'a> {
    /// The evidence.
    pub review: &'a Review<'a>,
    /// The service.
    pub service: &'a Service,
    /// The context.
    pub context: Context<'a>,
    /// The files of the image.
    pub layout: Layout<'a>,
    /// What the installs meet, each dependency once.
    pub uses: Uses<'a>,
    /// Each dependency as often as it is installed.
    pub all: Vec<Use>,
}

/// Every context of every service that installs what manifests list, in the order of the services.
#[must_use]
pub fn subjects<'a>(review: &'a Review<'a>) -> Vec<Subject<'a>> {
    review.found.services.iter().flat_map(|service| of_service(review, service)).collect()
}

fn of_service<'a>(review: &'a Review<'a>, service: &'a Service) -> Vec<Subject<'a>> {
    let Some(file) = dockerfile(review, service).filter(|f| has_installs(f)) else {
        return Vec::new();
    };
    let subject = |context| {
        let layout = Layout::new(review, file, &context);
        let mut uses = uses(review, &layout, service.target.as_deref());
        let all = uses.uses.clone();
        once(&mut uses.uses);
        Subject { review, service, context, layout, uses, all }
    };
    contexts(review, service).into_iter().map(subject).collect()
}

/// Keeps what a build meets first: two installs of one manifest say the same.
fn once(uses: &mut Vec<Use>) {
    let mut seen: Vec<(Place, String, bool)> = Vec::new();
    // A missing one counts before a present one of another install.
    uses.sort_by_key(|u| !matches!(u.state, State::Missing(_)));
    uses.retain(|u| {
        let is_missing = matches!(u.state, State::Missing(_));
        let (at, name) = (&u.dependency.at, &u.dependency.name);
        let known = seen
            .iter()
            .any(|(a, n, missing)| a == at && n == name && (*missing || *missing == is_missing));
        if !known {
            seen.push((at.clone(), name.clone(), is_missing));
        }
        !known
    });
}

impl<'a> Subject<'a> {
    /// The install that meets a dependency.
    #[must_use]
    pub fn install(&self, found: &Use) -> &Install<'a> {
        &self.uses.installs[found.install]
    }

    /// What a finding weighs: where nothing builds the file, its context is a good guess.
    #[must_use]
    pub fn level(&self) -> Level {
        if self.context.build.is_some() { Level::Blocking } else { Level::ShouldFix }
    }

    /// The name of the package whose manifest declares a dependency.
    #[must_use]
    pub fn package(&self, found: &Use) -> String {
        let manifest = self.review.repo.packages.get(&found.manifest);
        manifest.and_then(|m| m.name.clone()).unwrap_or_else(|| found.manifest.clone())
    }

    pub(crate) fn relate(&self, found: &Use, draft: &mut Draft) {
        draft.related(&self.install(found).at, "installed here");
        if let Some(lock) = &found.lock {
            draft.related(lock, "the lock file has it here");
        }
    }

    /// Says what happens, in the installer's own words.
    pub(crate) fn consequence(&self, found: &Use, draft: &mut Draft) {
        match outcome(found, self.install(found)) {
            Outcome::Fails(error) => {
                draft.consequence(format!("the install fails: `{error}`"));
            }
            Outcome::Green(error) => {
                draft
                    .consequence(format!(
                        "the install reports success and leaves a dangling link; the service \
                         fails when it starts: `{error}`"
                    ))
                    .evidence("this installer is green with the target missing");
            }
            Outcome::Warns(error) => {
                draft.consequence(format!("the install goes on with a warning: `{error}`"));
            }
        }
    }
}
