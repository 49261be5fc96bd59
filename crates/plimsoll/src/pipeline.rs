//! The one flow: read, discover, measure, judge.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_measure::sources::{self, Limits};
use plimsoll_model::{Date, Report, Sources};
use plimsoll_rules::config::{self, Config};
use plimsoll_rules::discover::{self, Discovery};
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{self, Measured, Review, Terms};

use crate::contexts;
use crate::failure::Failure;
use crate::replays;

/// How to review.
pub(crate) struct Settings<'a> {
    pub(crate) baseline: Option<&'a Report>,
    pub(crate) today: Option<Date>,
    pub(crate) measure_context: bool,
    pub(crate) replay: bool,
}

/// A review and what the command needs besides the report.
pub(crate) struct Reviewed {
    pub(crate) report: Report,
    pub(crate) fail_on: Option<Vec<String>>,
}

/// What was read and found of a repository.
pub(crate) struct Found {
    pub(crate) sources: Sources,
    pub(crate) config: Config,
    pub(crate) repo: Repo,
    pub(crate) found: Discovery,
}

/// Reads a repository and finds its services.
pub(crate) fn find(path: &Path) -> Result<Found, Failure> {
    let config_path = path.join(config::FILE);
    // The paths to leave out must be known before the walk; its faults are reported by it.
    let early = std::fs::read_to_string(&config_path).unwrap_or_default();
    let early = Config::parse(config::FILE, &early);
    let sources =
        sources::gather(path, Limits::default(), &|p| early.excludes(p)).map_err(|e| {
            Failure::io("read the repository at", path, &e)
                .hint("name the folder of a repository: plimsoll review PATH")
        })?;
    let text = sources.text(config::FILE).unwrap_or_default();
    let config = Config::parse(config::FILE, text);
    let repo = Repo::read(&sources);
    let found = discover::discover(&sources, &repo, &config);
    Ok(Found { sources, config, repo, found })
}

/// Reviews the repository at `path`.
pub(crate) fn review(path: &Path, settings: &Settings<'_>) -> Result<Reviewed, Failure> {
    let all = find(path)?;
    let mut measured =
        if settings.measure_context { contexts::measure(path, &all) } else { Measured::default() };
    if settings.replay {
        replays::measure(path, &all, &mut measured);
    }
    let Found { sources, config, repo, found } = all;
    let today = settings.today.unwrap_or_else(today);
    let evidence = Review {
        sources: &sources,
        repo: &repo,
        found: &found,
        measured: &measured,
        config: &config,
        today,
    };
    let terms = Terms { today, baseline: settings.baseline, version: env!("CARGO_PKG_VERSION") };
    let report = review::review(&evidence, &terms);
    Ok(Reviewed { report, fail_on: config.fail_on })
}

/// Calls back with a repository as evidence, nothing measured.
pub(crate) fn with_evidence<T>(all: &Found, then: impl FnOnce(&Review<'_>, &Terms<'_>) -> T) -> T {
    let measured = Measured::default();
    let today = today();
    let evidence = Review {
        sources: &all.sources,
        repo: &all.repo,
        found: &all.found,
        measured: &measured,
        config: &all.config,
        today,
    };
    then(&evidence, &Terms { today, baseline: None, version: env!("CARGO_PKG_VERSION") })
}

/// Today, in UTC.
pub(crate) fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    Date::from_unix(i64::try_from(since).unwrap_or(0))
}
