//! From an image to what of it is not the commit's.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use plimsoll_graph::{Evaluator, Graph, Id, Kind, Left, Place, Shipment, Why, entry_at, ship};
use plimsoll_measure::engine::{self, Choice, Engine, EngineError, ErrorKind, Image};
use plimsoll_measure::history::{Commit, GitTree, History, HistoryError, Recipe, TreeOptions};
use plimsoll_measure::image::{self, Compared, Differing, How, Saved};
use plimsoll_model::{ClaimedBy, Differs, NotCompared, OtherCommit, VerifiedFile, VerifyReport};
use plimsoll_rules::discover::Service;
use plimsoll_rules::views::history as plan;

use super::provenance::Provenance;
use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::ui;

/// What is to be compared.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) image: &'a str,
    /// The commit; the one that the image names without it.
    pub(crate) commit: Option<&'a str>,
}

/// The label by which an image names its commit.
const REVISION: &str = "org.opencontainers.image.revision";

/// A service that the image may be of, and what its build puts into it.
struct Candidate {
    service: String,
    recipe: Recipe,
    tree: GitTree,
    graph: Arc<Graph>,
    shipment: Shipment,
}

/// What else has the bytes of a file: another file of the commit, or another commit.
type Origin = (Option<String>, Option<OtherCommit>);

/// Compares the image with the commit, as the service whose steps its history has.
pub(crate) fn verify(
    found: &Found,
    services: &[&Service],
    asked: Asked<'_>,
) -> Result<VerifyReport, Failure> {
    let history = History::open(asked.folder).map_err(|error| unreadable(&error))?;
    let engine = engine::find(&Choice::Docker)?;
    let image = engine.image(asked.image).map_err(|error| no_image(asked.image, &error))?;
    let (commit, claimed_by) = claim(&history, &image, asked.commit)?;
    let (candidates, mut reasons) = candidates(found, &history, services, &commit);
    if candidates.is_empty() {
        let what = format!("{} cannot be compared: {}", short(&commit), reasons.join("; "));
        return Err(Failure::missing(what));
    }
    let names = candidates.iter().flat_map(|c| image::wanted(&c.shipment)).collect();
    let saved = save(&*engine, &image, names)?;
    let closest = closest(&saved, &candidates, &mut reasons)?;
    let (candidate, compared) = closest.ok_or_else(|| {
        let reasons = reasons.join("; ");
        let what = format!("{} was not built from {}: {reasons}", asked.image, short(&commit));
        Failure::missing(what)
            .hint("name the commit it was built from with --branch, and the service with --service")
    })?;
    let provenance = Provenance::new(&history, &candidate.tree, &commit);
    let not_compared = left(&compared);
    let mut report = VerifyReport {
        service: candidate.service.clone(),
        dockerfile: candidate.recipe.dockerfile.clone(),
        image: asked.image.to_owned(),
        id: image.id,
        commit: commit.id.to_string(),
        subject: commit.subject.clone(),
        claimed_by,
        compared: compared.files,
        differing: Vec::new(),
        undecided: Vec::new(),
        not_compared,
        bytes_of: None,
        searched: provenance.len(),
    };
    candidate.sort(compared.differing, &provenance, &mut report);
    Ok(report)
}

/// The services that can be built at a commit; for the others why not.
fn candidates(
    found: &Found,
    history: &History,
    services: &[&Service],
    commit: &Commit,
) -> (Vec<Candidate>, Vec<String>) {
    let (mut candidates, mut reasons) = (Vec::new(), Vec::new());
    for service in services {
        match Candidate::new(found, history, service, commit) {
            Ok(candidate) => candidates.push(candidate),
            Err(why) => reasons.push(format!("{}: {why}", service.name)),
        }
    }
    (candidates, reasons)
}

