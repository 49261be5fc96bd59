//! Adds up a replay: the hits of each setup, and of each step with the reasons it ran.

use std::collections::BTreeMap;

use plimsoll_graph::{Cache, Cause, Graph, Label, Outcome, Verb, What, root};
use plimsoll_measure::history::{Built, Commit, Failed};
use plimsoll_model::{
    CacheSetup, Misses, ReplayReport, ReplayedBuild, ReplayedFile, ReplayedStep, SetupRate,
};

use super::Durations;

/// How many failing commits, reasons of a step, and files of a reason are kept.
const MOST: usize = 5;

/// Adds up a replay, the steps under one setup.
pub(super) fn fold(
    commits: &[Commit],
    all: &[Result<Built, Failed>],
    shown: CacheSetup,
    durations: &Durations,
    leave_out: &dyn Fn(usize) -> bool,
) -> ReplayReport {
    let builds: Vec<(&Commit, &Built)> = commits
        .iter()
        .zip(all)
        .enumerate()
        .filter(|(at, _)| !leave_out(*at))
        .filter_map(|(_, (commit, built))| Some((commit, built.as_ref().ok()?)))
        .collect();
    let mut failing: Vec<(String, String)> = commits
        .iter()
        .zip(all)
        .filter_map(|(commit, built)| {
            Some((commit.id.to_string(), built.as_ref().err()?.to_string()))
        })
        .collect();
    let failing_count = failing.len();
    failing.reverse();
    failing.truncate(MOST);
    let newest = builds.last().map(|(_, built)| &*built.keyed.graph);
    let (weights, left_out) = match builds.last().and_then(|(_, built)| durations.of(&built.keyed))
    {
        Some(Ok(weights)) => (Some(weights), Vec::new()),
        Some(Err(lines)) => (None, lines),
        None => (None, Vec::new()),
    };
    let mut setups = Vec::new();
    let mut steps = Steps::new(newest);
    let mut replayed = Vec::new();
    for setup in CacheSetup::ALL {
        let mut rate =
            SetupRate { setup, hits: 0, steps: 0, ratio: None, whole_builds: 0, depends: 0 };
        let mut cache = Cache::new(setup);
        let (mut saved, mut total) = (0.0, 0.0);
        for (at, (commit, built)) in builds.iter().enumerate() {
            let outcomes = cache.outcomes(&built.keyed);
            cache.keep(&built.keyed);
            if at > 0 {
                count(&mut rate, &built.keyed.graph, &outcomes);
                for (_, label, _, hit) in counted(&built.keyed.graph, &outcomes) {
                    let seconds = weights.as_ref().and_then(|all| all.get(&name(label)));
                    total += seconds.copied().unwrap_or(0.0);
                    saved += seconds.copied().filter(|_| hit).unwrap_or(0.0);
                }
            }
            if setup == shown {
                replayed.push(build(commit, built, &outcomes));
                if at > 0 {
                    steps.add(built, &outcomes, setup);
                }
            }
        }
        rate.ratio = match weights {
            Some(_) => (total > 0.0).then(|| saved / total),
            None => (rate.steps > 0).then(|| rate.hits as f64 / rate.steps as f64),
        };
        setups.push(rate);
    }
    ReplayReport {
        service: String::new(),
        branch: String::new(),
        builds: replayed,
        not_started: 0,
        failing,
        failing_count,
        shallow: false,
        current: None,
        shown,
        weighted: weights.is_some(),
        setups,
        steps: steps.finish(weights.as_ref()),
        renames: Vec::new(),
        assumptions: unweighted(&left_out).into_iter().collect(),
    }
}

/// Says why rates are not weighted, though there is a log.
fn unweighted(lines: &[u32]) -> Option<String> {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    (!lines.is_empty()).then(|| {
        format!(
            "the log does not say how long the commands of the lines {} take, so nothing is weighted",
            lines.join(", ")
        )
    })
}

