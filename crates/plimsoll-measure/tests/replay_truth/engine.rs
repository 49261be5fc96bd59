//! The engine that is asked, and what its progress says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use plimsoll_graph::Keyed;
use plimsoll_measure::engine::client_program;
use plimsoll_measure::history::Commit;
use serde_json::Value;

use crate::story::Story;

/// Whether each step was taken from the cache, by `stage number`.
pub(crate) type Truth = BTreeMap<String, bool>;

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('{')).collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        panic!("{command:?}\n{last}");
    }
    output
}

/// The engine that is asked.
pub(crate) struct Engine {
    /// A builder of Buildx; the Docker Engine without one.
    pub(crate) builder: Option<String>,
    /// The base image, which no build has seen before.
    pub(crate) base: String,
}

/// The client of the path that has BuildKit.
fn client() -> Command {
    Command::new(client_program().unwrap_or_else(|missing| panic!("{missing}")))
}

impl Engine {
    /// Makes a base image that is new to the engine, so that nothing is in its cache. `prepare` is a
    /// shell script that puts into it what the builds find there.
    pub(crate) fn new(work: &Path, name: &str, prepare: &str) -> Self {
        let builder = builder();
        let id = std::process::id();
        let (from, base) = match std::env::var("PLIMSOLL_BASE") {
            Ok(base) => (base.clone(), format!("{base}-{name}-{id}")),
            Err(_) => ("python:3.11-slim".to_owned(), format!("plimsoll-truth-base:{name}-{id}")),
        };
        let text = format!(
            "FROM {from}\nCOPY nonce prepare /\nRUN echo {name} > /story; sh /prepare >/dev/null 2>&1\n"
        );
        fs::write(work.join("Dockerfile"), text).unwrap();
        fs::write(work.join("prepare"), prepare).unwrap();
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

    fn build(&self) -> Command {
        match &self.builder {
            Some(builder) => {
                let mut command = Command::new("docker");
                command.args(["buildx", "build", "--builder", builder]);
                command
            }
            None => {
                let mut command = client();
                command.env("DOCKER_BUILDKIT", "1").arg("build");
                command
            }
        }
    }

    /// Removes the base image from the Docker Engine; the registry of a builder keeps it.
    pub(crate) fn forget(&self) {
        if self.builder.is_none() {
            run(client().args(["image", "rm", "-f", &self.base]));
        }
    }

    /// Builds the commit that is checked out.
    pub(crate) fn ask(&self, story: &Story, commit: &Commit, options: &[String]) -> Truth {
        let own = self.dockerfile(story);
        let mut command = self.watched(&own);
        command.args(options);
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
        self.read(&format!("{}-{}", story.name, commit.id), &output)
    }

    /// Builds a Dockerfile and keeps only the cache; where that fails, what was printed last.
    #[cfg(feature = "truth")]
    pub(crate) fn attempt(
        &self,
        name: &str,
        dockerfile: &Path,
        context: &Path,
    ) -> Result<Truth, String> {
        let mut command = self.watched(dockerfile);
        let output = command.arg("--output=type=cacheonly").arg(context).output().unwrap();
        let truth = self.read(name, &output);
        if output.status.success() {
            return Ok(truth);
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let last = text.lines().rfind(|line| !line.starts_with('{') && !line.trim().is_empty());
        Err(last.unwrap_or("no message").chars().take(300).collect())
    }

    /// A build whose progress can be read.
    fn watched(&self, dockerfile: &Path) -> Command {
        let mut command = self.build();
        let progress = if self.builder.is_some() { "rawjson" } else { "plain" };
        command.arg(format!("--progress={progress}")).arg("-f").arg(dockerfile);
        command
    }

    fn read(&self, name: &str, output: &Output) -> Truth {
        let log = String::from_utf8_lossy(&output.stderr);
        if let Ok(folder) = std::env::var("PLIMSOLL_LOGS") {
            fs::write(Path::new(&folder).join(format!("{name}.log")), log.as_bytes()).unwrap();
        }
        if self.builder.is_some() { vertices(&log) } else { plain(&log) }
    }

    /// The Dockerfile with the new base image, outside of the context; its ignore file beside it.
    fn dockerfile(&self, story: &Story) -> std::path::PathBuf {
        let path = story.folder.join(&story.recipe.dockerfile);
        let mut text = String::new();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let mut words: Vec<&str> = line.split(' ').collect();
            if words[0] == "FROM" && words[1] == "base" {
                words[1] = &self.base;
            }
            text.push_str(&words.join(" "));
            text.push('\n');
        }
        let outside = story.folder.with_extension("outside");
        fs::create_dir_all(&outside).unwrap();
        let own = outside.join("Dockerfile");
        fs::write(&own, text).unwrap();
        let beside = format!("{}.dockerignore", own.display());
        let _ = fs::remove_file(&beside);
        if let Ok(ignore) = fs::read(format!("{}.dockerignore", path.display())) {
            fs::write(beside, ignore).unwrap();
        }
        own
    }
}

/// Makes the builder forget every layer, as a fresh machine would.
#[cfg(feature = "truth")]
pub(crate) fn prune() {
    let builder = builder().unwrap();
    run(Command::new("docker").args(["buildx", "prune", "-af", "--builder", &builder]));
}

/// The builder of Buildx that is to be asked.
pub(crate) fn builder() -> Option<String> {
    std::env::var("PLIMSOLL_BUILDER").ok()
}

/// Reads `[stage 2/5] …`: `stage 2`, and the rest.
fn label(text: &str) -> Option<(String, &str)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("] ")?;
    let words: Vec<&str> = label.split_whitespace().collect();
    let (place, stage) = words.split_last()?;
    let (step, _) = place.split_once('/')?;
    step.parse::<u32>().ok()?;
    Some((format!("{} {step}", stage.join(" ")), rest))
}

