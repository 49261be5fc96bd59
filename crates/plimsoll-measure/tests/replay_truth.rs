//! The replay put to a real engine: histories are built commit by commit with the Docker Engine,
//! and what it took from its cache is what the replay says.
//!
//! Each file of `replay/` is a shell script that writes a history. `scripts/test-engine` starts
//! the engine and makes the base image.
//!
//! With `PLIMSOLL_BUILDER` set to a builder of Buildx and `PLIMSOLL_BASE` to an image in a registry
//! that it reaches, a current BuildKit is asked instead, and the histories that say
//! `needs: current` are built, too: BuildKit 20.10 does not know what they use, or does it
//! otherwise.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "each history says how much of it was compared")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use plimsoll_graph::{Cache, Evaluator, Keyed, Outcome, Setup, Verb};
use plimsoll_measure::history::{Commit, History, Recipe, TreeOptions};

/// What the scripts begin with.
const PRELUDE: &str = r#"
set -euo pipefail
umask 022
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.com
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.com
put() { mkdir -p "$(dirname "$1")"; cat > "$1"; }
commit() { git add -A; git commit -q -m "$1"; }
git init -q -b main .
"#;

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let text = || String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}\n{}", text());
    output
}

struct Story {
    name: String,
    folder: PathBuf,
    recipe: Recipe,
}

/// The engine that is asked.
struct Engine {
    /// A builder of Buildx; the Docker Engine without one.
    builder: Option<String>,
    /// The base image, which no build has seen before.
    base: String,
}

impl Engine {
    fn build(&self) -> Command {
        let mut command = Command::new("docker");
        match &self.builder {
            Some(builder) => {
                command.args(["buildx", "build", "--output=type=cacheonly", "--builder", builder])
            }
            None => command.env("DOCKER_BUILDKIT", "1").arg("build"),
        };
        command
    }

    /// Makes a base image that is new to the engine, so that nothing is in its cache.
    fn new(work: &Path, name: &str) -> Self {
        let builder = std::env::var("PLIMSOLL_BUILDER").ok();
        let id = std::process::id();
        let (from, base) = match std::env::var("PLIMSOLL_BASE") {
            Ok(base) => (base.clone(), format!("{base}-{name}-{id}")),
            Err(_) => ("python:3.11-slim".to_owned(), format!("plimsoll-truth-base:{name}-{id}")),
        };
        let text = format!("FROM {from}\nCOPY nonce /nonce\nRUN echo {name} > /story\n");
        fs::write(work.join("Dockerfile"), text).unwrap();
        let engine = Self { builder, base };
        let mut command = engine.build();
        if engine.builder.is_some() {
            let output = format!("--output=type=image,push=true,name={}", engine.base);
            command.args([&output]);
        } else {
            command.args(["-q", "-t", &engine.base]);
        }
        run(command.arg(work));
        engine
    }
}

