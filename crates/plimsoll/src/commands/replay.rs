//! `plimsoll replay`: the hits of the build cache, computed from the git history.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_measure::history::{Built, Failed};
use plimsoll_model::{CacheSetup, Date, Exit, ReplayReport};
use plimsoll_rules::discover::Service;

use crate::failure::Failure;
use crate::pipeline::{self, Found};
use crate::replays::verify::Asked;
use crate::replays::{self, Durations, Subject, Window, commits};
use crate::report;
use crate::ui::{self, Colour};

/// What to replay.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The repository.
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// How many builds at most; 100, or with --since all of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_BUILDS)))]
    last: Option<u32>,
    /// No builds before this day (2026-01-31).
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// The branch, tag or commit to walk back from; what is checked out without it.
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// The cache setup that steps are counted under; the pipeline's own without it.
    #[arg(long, value_enum, value_name = "SETUP")]
    setup: Option<SetupArg>,
    /// A proposed Dockerfile or ignore file, or a folder that holds them: replays today's and these.
    #[arg(long, value_name = "PATH")]
    against: Option<PathBuf>,
    /// Whose Dockerfile and ignore file are used: those of each commit, or today's for all.
    #[arg(long, value_enum, value_name = "WHOSE", default_value_t = Pipeline::Then)]
    pipeline: Pipeline,
    /// Says whether an image that the engine has holds the bytes of the commit it claims: that of
    /// its label `org.opencontainers.image.revision`, or HEAD; --branch names another.
    #[arg(long, value_name = "IMAGE", conflicts_with_all = ["last", "since", "setup", "against", "pipeline", "log"])]
    verify: Option<String>,
    /// A log of a build in plain progress, as CI keeps it: steps are weighted by how long they took
    /// in it; repeatable, then their median counts.
    #[arg(long, value_name = "FILE")]
    log: Vec<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SetupArg {
    /// Nothing is kept.
    None,
    /// `type=inline`: the layers of the image.
    Inline,
    /// `mode=min`: the layers of the image.
    Min,
    /// `mode=max`: every layer of the last build.
    Max,
    /// A builder that stays.
    Local,
}

