//! The replay put to a real engine over the histories of real repositories.
//!
//! No image is pulled and no command of theirs is run: each Dockerfile becomes its [`stub`]. Its
//! files are those of the repository, commit by commit. Where a build fails, the next one begins
//! with an empty cache: what the engine kept of the one that failed is not known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_graph::{Cache, Evaluator, Moment, Setup};
use plimsoll_measure::history::{Commit, GitTree, History, Recipe, TreeOptions};

use crate::Tally;
use crate::clone::{self, Clone};
use crate::engine::{self, Engine, Truth};
use crate::story;
use crate::stub::{self, Stub, stub};

/// What was done, over all repositories.
#[derive(Default)]
struct Sum {
    tally: Tally,
    repositories: usize,
    dockerfiles: usize,
    builds: usize,
    /// Builds that began with an empty cache.
    firsts: usize,
    /// Builds that fail, and of which the replay says so.
    failures: usize,
    /// Builds that fail, and not for a reason that a replay can know.
    other_failures: Vec<String>,
    engine: Duration,
    replay: Duration,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        self.repositories += other.repositories;
        self.dockerfiles += other.dockerfiles;
        self.builds += other.builds;
        self.firsts += other.firsts;
        self.failures += other.failures;
        self.other_failures.extend(other.other_failures);
        self.engine += other.engine;
        self.replay += other.replay;
    }

    fn print(&self, title: &str) {
        self.tally.print(title);
        println!(
            "  {} repositories, {} Dockerfiles, {} builds ({} first ones), {} fail as said, {} fail",
            self.repositories,
            self.dockerfiles,
            self.builds,
            self.firsts,
            self.failures,
            self.other_failures.len()
        );
        let (engine, replay) = (self.engine.as_secs_f64(), self.replay.as_secs_f64());
        println!("  engine {engine:.1} s, replay {replay:.3} s: {:.0} times", engine / replay);
    }
}

/// A commit with what its build is made of.
struct Planned {
    commit: Commit,
    moment: Moment,
    stub: Stub,
}

/// A Dockerfile with its history.
struct Case<'c> {
    clone: &'c Clone,
    tree: &'c GitTree,
    recipe: &'c Recipe,
    work: &'c Path,
    title: String,
    planned: Vec<Planned>,
    users: BTreeSet<String>,
    taken: BTreeSet<String>,
    sum: Sum,
}

impl<'c> Case<'c> {
    fn new(
        clone: &'c Clone,
        history: &History,
        tree: &'c GitTree,
        recipe: &'c Recipe,
        work: &'c Path,
    ) -> Self {
        let mut sum = Sum::default();
        let mut planned = Vec::new();
        for commit in clone.commits(history, tree, recipe, number("PLIMSOLL_COMMITS", 8)) {
            let begin = Instant::now();
            let moment = recipe.moment(tree, commit.tree, commit.id);
            sum.replay += begin.elapsed();
            let Ok(mut moment) = moment else { continue };
            let Some(stub) = stub(&moment.dockerfile) else { continue };
            moment.dockerfile = stub.text.as_str().into();
            planned.push(Planned { commit, moment, stub });
        }
        let title = format!("{} {}", clone.name, recipe.dockerfile);
        let stubs = || planned.iter().map(|planned| &planned.stub);
        let users = stubs().flat_map(|stub| stub.users.clone()).collect();
        let taken = stubs().flat_map(|stub| stub.taken.clone()).collect();
        Self { clone, tree, recipe, work, title, planned, users, taken, sum }
    }

    /// An engine with an empty cache, and in its base what the builds look for.
    fn engine(&self) -> Engine {
        let script = self.clone.prepare(&self.users, &self.taken);
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = self.title.chars().map(plain).collect();
        let name: String = name.chars().take(60).collect();
        Engine::new(self.work, &format!("{name}-{}", self.sum.firsts), &script)
    }