/// The service whose steps the image has; of several the one that it differs least from.
fn closest<'c>(
    saved: &Saved,
    candidates: &'c [Candidate],
    reasons: &mut Vec<String>,
) -> Result<Option<(&'c Candidate, Compared)>, Failure> {
    let mut all = Vec::new();
    for candidate in candidates {
        let Candidate { graph, shipment, tree, .. } = candidate;
        match image::align(saved, graph) {
            Err(mismatch) => reasons.push(format!("{}: {mismatch}", candidate.service)),
            Ok(spans) => {
                let compared = image::compare(saved, &spans, graph, shipment, tree);
                let compared = compared.map_err(|error| Failure::missing(error.to_string()))?;
                all.push((candidate, compared));
            }
        }
    }
    Ok(all.into_iter().min_by_key(|(_, compared)| compared.differing.len()))
}

fn unreadable(error: &HistoryError) -> Failure {
    Failure::missing(format!("failed to read the history: {error}"))
}

fn no_image(name: &str, error: &EngineError) -> Failure {
    let failure = Failure::missing(format!("failed to find the image {name}: {error}"));
    match error.kind {
        ErrorKind::Unknown => failure.hint("images are not pulled: docker pull, or build it"),
        _ => failure,
    }
}

fn short(commit: &Commit) -> String {
    commit.id.to_string().chars().take(10).collect()
}

/// The commit that an image is held against, and who says that it is that one.
fn claim(
    history: &History,
    image: &Image,
    asked: Option<&str>,
) -> Result<(Commit, ClaimedBy), Failure> {
    let (name, by) = match (asked, image.labels.get(REVISION)) {
        (Some(name), _) => (name, ClaimedBy::CommandLine),
        (None, Some(name)) => (name.as_str(), ClaimedBy::Label),
        (None, None) => ("HEAD", ClaimedBy::Head),
    };
    // A label is somebody else's: it names a commit by its id, and asks for nothing else.
    let is_id = (7..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_hexdigit());
    let found = match by == ClaimedBy::Label && !is_id {
        true => Err(HistoryError::Unknown(name.to_owned())),
        false => history.resolve(name),
    };
    let found = found.and_then(|id| history.commit(id));
    let commit = found.map_err(|error| match (&error, by) {
        (HistoryError::Unknown(_), ClaimedBy::Label) => {
            let what = format!("the image says it is of {name}, and no commit here is called that");
            Failure::usage(what).hint("fetch it, or name the commit with --branch")
        }
        (HistoryError::Unknown(_), _) => Failure::usage(error.to_string()),
        _ => unreadable(&error),
    })?;
    Ok((commit, by))
}

fn save(engine: &dyn Engine, image: &Image, names: HashSet<String>) -> Result<Saved, Failure> {
    let state = || "reading the image".to_owned();
    let failed = |why: String| Failure::missing(format!("failed to read the image: {why}"));
    let mut stream = engine.save(&image.id).map_err(|error| failed(error.to_string()))?;
    let saved = ui::while_working(&state, || Saved::read(&mut stream, names));
    saved.map_err(|error| failed(error.to_string()))
}

impl Candidate {
    fn new(
        found: &Found,
        history: &History,
        service: &Service,
        commit: &Commit,
    ) -> Result<Self, String> {
        let branch = history.branch();
        let plan = pipeline::with_evidence(found, |review, _| {
            plan::recipe(review, service, branch.as_deref())
        })?;
        let recipe = super::recipe(&plan, history.prefix());
        let tree = history.tree(TreeOptions { submodules: plan.submodules });
        let root = entry_at(&tree, commit.tree, history.prefix());
        let root = root.map_err(|error| error.to_string())?.filter(|e| e.kind == Kind::Folder);
        let root = root.ok_or_else(|| format!("there is no folder {}", history.prefix()))?;
        let moment = recipe.moment(&tree, root.id, commit.id).map_err(|why| why.to_string())?;
        let mut evaluator = Evaluator::default();
        let keyed = evaluator.build(&tree, &moment).map_err(|why| why.to_string())?;
        let shipment = ship(&mut evaluator.selector, &tree, &moment.contexts, &keyed.graph);
        let shipment = shipment.map_err(|why| why.to_string())?;
        Ok(Self { service: service.name.clone(), recipe, tree, graph: keyed.graph, shipment })
    }