impl SetupArg {
    fn setup(self) -> CacheSetup {
        match self {
            Self::None => CacheSetup::None,
            Self::Inline => CacheSetup::Inline,
            Self::Min => CacheSetup::Min,
            Self::Max => CacheSetup::Max,
            Self::Local => CacheSetup::Local,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Pipeline {
    /// Those of each commit: what happened.
    Then,
    /// Those of the working tree: what today's pipeline would have done.
    Now,
}

/// How many builds are replayed at most.
const MOST_BUILDS: u32 = 20_000;

/// How many commits are looked at to find those that start a build.
const MOST_COMMITS: usize = 100_000;

/// How many services get a page each; more of them get a line each.
const MOST_PAGES: usize = 3;

/// A service's replay; with a proposal, that of today's pipeline and of the proposal.
struct Replayed {
    report: ReplayReport,
    proposed: Option<ReplayReport>,
}

/// Replays and prints.
pub(crate) fn run(args: &Args, colour: Colour) -> Result<Exit, Failure> {
    let found = pipeline::find(&args.path)?;
    if let Some(image) = &args.verify {
        let services = services(&found, args.service.as_deref())?;
        let asked = Asked { folder: &args.path, image, commit: args.branch.as_deref() };
        return super::verify::run(&found, &services, asked, args.json, colour);
    }
    let window = window(args)?;
    let history = commits::open(&args.path)?;
    // A wrong name is said once, not for each service.
    commits::commit(&history, window.branch.as_deref().unwrap_or("HEAD"))?;
    let durations = Durations::read(&args.log)?;
    let mut replayed = Vec::new();
    let mut reason = None;
    for service in services(&found, args.service.as_deref())? {
        let subject = match Subject::find(&args.path, &found, service, &window) {
            Ok(subject) => subject,
            Err(error) => {
                let text = format!("{}: {error}", service.name);
                ui::note(&text);
                reason = Some(error);
                continue;
            }
        };
        replayed.push(replay(args, &subject, &durations)?);
    }
    if replayed.is_empty() {
        let reason = reason.unwrap_or_else(|| "no service has a history".to_owned());
        return Err(Failure::missing(format!("nothing can be replayed: {reason}"))
            .hint("a replay needs a git repository with at least two commits that are built"));
    }
    if args.json {
        ui::result(&json(&replayed)?)?;
    } else if replayed.len() > MOST_PAGES && args.against.is_none() {
        let reports: Vec<&ReplayReport> = replayed.iter().map(|one| &one.report).collect();
        ui::result(&report::replay::table(&reports, colour))?;
    } else {
        let pages = replayed.iter().map(|one| match &one.proposed {
            None => report::replay::page(&one.report, colour),
            Some(proposed) => report::replay::comparison(&one.report, proposed, colour),
        });
        ui::result(&pages.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Passed)
}

fn window(args: &Args) -> Result<Window, Failure> {
    let since = match &args.since {
        None => None,
        Some(text) => Some(text.parse::<Date>().map_err(|error| {
            Failure::usage(format!("--since {text}: {error}")).hint("write it as 2026-01-31")
        })?),
    };
    Ok(Window {
        last: args.last.unwrap_or(if since.is_some() { MOST_BUILDS } else { 100 }) as usize,
        since,
        branch: args.branch.clone(),
        shown: args.setup.map(SetupArg::setup),
        most_commits: MOST_COMMITS,
    })
}

/// The services, or the one that is named.
pub(super) fn services<'f>(
    found: &'f Found,
    name: Option<&str>,
) -> Result<Vec<&'f Service>, Failure> {
    let all = &found.found.services;
    let wanted: Vec<&Service> = all.iter().filter(|s| name.is_none_or(|n| n == s.name)).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = all.iter().map(|s| s.name.as_str()).collect();
        return Err(Failure::usage("there is no such service").hint(match names.is_empty() {
            true => "there is no Dockerfile below it".to_owned(),
            false => format!("the services are {}", names.join(", ")),
        }));
    }
    Ok(wanted)
}

type Builds = Vec<Result<Built, Failed>>;

fn replay(args: &Args, subject: &Subject<'_>, durations: &Durations) -> Result<Replayed, Failure> {
    let failed = |error: String| Failure::missing(format!("failed to replay: {error}"));
    let run = |files: &BTreeMap<String, Vec<u8>>| -> Result<Builds, Failure> {
        let done = AtomicUsize::new(0);
        let state = || format!("replaying {} of {}", done.load(Ordering::Relaxed), subject.len());
        ui::while_working(&state, || subject.replay(files, &done)).map_err(failed)
    };
    let read =
        |error: std::io::Error| Failure::missing(format!("failed to read the pipeline: {error}"));
    let Some(path) = &args.against else {
        let files = match args.pipeline {
            Pipeline::Then => BTreeMap::new(),
            Pipeline::Now => replays::today(subject).map_err(read)?,
        };
        let builds = run(&files)?;
        let mut report = subject.report(&builds, durations, &|_| false);
        if args.pipeline == Pipeline::Then {
            report.renames = subject.renames().to_vec();
        }
        return Ok(Replayed { report, proposed: None });
    };
    let today = replays::today(subject).map_err(read)?;
    let changed =
        replays::proposal(subject, path).map_err(|error| Failure::io("read", path, &error))?;
    if changed.is_empty() {
        return Err(Failure::usage(format!("{} holds no file of the pipeline", path.display()))
            .hint(format!("looked for {}", subject.pipeline_files().join(", "))));
    }
    let mut proposal = today.clone();
    proposal.extend(changed);
    let (before, after) = (run(&today)?, run(&proposal)?);
    let (report, proposed) = subject.compare(&before, &after, durations);
    Ok(Replayed { report, proposed: Some(proposed) })
}

fn json(replayed: &[Replayed]) -> Result<String, Failure> {
    let values: Result<Vec<_>, _> = replayed
        .iter()
        .map(|one| match &one.proposed {
            None => serde_json::to_value(&one.report),
            Some(proposed) => Ok(serde_json::json!({ "today": one.report, "proposed": proposed })),
        })
        .collect();
    let values =
        values.map_err(|error| Failure::missing(format!("failed to write JSON: {error}")))?;
    Ok(report::json::text(&values))
}