    fn check(mut self) -> Sum {
        let mut evaluator = Evaluator::default();
        let mut session: Option<(Engine, Cache)> = None;
        for planned in std::mem::take(&mut self.planned) {
            let (engine, mut cache) = session.take().unwrap_or_else(|| {
                self.sum.firsts += 1;
                (self.engine(), Cache::new(Setup::Local))
            });
            if !self.clone.check_out(planned.commit.id) {
                println!("{}: {} cannot be checked out", self.title, planned.commit.id);
                break;
            }
            let begin = Instant::now();
            let truth = self.ask(&engine, &planned);
            let engine_took = begin.elapsed();
            let begin = Instant::now();
            let keyed = evaluator.build(self.tree, &planned.moment);
            let said = keyed.map(|keyed| {
                let outcomes = cache.outcomes(&keyed);
                cache.keep(&keyed);
                (keyed, outcomes)
            });
            let replay_took = begin.elapsed();
            let title = format!("{} at {}", self.title, planned.commit.id);
            let kept = match (said, truth) {
                (Ok((keyed, outcomes)), Ok(truth)) => {
                    self.sum.tally.compare(&title, &keyed, &outcomes, &truth);
                    self.sum.builds += 1;
                    self.sum.engine += engine_took;
                    self.sum.replay += replay_took;
                    true
                }
                (Ok(_), Err(message)) => {
                    self.sum.other_failures.push(format!("{title}: {message}"));
                    false
                }
                (Err(_), Err(_)) => {
                    self.sum.failures += 1;
                    false
                }
                (Err(error), Ok(_)) => {
                    self.sum.tally.wrong.push(format!("{title}: is built, but: {error}"));
                    false
                }
            };
            if kept {
                session = Some((engine, cache));
            } else {
                engine.forget();
                // What fails twice before anything was built fails always.
                if self.sum.builds == 0 && self.sum.firsts > 1 {
                    break;
                }
            }
        }
        session.iter().for_each(|(engine, _)| engine.forget());
        self.sum.dockerfiles = usize::from(self.sum.builds > 0);
        self.sum
    }

    fn ask(&self, engine: &Engine, planned: &Planned) -> Result<Truth, String> {
        let outside = self.clone.folder.with_extension("outside");
        fs::create_dir_all(&outside).unwrap();
        let own = outside.join("Dockerfile");
        fs::write(&own, planned.stub.text.replace(stub::BASE, &engine.base)).unwrap();
        let beside = outside.join("Dockerfile.dockerignore");
        let _ = fs::remove_file(&beside);
        let ignore = format!("{}.dockerignore", self.recipe.dockerfile);
        if let Ok(ignore) = fs::read(self.clone.folder.join(ignore)) {
            fs::write(&beside, ignore).unwrap();
        }
        let name = format!("{}-{}", self.title.replace(['/', ' '], "-"), planned.commit.id);
        engine.attempt(&name, &own, &self.clone.folder.join(&self.recipe.context))
    }
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Builds the Dockerfiles of a clone and compares.
fn check(clone: &Clone, work: &Path) -> Sum {
    let mut sum = Sum::default();
    let begin = Instant::now();
    let Ok(history) = History::open(&clone.folder) else { return sum };
    let tree = history.tree(TreeOptions::default());
    sum.replay += begin.elapsed();
    for recipe in &clone.recipes(&history, &tree, number("PLIMSOLL_DOCKERFILES", 2)) {
        let case = Case::new(clone, &history, &tree, recipe, work);
        let newer = case.planned.iter().any(|planned| planned.stub.newer);
        if case.planned.len() < 2 || (newer && engine::builder().is_none()) {
            println!("{}: left out{}", case.title, if newer { ", newer syntax" } else { "" });
            continue;
        }
        sum.add(case.check());
    }
    sum.repositories = usize::from(sum.dockerfiles > 0);
    sum
}

#[test]
#[ignore = "needs clones of real repositories in PLIMSOLL_REPOS, and takes long"]
fn the_replay_says_what_the_engine_does_to_real_repositories() {
    let folder = std::env::var("PLIMSOLL_REPOS").expect("PLIMSOLL_REPOS: a folder of clones");
    let (work, _lock) = story::workshop("real");
    let most = number("PLIMSOLL_MOST", usize::MAX);
    let mut all = Sum::default();
    for original in clone::originals(Path::new(&folder)) {
        let Some(clone) = Clone::of(&original, &work) else { continue };
        let sum = check(&clone, &work);
        fs::remove_dir_all(&clone.folder).unwrap();
        if sum.builds + sum.other_failures.len() > 0 {
            sum.print(&clone.name);
            sum.other_failures.iter().for_each(|line| println!("  fails: {line}"));
        }
        all.add(sum);
        if all.repositories >= most {
            break;
        }
    }
    fs::remove_dir_all(&work).unwrap();
    all.print("all");
    assert!(all.tally.compared > 0, "nothing was compared");
    let wrong = &all.tally.wrong;
    assert!(wrong.is_empty(), "{} of {} wrong", wrong.len(), all.tally.compared);
}
