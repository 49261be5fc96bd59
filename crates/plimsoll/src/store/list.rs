//! The runs that are recorded: which there are, which one is meant, and their end.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::{Date, RunId};

use super::Record;
use super::home::Home;
use crate::failure::Failure;

/// A run by its name.
pub(crate) struct Listed {
    pub(crate) id: RunId,
    pub(crate) folder: PathBuf,
}

/// Every recorded run, the newest first.
pub(crate) fn all() -> Result<Vec<Listed>, Failure> {
    let runs = Home::find()?.runs;
    let folders = folders(&runs).map_err(|error| Failure::io("read", &runs, &error))?;
    let run = |name: String| Some(Listed { id: name.parse().ok()?, folder: runs.join(name) });
    let mut all: Vec<Listed> = folders.into_iter().filter_map(run).collect();
    all.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(all)
}

/// The run that is meant: `latest`, the name of one or its start, or a folder, whose path has a
/// `/`: what lies in the current folder is never taken for a run of the user's own.
pub(crate) fn find(wanted: &str) -> Result<Record, Failure> {
    if wanted.contains('/') {
        return Record::open(Path::new(wanted));
    }
    Record::open(&named(all()?, wanted)?.folder)
}

/// Removes runs by their names.
pub(crate) fn remove(wanted: &[String]) -> Result<Vec<RunId>, Failure> {
    let named = |name: &String| named(all()?, name).map(|run| (run.id.clone(), run));
    // A run that is named twice is removed once, and none before all names are right.
    let runs = wanted.iter().map(named).collect::<Result<BTreeMap<_, _>, _>>()?;
    runs.into_values().map(forget).collect()
}

/// Removes the runs that began before a day, and what runs of before that day left half-written.
pub(crate) fn sweep(before: Date) -> Result<Vec<RunId>, Failure> {
    let old = |id: &RunId| id.started().date() < before;
    let runs = Home::find()?.runs;
    for name in folders(&runs).map_err(|error| Failure::io("read", &runs, &error))? {
        let half = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
        if half.and_then(|id| id.parse().ok()).is_some_and(|id| old(&id)) {
            let folder = runs.join(name);
            fs::remove_dir_all(&folder).map_err(|e| Failure::io("remove", &folder, &e))?;
        }
    }
    all()?.into_iter().filter(|run| old(&run.id)).map(forget).collect()
}

/// The names of the folders in a folder; links are none.
fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

/// How much of a name is needed at least: the day. Less of it names a run by accident.
const LEAST: usize = 8;

fn named(all: Vec<Listed>, wanted: &str) -> Result<Listed, Failure> {
    let latest = wanted == "latest";
    let fits = |run: &Listed| latest || run.id.to_string().starts_with(wanted);
    let mut fitting = all.into_iter().filter(fits);
    match (fitting.next(), fitting.next()) {
        _ if wanted.len() < LEAST && !latest => {
            let what = format!("`{wanted}` is too little of the name of a run");
            Err(Failure::usage(what)
                .hint("give the day at least, 20261124; `plimsoll runs` lists them"))
        }
        (Some(run), None) => Ok(run),
        (Some(run), Some(_)) if latest => Ok(run),
        (Some(a), Some(b)) => {
            let what = format!("several runs are called {wanted}…: {}, {}", a.id, b.id);
            Err(Failure::usage(what).hint("give more of the name"))
        }
        (None, _) => Err(Failure::missing(format!("there is no run {wanted}")).hint(
            "`plimsoll runs` lists them, `plimsoll review --record` makes one; \
             the path of a folder has a `/`: ./run",
        )),
    }
}

/// Removes a run: it no longer counts before its first file goes.
fn forget(run: Listed) -> Result<RunId, Failure> {
    let half = run.folder.with_file_name(format!(".{}.tmp", run.id));
    let gone = fs::rename(&run.folder, &half).and_then(|()| fs::remove_dir_all(&half));
    gone.map_err(|error| Failure::io("remove", &run.folder, &error))?;
    Ok(run.id)
}
