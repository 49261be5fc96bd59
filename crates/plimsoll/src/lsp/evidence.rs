//! Measures beside the editor: what takes longer than a keystroke.

use std::path::PathBuf;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use plimsoll_model::Sources;
use plimsoll_rules::config::{self, Config};
use plimsoll_rules::review::Measured;

use crate::pipeline::{self, Found};
use crate::store::{self, Record};

/// A repository to look at, with the texts that are open.
pub(super) struct Job {
    pub(super) root: PathBuf,
    pub(super) open: Vec<(String, String)>,
}

/// What was found.
pub(super) enum News {
    /// What stands on the disk.
    Read(PathBuf, Sources),
    /// What was measured of it, and what a recorded run has.
    Measured(PathBuf, Box<(Measured, Measured)>),
}

/// A thread that measures one repository after the other.
pub(super) struct Gatherer {
    jobs: Sender<Job>,
    pub(super) news: Receiver<News>,
}

impl Gatherer {
    pub(super) fn start() -> Self {
        let ((jobs, wanted), (tell, news)) = (unbounded::<Job>(), unbounded());
        thread::spawn(move || {
            for job in wanted {
                work(job, &tell);
            }
        });
        Self { jobs, news }
    }

    pub(super) fn wish(&self, job: Job) {
        // It ends with this one, not before.
        let _ = self.jobs.send(job);
    }
}

fn work(job: Job, tell: &Sender<News>) {
    let Job { root, open } = job;
    // A folder that is gone has nothing to say.
    let Ok(mut sources) = pipeline::gather(&root) else { return };
    let _ = tell.send(News::Read(root.clone(), sources.clone()));
    let config = Config::parse(config::FILE, sources.text(config::FILE).unwrap_or_default());
    for (path, text) in open {
        super::workspace::insert(&mut sources, &config, &path, &text);
    }
    let found = Found::of(sources);
    let measured = pipeline::measure_at_rest(&root, &found);
    let recorded = recorded(&found.sources.name).unwrap_or_default();
    let _ = tell.send(News::Measured(root, Box::new((measured, recorded))));
}

/// How many recorded runs are looked at: most are of the repository that is worked on.
const RUNS: usize = 20;

/// What the newest run measured that built the repository of that name.
fn recorded(name: &str) -> Option<Measured> {
    let runs = store::all().ok()?.into_iter().take(RUNS);
    let of_this = runs.filter_map(|run| Record::open(&run.folder).ok());
    let mut measured = of_this
        .filter(|record| record.manifest.repository.name == name)
        .filter_map(|record| record.measured().ok());
    measured.find(|measured| !measured.builds.is_empty())
}