    /// Where a file lies in the repository.
    fn source(&self, place: &Place) -> String {
        let named = place.context.as_ref().and_then(|name| self.recipe.named.get(name));
        match named.unwrap_or(&self.recipe.context).trim_matches('/') {
            "" => place.from.clone(),
            folder => format!("{folder}/{}", place.from),
        }
    }

    fn sort(&self, differing: Vec<Differing>, history: &Provenance<'_>, report: &mut VerifyReport) {
        let mut bytes: Vec<(String, Id)> = Vec::new();
        let mut all_bytes = true;
        let mut known = BTreeMap::new();
        for file in differing {
            let source = self.source(&file.place);
            let id = match file.how {
                How::Bytes(id, _) => Some(id),
                _ => None,
            };
            if file.place.touched.is_none() {
                bytes.extend(id.map(|id| (source.clone(), id)));
                all_bytes &= id.is_some();
            }
            let found = self.verified(&file, source, history, &mut known);
            match found.run {
                None => report.differing.push(found),
                Some(_) => report.undecided.push(found),
            }
        }
        if all_bytes && !bytes.is_empty() {
            report.bytes_of = history.of_all(&bytes);
        }
    }

    fn verified(
        &self,
        file: &Differing,
        source: String,
        history: &Provenance<'_>,
        known: &mut BTreeMap<(String, Id), Origin>,
    ) -> VerifiedFile {
        let (path, line, run) = (file.path.clone(), file.line, file.place.touched);
        let differs = match file.how {
            How::Bytes(..) => Differs::Bytes,
            How::Mode => Differs::Mode,
            How::Kind => Differs::Kind,
            How::Missing => Differs::Missing,
        };
        let mut found = VerifiedFile {
            path,
            source,
            line,
            differs,
            same_size: false,
            run,
            bytes_of: None,
            bytes_of_file: None,
        };
        if let How::Bytes(id, size) = file.how {
            found.same_size = self.tree.size(file.place.id).is_ok_and(|wanted| wanted == size);
            let origin = known.entry((found.source.clone(), id)).or_insert_with_key(|one| {
                let commit = history.of_all(std::slice::from_ref(one));
                let name = one.0.rsplit('/').next().unwrap_or_default();
                let file = || history.elsewhere(name, id);
                (commit.is_none().then(file).flatten(), commit)
            });
            (found.bytes_of_file, found.bytes_of) = origin.clone();
        }
        found
    }
}

/// How many examples are kept.
const MOST: usize = 3;

fn left(compared: &Compared) -> Vec<NotCompared> {
    let mut by_why: BTreeMap<Why, Vec<&Left>> = BTreeMap::new();
    for left in &compared.left {
        by_why.entry(left.why).or_default().push(left);
    }
    let mut all: Vec<NotCompared> = by_why
        .into_iter()
        .map(|(why, left)| NotCompared {
            count: left.len(),
            why: said(why).to_owned(),
            examples: left.iter().take(MOST).map(|left| example(left)).collect(),
        })
        .collect();
    let counts = [
        (compared.large, "Git LFS keeps it: the commit has only its name"),
        (
            compared.unreadable,
            "the image holds it behind a link, or as a hard link, a device or a sparse file",
        ),
    ];
    for (count, why) in counts.into_iter().filter(|(count, _)| *count > 0) {
        all.push(NotCompared { count, why: why.to_owned(), examples: Vec::new() });
    }
    all
}

fn example(left: &Left) -> String {
    match left.source.as_str() {
        "" => format!("line {}", left.line),
        source => format!("{source} (line {})", left.line),
    }
}

fn said(why: Why) -> &'static str {
    match why {
        Why::Archive => "ADD unpacks it",
        Why::Stage => {
            "it comes from a stage that makes it, or by a pattern or through a link from a stage"
        }
        Why::Image => "it comes from another image",
        Why::Remote => "it is fetched",
        Why::Heredoc => "it stands in the Dockerfile",
        Why::Sealed => "it is a submodule or .git",
    }
}
