//! The replay put to a real engine over the histories of real repositories.
//!
//! No image is pulled and no command of theirs is run: each Dockerfile becomes its [`stub`]. The
//! files are those of the repository, commit by commit: of the last commits along first parents
//! that change the context. Where a build fails, the next one begins with an empty cache: what the
//! engine kept of the one that failed is not known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_graph::{Cache, Evaluator, Keyed, Moment, Outcome, Unbuildable};
use plimsoll_measure::history::{Commit, GitTree, History, HistoryError, Recipe, TreeOptions};
use plimsoll_model::CacheSetup;

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
    clone: &'c mut Clone,
    tree: GitTree,
    recipe: &'c Recipe,
    work: &'c Path,
    title: String,
    planned: Vec<Planned>,
    newer: bool,
    users: BTreeSet<String>,
    taken: BTreeSet<String>,
    sum: Sum,
}

impl<'c> Case<'c> {
    /// `commits` are those that are built. The repository is opened anew: the time of the replay
    /// is that of one that has read nothing yet.
    fn new(
        clone: &'c mut Clone,
        commits: Vec<Commit>,
        recipe: &'c Recipe,
        work: &'c Path,
    ) -> Result<Self, HistoryError> {
        let begin = Instant::now();
        let tree = History::open(&clone.folder)?.tree(TreeOptions::default());
        let mut sum = Sum { replay: begin.elapsed(), ..Sum::default() };
        let mut planned = Vec::new();
        for commit in commits {
            let begin = Instant::now();
            let moment = recipe.moment(&tree, commit.tree, commit.id);
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
        let newer = stubs().any(|stub| stub.newer);
        Ok(Self { clone, tree, recipe, work, title, planned, newer, users, taken, sum })
    }

    /// An engine with an empty cache, and in its base what the builds look for.
    fn engine(&self) -> Engine {
        // The files of `--link` have the same key on each base.
        if self.newer && engine::builder().is_some() {
            engine::prune();
        }
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
            if !self.clone.check_out(planned.commit.id) {
                println!("{}: {} cannot be checked out", self.title, planned.commit.id);
                continue;
            }
            let (engine, mut cache) = session.take().unwrap_or_else(|| {
                self.sum.firsts += 1;
                (self.engine(), Cache::new(CacheSetup::Local))
            });
            let begin = Instant::now();
            let truth = self.ask(&engine, &planned);
            let asked = Instant::now();
            let said = evaluator.build(&self.tree, &planned.moment).map(|keyed| {
                let outcomes = cache.outcomes(&keyed);
                cache.keep(&keyed);
                (keyed, outcomes)
            });
            let took = (asked - begin, asked.elapsed());
            let title = format!("{} at {}", self.title, planned.commit.id);
            if self.judge(&title, said, truth, took) {
                session = Some((engine, cache));
                continue;
            }
            engine.forget();
            // What fails twice before anything was built fails always.
            if self.sum.builds == 0 && self.sum.firsts > 1 {
                break;
            }
        }
        session.iter().for_each(|(engine, _)| engine.forget());
        self.sum.dockerfiles = usize::from(self.sum.builds > 0);
        self.sum
    }

    /// Compares what the replay says with what the engine did; whether it built.
    fn judge(
        &mut self,
        title: &str,
        said: Result<(Keyed, Vec<Outcome>), Unbuildable>,
        truth: Result<Truth, String>,
        (engine, replay): (Duration, Duration),
    ) -> bool {
        let sum = &mut self.sum;
        match (said, truth) {
            (Ok((keyed, outcomes)), Ok(truth)) => {
                sum.tally.compare(title, &keyed, &outcomes, &truth);
                sum.builds += 1;
                sum.engine += engine;
                sum.replay += replay;
                return true;
            }
            (Ok(_), Err(message)) => sum.other_failures.push(format!("{title}: {message}")),
            (Err(_), Err(_)) => sum.failures += 1,
            (Err(error), Ok(_)) => {
                sum.tally.wrong.push(format!("{title}: is built, but: {error}"));
            }
        }
        false
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
fn check(clone: &mut Clone, work: &Path) -> Sum {
    let mut sum = Sum::default();
    let Ok(history) = History::open(&clone.folder) else { return sum };
    let tree = history.tree(TreeOptions::default());
    for recipe in &clone.recipes(&history, &tree, number("PLIMSOLL_DOCKERFILES", 2)) {
        let commits = clone.commits(&history, &tree, recipe, number("PLIMSOLL_COMMITS", 8));
        let Ok(case) = Case::new(clone, commits, recipe, work) else { continue };
        if case.planned.len() < 2 || (case.newer && engine::builder().is_none()) {
            let why = if case.newer { "newer syntax" } else { "too few commits" };
            println!("{}: left out, {why}", case.title);
            continue;
        }
        sum.add(case.check());
    }
    sum.repositories = usize::from(sum.dockerfiles > 0);
    sum
}

#[test]
fn the_replay_says_what_the_engine_does_to_real_repositories() {
    let folder = std::env::var("PLIMSOLL_REPOS").expect("PLIMSOLL_REPOS: a folder of clones");
    let (work, _lock) = story::workshop("real");
    let mut all = Sum::default();
    for original in clone::originals(Path::new(&folder)) {
        let Some(mut clone) = Clone::of(&original, &work) else { continue };
        let sum = check(&mut clone, &work);
        fs::remove_dir_all(&clone.folder).unwrap();
        if sum.builds + sum.other_failures.len() > 0 {
            sum.print(&clone.name);
            sum.other_failures.iter().for_each(|line| println!("  fails: {line}"));
        }
        all.add(sum);
    }
    fs::remove_dir_all(&work).unwrap();
    all.print("all");
    assert!(all.tally.compared > 0, "nothing was compared");
    let wrong = &all.tally.wrong;
    assert!(wrong.is_empty(), "{} of {} wrong", wrong.len(), all.tally.compared);
}