/// The steps that count: FROM only names an image.
fn counted<'o>(
    graph: &'o Graph,
    outcomes: &'o [Outcome],
) -> impl Iterator<Item = (usize, &'o Label, Outcome, bool)> + 'o {
    graph.steps.iter().zip(outcomes).enumerate().filter_map(|(at, (step, outcome))| {
        let hit = outcome.hit().filter(|_| step.verb != Verb::From)?;
        Some((at, &step.label, *outcome, hit))
    })
}

fn count(rate: &mut SetupRate, graph: &Graph, outcomes: &[Outcome]) {
    let mut whole = true;
    for (_, _, outcome, hit) in counted(graph, outcomes) {
        rate.steps += 1;
        rate.hits += usize::from(hit);
        rate.depends += usize::from(outcome == Outcome::Depends);
        whole &= hit;
    }
    rate.whole_builds += usize::from(whole);
}

fn build(commit: &Commit, built: &Built, outcomes: &[Outcome]) -> ReplayedBuild {
    let graph = &built.keyed.graph;
    let missed = counted(graph, outcomes).filter(|(_, _, _, hit)| !hit);
    ReplayedBuild {
        commit: commit.id.to_string(),
        subject: commit.subject.clone(),
        seconds: commit.seconds,
        missed: missed.map(|(_, label, _, _)| (label.line, label.stage_name.clone())).collect(),
        steps: counted(graph, outcomes).count(),
    }
}

/// The stage and the text of a step: what it is known by over the history.
pub(super) type Name = (String, String);

pub(super) fn name(label: &Label) -> Name {
    (label.stage_name.clone(), label.text.clone())
}

/// The steps of the newest build, added up.
struct Steps {
    order: Vec<(Name, Label)>,
    sums: BTreeMap<Name, Sum>,
}

#[derive(Default)]
struct Sum {
    builds: usize,
    hits: usize,
    /// By reason, and the step where it began.
    misses: BTreeMap<(String, Option<Name>), Reason>,
}

#[derive(Default)]
struct Reason {
    count: usize,
    files: BTreeMap<String, usize>,
}

impl Steps {
    fn new(newest: Option<&Graph>) -> Self {
        let steps = newest.map_or(&[][..], |graph| &graph.steps);
        let steps = steps.iter().filter(|step| step.verb != Verb::From);
        let order = steps.map(|step| (name(&step.label), step.label.clone())).collect();
        Self { order, sums: BTreeMap::new() }
    }

    fn add(&mut self, built: &Built, outcomes: &[Outcome], setup: CacheSetup) {
        let graph = &built.keyed.graph;
        for (at, label, outcome, hit) in counted(graph, outcomes) {
            let sum = self.sums.entry(name(label)).or_default();
            sum.builds += 1;
            sum.hits += usize::from(hit);
            if hit {
                continue;
            }
            let (reason, began, files) = reason(built, at, outcome, setup);
            let reason = sum.misses.entry((reason, began)).or_default();
            reason.count += 1;
            for file in files {
                *reason.files.entry(file).or_default() += 1;
            }
        }
    }

    fn finish(mut self, weights: Option<&BTreeMap<Name, f64>>) -> Vec<ReplayedStep> {
        let lines: BTreeMap<Name, u32> =
            self.order.iter().map(|(name, label)| (name.clone(), label.line)).collect();
        let mut steps = Vec::new();
        for (name, label) in self.order {
            let sum = self.sums.remove(&name).unwrap_or_default();
            steps.push(ReplayedStep {
                stage: label.stage_name,
                number: label.number,
                line: label.line,
                text: label.text,
                builds: sum.builds,
                hits: sum.hits,
                seconds: weights.and_then(|all| all.get(&name)).copied(),
                misses: misses(sum.misses, &lines),
            });
        }
        steps
    }
}

fn misses(
    all: BTreeMap<(String, Option<Name>), Reason>,
    lines: &BTreeMap<Name, u32>,
) -> Vec<Misses> {
    let mut found: Vec<Misses> = all
        .into_iter()
        .map(|((reason, began), sum)| Misses {
            count: sum.count,
            reason,
            line: began.and_then(|name| lines.get(&name).copied()),
            files: most_frequent(sum.files),
        })
        .collect();
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    found.truncate(MOST);
    found
}

fn most_frequent(files: BTreeMap<String, usize>) -> Vec<ReplayedFile> {
    let mut found: Vec<ReplayedFile> =
        files.into_iter().map(|(path, count)| ReplayedFile { path, count }).collect();
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.path.cmp(&b.path)));
    found.truncate(MOST);
    found
}

/// Why a step ran: the reason, the step where it began if that is another, and the files.
fn reason(
    built: &Built,
    at: usize,
    outcome: Outcome,
    setup: CacheSetup,
) -> (String, Option<Name>, Vec<String>) {
    if setup == CacheSetup::None {
        return ("nothing is kept between builds".to_owned(), None, Vec::new());
    }
    if outcome == Outcome::NotKept {
        return ("its layer is not kept: only those of the image are".to_owned(), None, Vec::new());
    }
    let Some((began, cause)) = root(&built.causes, at) else {
        return ("it was not in the cache".to_owned(), None, Vec::new());
    };
    let label = built.keyed.graph.steps.get(began).map(|step| &step.label);
    let files = match cause {
        Cause::Files(changes) => changes.iter().map(|change| change.path.clone()).collect(),
        _ => Vec::new(),
    };
    let own = began == at;
    let text = match (own, label) {
        (false, Some(label)) => format!("`{}`: {}", label.text, said(cause)),
        _ => said(cause),
    };
    (text, label.filter(|_| !own).map(name), files)
}

fn said(cause: &Cause) -> String {
    match cause {
        Cause::New => "it is new".to_owned(),
        Cause::Files(_) => "files changed".to_owned(),
        Cause::Facets(whats) => {
            let names: Vec<String> = whats.iter().map(what).collect();
            match names.is_empty() {
                true => "the instruction changed".to_owned(),
                false => format!("{} changed", names.join(", ")),
            }
        }
        Cause::Above(_) | Cause::Nothing => "what it stands on changed".to_owned(),
    }
}

fn what(what: &What) -> String {
    match what {
        What::Instruction => "the instruction".to_owned(),
        What::Image => "the base image".to_owned(),
        What::Directory => "the working directory".to_owned(),
        What::User => "the user".to_owned(),
        What::Shell => "the shell".to_owned(),
        What::Variable(name) => format!("the variable {name}"),
    }
}
