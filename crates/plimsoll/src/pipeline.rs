//! The one flow: read, discover, measure, judge.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_measure::sources::{self, Limits};
use plimsoll_model::{Date, Happened, Report, Sources, Timestamp};
use plimsoll_rules::config::{self, Config};
use plimsoll_rules::discover::{self, Discovery};
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{self, Measured, Review, Terms};

use crate::contexts;
use crate::events::{Listen, stage};
use crate::failure::Failure;
use crate::{images, measuring, replays};

/// The version that reports name.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How to review.
pub(crate) struct Settings<'a> {
    pub(crate) baseline: Option<&'a Report>,
    pub(crate) today: Option<Date>,
    pub(crate) measure_context: bool,
    pub(crate) replay: bool,
    /// Images that exist, by service: they are looked into.
    pub(crate) images: &'a [(Option<String>, String)],
    /// Whether services are built and tried, with what.
    pub(crate) measure: Option<(&'a measuring::Options, measuring::Keep<'a>)>,
    pub(crate) listen: Listen<'a>,
}

/// A review, and the evidence it rests on.
pub(crate) struct Reviewed {
    pub(crate) report: Report,
    pub(crate) found: Found,
    pub(crate) measured: Measured,
}

/// What was read and found of a repository.
pub(crate) struct Found {
    pub(crate) sources: Sources,
    pub(crate) config: Config,
    pub(crate) repo: Repo,
    pub(crate) found: Discovery,
}

impl Found {
    /// Finds the services in what was read.
    pub(crate) fn of(sources: Sources) -> Self {
        let text = sources.text(config::FILE).unwrap_or_default();
        let config = Config::parse(config::FILE, text);
        let repo = Repo::read(&sources);
        let found = discover::discover(&sources, &repo, &config);
        Self { sources, config, repo, found }
    }
}

/// Reads a repository and finds its services.
pub(crate) fn find(path: &Path) -> Result<Found, Failure> {
    gather(path).map(Found::of)
}

/// Reads a repository.
pub(crate) fn gather(path: &Path) -> Result<Sources, Failure> {
    let config_path = path.join(config::FILE);
    // The paths to leave out must be known before the walk; its faults are reported by it.
    let early = std::fs::read_to_string(&config_path).unwrap_or_default();
    let early = Config::parse(config::FILE, &early);
    sources::gather(path, Limits::default(), &|p| early.excludes(p)).map_err(|e| {
        Failure::io("read the repository at", path, &e)
            .hint("name the folder of a repository: plimsoll review PATH")
    })
}

/// Reviews the repository at `path`.
pub(crate) fn review(path: &Path, settings: &Settings<'_>) -> Result<Reviewed, Failure> {
    let listen = settings.listen;
    let found = stage(listen, "read", || find(path))?;
    listen(Happened::SourcesRead {
        paths: found.sources.tree.len(),
        files: found.sources.files.len(),
        problems: found.sources.problems.len(),
    });
    let measured = measure(path, &found, settings)?;
    let today = settings.today.unwrap_or_else(today);
    let terms = Terms { today, baseline: settings.baseline, version: VERSION };
    let report = stage(listen, "judge", || judge(&found, &measured, &terms));
    listen(Happened::Judged { verdict: report.verdict, findings: report.findings.len() });
    Ok(Reviewed { report, found, measured })
}

/// Measures what the settings ask for.
fn measure(path: &Path, found: &Found, settings: &Settings<'_>) -> Result<Measured, Failure> {
    let listen = settings.listen;
    let mut measured = Measured::default();
    if settings.measure_context {
        measured = stage(listen, "context", || contexts::measure(path, found));
    }
    for (service, context) in &measured.contexts {
        let (service, bytes, files) = (service.clone(), context.bytes, context.files);
        listen(Happened::ContextMeasured { service, bytes, files });
    }
    if settings.replay {
        stage(listen, "replay", || replays::measure(path, found, &mut measured));
    }
    for (service, replay) in &measured.replays {
        listen(Happened::Replayed { service: service.clone(), builds: replay.counted() });
    }
    images::measure(found, settings.images, &mut measured)?;
    if let Some((options, keep)) = settings.measure {
        let images = settings.images;
        let work =
            || measuring::measure(path, found, options, images, &mut measured, (listen, keep));
        stage(listen, "measure", work)?;
        if settings.replay {
            replays::weigh(path, found, &mut measured);
        }
    }
    for figure in &measured.figures {
        listen(Happened::FigureRecorded { figure: figure.clone() });
    }
    Ok(measured)
}

/// What is measured without building anything; no longer than a few seconds, and nobody is told.
pub(crate) fn measure_at_rest(path: &Path, found: &Found) -> Measured {
    let settings = Settings {
        baseline: None,
        today: None,
        measure_context: true,
        replay: true,
        images: &[],
        measure: None,
        listen: &crate::events::nobody,
    };
    // Only images and builds can fail.
    measure(path, found, &settings).unwrap_or_default()
}

/// Judges evidence: a pure function of what is given, be it just read or recorded long ago.
pub(crate) fn judge(found: &Found, measured: &Measured, terms: &Terms<'_>) -> Report {
    review::review(&evidence(found, measured, terms.today), terms)
}

fn evidence<'a>(found: &'a Found, measured: &'a Measured, today: Date) -> Review<'a> {
    Review {
        sources: &found.sources,
        repo: &found.repo,
        found: &found.found,
        measured,
        config: &found.config,
        today,
    }
}

/// Calls back with a repository as evidence, nothing measured.
pub(crate) fn with_evidence<T>(all: &Found, then: impl FnOnce(&Review<'_>, &Terms<'_>) -> T) -> T {
    let terms = Terms { today: today(), baseline: None, version: VERSION };
    then(&evidence(all, &Measured::default(), terms.today), &terms)
}

/// Today, in UTC.
pub(crate) fn today() -> Date {
    now().date()
}

/// The second that it is, in UTC.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Timestamp::from_unix(i64::try_from(since).unwrap_or(0))
}