/// Runs a script, and reads how its histories are built from the comments at its top.
fn story(script: &Path, work: &Path) -> Story {
    let text = fs::read_to_string(script).unwrap();
    let name = script.file_stem().unwrap().to_str().unwrap().to_owned();
    let folder = work.join(&name);
    fs::create_dir_all(&folder).unwrap();
    let mut recipe =
        Recipe { dockerfile: "Dockerfile".to_owned(), git_folder: true, ..Recipe::default() };
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        match line.split_once(": ") {
            Some(("dockerfile", path)) => path.clone_into(&mut recipe.dockerfile),
            Some(("context", path)) => path.clone_into(&mut recipe.context),
            Some(("target", target)) => recipe.target = Some(target.to_owned()),
            Some(("changing", name)) => {
                recipe.changing_args.insert(name.to_owned());
            }
            Some(("arg", arg)) => {
                let (name, value) = arg.split_once('=').unwrap();
                recipe.args.insert(name.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }
    let nonce = work.join("nonce");
    run(Command::new("bash")
        .args(["-c", &format!("{PRELUDE}{text}")])
        .env("NONCE", nonce)
        .current_dir(&folder));
    Story { name, folder, recipe }
}

/// Builds the commit that is checked out; what became of each step, by stage and number.
fn build(story: &Story, commit: &Commit, engine: &Engine) -> BTreeMap<String, bool> {
    let dockerfile = fs::read_to_string(story.folder.join(&story.recipe.dockerfile)).unwrap();
    // The base image is new to the engine, so that nothing is in its cache.
    let own = story.folder.join(&story.recipe.dockerfile).with_extension("truth");
    let mut text = String::new();
    for line in dockerfile.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        if words[0] == "FROM" && words[1] == "base" {
            words[1] = &engine.base;
        }
        text.push_str(&words.join(" "));
        text.push('\n');
    }
    let outside = std::env::temp_dir().join(format!("plimsoll-truth-{}", story.name));
    fs::create_dir_all(&outside).unwrap();
    let own = outside.join(own.file_name().unwrap());
    fs::write(&own, text).unwrap();
    let ignore = format!("{}.dockerignore", story.recipe.dockerfile);
    let beside = format!("{}.dockerignore", own.display());
    let _ = fs::remove_file(&beside);
    if let Ok(ignore) = fs::read(story.folder.join(ignore)) {
        fs::write(beside, ignore).unwrap();
    }
    let mut command = engine.build();
    command.arg("--progress=plain").arg("-f").arg(&own);
    if let Some(target) = &story.recipe.target {
        command.args(["--target", target]);
    }
    for (name, value) in &story.recipe.args {
        command.arg("--build-arg").arg(format!("{name}={value}"));
    }
    for name in &story.recipe.changing_args {
        command.arg("--build-arg").arg(format!("{name}={}", commit.id));
    }
    let output = run(command.arg(story.folder.join(&story.recipe.context)));
    steps(&String::from_utf8_lossy(&output.stderr))
}

/// Reads the plain progress of a build: `stage number` and whether it was cached.
fn steps(log: &str) -> BTreeMap<String, bool> {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for line in log.lines() {
        let Some((number, rest)) = line.strip_prefix('#').and_then(|l| l.split_once(' ')) else {
            continue;
        };
        if let Some((label, _)) = rest.strip_prefix('[').and_then(|r| r.split_once("] ")) {
            let words: Vec<&str> = label.split_whitespace().collect();
            if let [stage @ .., place] = words.as_slice()
                && let Some((step, _)) = place.split_once('/')
                && step.parse::<u32>().is_ok()
            {
                names.insert(number, format!("{} {step}", stage.join(" ")));
            }
        }
        if let Some(name) = names.get(number) {
            if rest == "CACHED" {
                found.insert(name.clone(), true);
            } else if rest.starts_with("DONE ") {
                found.entry(name.clone()).or_insert(false);
            }
        }
    }
    found
}

/// A step as the engine calls it: the stage is left out where there is only one.
fn name(build: &Keyed, at: usize) -> String {
    let label = &build.graph.steps[at].label;
    let first = build.graph.steps[0].label.stage;
    let one = build.graph.steps.iter().all(|step| step.label.stage == first);
    let stage = if one { "" } else { &label.stage_name };
    format!("{stage} {}", label.number)
}

/// Builds a history and compares; how many steps were compared, and what differs.
fn check(story: &Story, engine: &Engine) -> (usize, Vec<String>) {
    let history = History::open(&story.folder).unwrap();
    let tree = history.tree(TreeOptions::default());
    let head = history.resolve("HEAD").unwrap();
    let mut commits: Vec<Commit> = history.first_parents(head).collect::<Result<_, _>>().unwrap();
    commits.reverse();
    let (mut evaluator, mut cache) = (Evaluator::default(), Cache::new(Setup::Local));
    let (mut compared, mut wrong) = (0, Vec::new());
    for commit in &commits {
        let id = commit.id.to_string();
        run(Command::new("git").args(["checkout", "-q", &id]).current_dir(&story.folder));
        let truth = build(story, commit, engine);
        let moment = story.recipe.moment(&tree, commit.tree, commit.id).unwrap();
        let keyed = evaluator.build(&tree, &moment).unwrap();
        let outcomes = cache.outcomes(&keyed);
        cache.keep(&keyed);
        for (at, outcome) in outcomes.iter().enumerate() {
            if keyed.graph.steps[at].verb == Verb::From {
                continue;
            }
            let step = name(&keyed, at);
            let wanted = match outcome {
                Outcome::Hit => true,
                Outcome::Miss | Outcome::NotKept => false,
                Outcome::Depends | Outcome::Shared => continue,
            };
            compared += 1;
            // The same work in two stages is one step, under the name of either.
            let twins =
                (0..outcomes.len()).filter(|t| keyed.keys[*t].exact == keyed.keys[at].exact);
            let was = twins.filter_map(|twin| truth.get(&name(&keyed, twin))).next();
            if was != Some(&wanted) {
                let text = &keyed.graph.steps[at].label.text;
                let said = outcome;
                wrong.push(format!(
                    "{}: {}: [{step}] {text}: {said:?}, cached: {was:?}",
                    story.name, commit.subject
                ));
            }
        }
    }
    (compared, wrong)
}

#[test]
fn the_replay_says_what_the_engine_does() {
    let work = std::env::temp_dir().join(format!("plimsoll-truth-{}", std::process::id()));
    fs::create_dir_all(&work).unwrap();
    let nonce = format!("{:?} {}", std::time::SystemTime::now(), std::process::id());
    fs::write(work.join("nonce"), &nonce).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay");
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    if let Ok(only) = std::env::var("PLIMSOLL_CASE") {
        scripts.retain(|script| script.to_str().unwrap().contains(&only));
    }
    if std::env::var("PLIMSOLL_BUILDER").is_err() {
        scripts.retain(|script| !fs::read_to_string(script).unwrap().contains("# needs: current"));
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for script in &scripts {
        let story = story(script, &work);
        let engine = Engine::new(&work, &story.name);
        let (count, found) = check(&story, &engine);
        println!("{}: {count} steps, {} wrong", script.display(), found.len());
        found.iter().for_each(|line| println!("  {line}"));
        compared += count;
        wrong.extend(found);
        if engine.builder.is_none() {
            run(Command::new("docker").args(["image", "rm", "-f", &engine.base]));
        }
    }
    fs::remove_dir_all(&work).unwrap();
    assert!(wrong.is_empty(), "{} of {compared} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 0, "nothing was compared");
}