/// Reads the plain progress of a build.
fn plain(log: &str) -> Truth {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut found = Truth::new();
    for line in log.lines() {
        let Some((number, rest)) = line.strip_prefix('#').and_then(|l| l.split_once(' ')) else {
            continue;
        };
        if let Some((name, _)) = label(rest) {
            names.insert(number, name);
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

/// What the raw progress says of one vertex.
#[derive(Default)]
struct Vertex {
    name: Option<String>,
    cached: bool,
    /// Whether it was worked on.
    worked: bool,
    /// Whether its layers were fetched.
    fetched: bool,
}

impl Vertex {
    /// A step whose key is known is reported as cached, and runs for all that if its layer is
    /// needed and was not kept. Fetching a layer that was kept is work, too.
    fn is_cached(&self) -> bool {
        self.cached && (!self.worked || self.fetched)
    }
}

/// Reads the raw progress of a build: it tells the files that `--link` copies, which may be
/// cached, from laying them over those below, which is done again when those are others.
fn vertices(log: &str) -> Truth {
    let mut all: BTreeMap<String, Vertex> = BTreeMap::new();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for line in lines {
        for vertex in line["vertexes"].as_array().into_iter().flatten() {
            let digest = vertex["digest"].as_str().unwrap().to_owned();
            let known = all.entry(digest).or_default();
            let name = label(vertex["name"].as_str().unwrap_or(""));
            known.name = name.filter(|(_, text)| !text.starts_with("LINK ")).map(|(name, _)| name);
            let cached = vertex["cached"].as_bool().unwrap_or(false);
            known.cached |= cached;
            known.worked |= !cached && !vertex["completed"].is_null();
        }
        for status in line["statuses"].as_array().into_iter().flatten() {
            let digest = status["vertex"].as_str().unwrap().to_owned();
            let id = status["id"].as_str().unwrap_or("");
            all.entry(digest).or_default().fetched |=
                id.starts_with("sha256:") || id.starts_with("extracting ");
        }
    }
    let mut found = Truth::new();
    for vertex in all.values().filter(|vertex| vertex.cached || vertex.worked) {
        if let Some(name) = &vertex.name {
            *found.entry(name.clone()).or_insert(false) |= vertex.is_cached();
        }
    }
    found
}

/// What the engine may call a step: the stage is left out where there is only one, and no mount
/// that makes another.
pub(crate) fn names(build: &Keyed, at: usize) -> [String; 2] {
    let label = &build.graph.steps[at].label;
    [format!("{} {}", label.stage_name, label.number), format!(" {}", label.number)]
}
