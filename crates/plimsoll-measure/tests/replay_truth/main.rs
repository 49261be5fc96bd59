//! The replay put to a real engine: histories are built commit by commit, and what the engine took
//! from its cache is what the replay says.
//!
//! Each file of `replay/` is a shell script that writes a history. `scripts/test-engine` starts
//! the Docker Engine and makes the base image. By hand:
//!
//! ```text
//! scripts/truth engine                      # as the tests of the workspace do it
//! docker buildx create --name real --driver remote unix:///run/buildkit/buildkitd.sock
//! scripts/truth builder real registry.example/python:3.11
//! scripts/truth repos FOLDER [real registry.example/python:3.11]
//! ```
//!
//! With a builder of Buildx (`PLIMSOLL_BUILDER`) and an image in a registry that it reaches and may
//! push to (`PLIMSOLL_BASE`), a current BuildKit is asked instead. Then the histories that say
//! `needs: current` are built, too (BuildKit 20.10 does not know what they use, or does it
//! otherwise), and those that say `setups` are built with each way to keep a cache, on a builder
//! that is pruned before each build: **do not name a builder whose cache is worth something**.
//! `PLIMSOLL_CASE` names one history, `PLIMSOLL_LOGS` a folder for the logs.
//!
//! `repos` takes a folder of clones of real repositories (`PLIMSOLL_REPOS`): see `real.rs`. Neither
//! clones nor a builder to empty come with a machine: those tests are behind the feature `truth`. Of each clone it takes
//! `PLIMSOLL_DOCKERFILES` Dockerfiles (2) and `PLIMSOLL_COMMITS` commits (8).

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "each history says how much of it was compared")]

#[cfg(feature = "truth")]
mod clone;
mod engine;
#[cfg(feature = "truth")]
mod real;
#[cfg(feature = "truth")]
mod setups;
mod story;
#[cfg(feature = "truth")]
mod stub;

use std::fs;

use plimsoll_graph::{Cache, Evaluator, Keyed, Outcome, Verb};
use plimsoll_measure::history::{History, TreeOptions};
use plimsoll_model::CacheSetup;

use engine::{Engine, Truth, names};
use story::Story;

/// What was compared.
#[derive(Default)]
struct Tally {
    compared: usize,
    /// How many of them were taken from the cache.
    hits: usize,
    /// What differs.
    wrong: Vec<String>,
    /// Steps that need not run if a stage wrote the same bytes again: how many, and how many did
    /// not.
    depends: (usize, usize),
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.hits += other.hits;
        self.wrong.extend(other.wrong);
        self.depends.0 += other.depends.0;
        self.depends.1 += other.depends.1;
    }

    fn print(&self, title: &str) {
        let (count, hits, wrong) = (self.compared, self.hits, self.wrong.len());
        let (depends, kept) = self.depends;
        println!(
            "{title}: {count} steps ({hits} cached), {wrong} wrong; {kept} of {depends} depends were cached"
        );
        self.wrong.iter().for_each(|line| println!("  {line}"));
    }

    fn compare(&mut self, title: &str, keyed: &Keyed, outcomes: &[Outcome], truth: &Truth) {
        for (at, outcome) in outcomes.iter().enumerate() {
            if keyed.graph.steps[at].verb == Verb::From {
                continue;
            }
            // The same work in two stages is one step, under the name of either.
            let twins =
                (0..outcomes.len()).filter(|t| keyed.keys[*t].exact == keyed.keys[at].exact);
            let mut names = twins.flat_map(|twin| names(keyed, twin));
            let was = names.find_map(|name| truth.get(&name));
            let wanted = match outcome {
                Outcome::Hit => true,
                Outcome::Miss | Outcome::NotKept => false,
                Outcome::Shared => continue,
                Outcome::Depends => {
                    self.depends.0 += 1;
                    self.depends.1 += usize::from(was == Some(&true));
                    continue;
                }
            };
            self.compared += 1;
            self.hits += usize::from(was == Some(&true));
            if was != Some(&wanted) {
                let label = &keyed.graph.steps[at].label;
                let step = format!("[{} {}] {}", label.stage_name, label.number, label.text);
                self.wrong.push(format!("{title}: {step}: {outcome:?}, cached: {was:?}"));
            }
        }
    }
}

/// Builds a history and compares.
fn check(story: &Story, engine: &Engine) -> Tally {
    let history = History::open(&story.folder).unwrap();
    let tree = history.tree(TreeOptions::default());
    let (mut evaluator, mut cache) = (Evaluator::default(), Cache::new(CacheSetup::Local));
    let mut tally = Tally::default();
    let output = engine.builder.iter().map(|_| "--output=type=cacheonly".to_owned());
    let options: Vec<String> = output.collect();
    for commit in &story.commits(&history) {
        story.check_out(commit);
        let truth = engine.ask(story, commit, &options);
        let moment = story.recipe.moment(&tree, commit.tree, commit.id).unwrap();
        let keyed = evaluator.build(&tree, &moment).unwrap();
        let title = format!("{}: {}", story.name, commit.subject);
        tally.compare(&title, &keyed, &cache.outcomes(&keyed), &truth);
        cache.keep(&keyed);
    }
    tally
}

#[test]
fn the_replay_says_what_the_engine_does() {
    let (work, _lock) = story::workshop("local");
    let current = engine::builder().is_some();
    let mut all = Tally::default();
    for script in &story::scripts(|text| current || !text.contains("# needs: current")) {
        let story = Story::tell(script, &work);
        let engine = Engine::new(&work, &story.name, "");
        let tally = check(&story, &engine);
        tally.print(&story.name);
        all.add(tally);
        engine.forget();
    }
    fs::remove_dir_all(&work).unwrap();
    all.print("all");
    let wrong = all.wrong.join("\n");
    assert!(wrong.is_empty(), "{} of {} wrong:\n{wrong}", all.wrong.len(), all.compared);
    assert!(all.compared > 0 || std::env::var("PLIMSOLL_CASE").is_ok(), "nothing was compared");
}
