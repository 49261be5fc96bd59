//! The Docker Engine, through its own client.
//!
//! The client knows the engine's address, its certificates and the credentials of registries,
//! and it speaks BuildKit's protocol; so it is run, and not replaced. What it prints is read,
//! bounded, and never trusted.

mod client;
mod image;
mod process;
pub mod progress;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use client::{Missing, find};
pub use image::{Image, NoImage};
pub use process::{Ended, Streamed};
use progress::Log;

/// A client that drives BuildKit, and an engine that answers it.
#[derive(Clone, Debug)]
pub struct Docker {
    program: PathBuf,
    /// Whether `docker buildx build` is there; else BuildKit inside the engine is used.
    buildx: bool,
}

/// What to build.
#[derive(Clone, Debug)]
pub struct Request<'r> {
    /// The context's folder.
    pub context: &'r Path,
    /// The Dockerfile.
    pub dockerfile: &'r Path,
    /// The target stage.
    pub target: Option<&'r str>,
    /// Build arguments.
    pub args: &'r [(String, String)],
    /// Named contexts.
    pub named: &'r [(String, PathBuf)],
    /// What the image is called.
    pub tag: &'r str,
}

/// How a build ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it made the image.
    pub built: bool,
    /// How long it took.
    pub took: Duration,
    /// What it did.
    pub log: Log,
}

/// How long a build may take.
const BUILD: Duration = Duration::from_secs(60 * 60);
/// How long a program in a container may take.
const RUN: Duration = Duration::from_secs(180);
/// How long the engine may take to answer.
const ASK: Duration = Duration::from_secs(60);

impl Docker {
    /// Whether builds can be given named contexts.
    #[must_use]
    pub fn has_named_contexts(&self) -> bool {
        self.buildx
    }

    /// Builds an image.
    ///
    /// # Errors
    /// Where the client cannot be run.
    pub fn build(&self, request: &Request<'_>) -> std::io::Result<Outcome> {
        let mut args: Vec<OsString> = match self.buildx {
            true => vec!["buildx".into(), "build".into(), "--load".into()],
            false => vec!["build".into()],
        };
        args.extend(["--progress=plain".into(), "--tag".into(), request.tag.into()]);
        args.extend(["--file".into(), request.dockerfile.into()]);
        if let Some(target) = request.target {
            args.extend(["--target".into(), target.into()]);
        }
        for (name, value) in request.args {
            args.extend(["--build-arg".into(), format!("{name}={value}").into()]);
        }
        for (name, folder) in request.named {
            let mut pair = OsString::from(format!("{name}="));
            pair.push(folder);
            args.extend(["--build-context".into(), pair]);
        }
        args.extend(["--".into(), request.context.into()]);
        let begun = Instant::now();
        let ended = process::run(&self.program, &args, &[("DOCKER_BUILDKIT", "1")], BUILD)?;
        // Progress is printed to stderr, the name of the image to stdout.
        let log = Log::read(&ended.err);
        Ok(Outcome { built: ended.code == Some(0), took: begun.elapsed(), log })
    }

    /// Runs a program in a new container of an image: as the image's user, in its folder,
    /// without network, new privileges or anything of this machine.
    ///
    /// # Errors
    /// Where the client cannot be run.
    pub fn run(
        &self,
        image: &str,
        name: &str,
        program: &str,
        arguments: &[&str],
        env: &[(&str, &str)],
    ) -> std::io::Result<Ended> {
        let mut args: Vec<OsString> = ["run", "--rm", "--network", "none", "--name", name]
            .into_iter()
            .map(OsString::from)
            .collect();
        let limits = ["--pids-limit", "512", "--memory", "4g"];
        args.extend(limits.into_iter().map(OsString::from));
        args.extend(["--security-opt".into(), "no-new-privileges".into()]);
        for (name, value) in env {
            args.extend(["--env".into(), format!("{name}={value}").into()]);
        }
        args.extend(["--entrypoint".into(), program.into(), image.into()]);
        args.extend(arguments.iter().map(OsString::from));
        let ended = process::run(&self.program, &args, &[], RUN)?;
        if ended.code.is_none() {
            // The client is gone, the container is not.
            let kill = ["rm", "--force", "--volumes", name].map(OsString::from).to_vec();
            process::run(&self.program, &kill, &[], ASK)?;
        }
        Ok(ended)
    }

    /// Removes the name of an image; what no other image needs goes with it.
    pub fn forget(&self, image: &str) {
        let args: Vec<OsString> = vec!["image".into(), "rm".into(), "--force".into(), image.into()];
        // An image left behind harms nobody.
        let _ = process::run(&self.program, &args, &[], ASK);
    }
}
