//! From what a client did to a report, or to why there is none.

use plimsoll_model::{BUILD_SCHEMA_VERSION, BuildReport, BuildStep, EngineInfo};

use super::progress::{Log, Step};
use super::watch::Watched;
use super::{BuildRequest, EngineError, ErrorKind};

/// How many lines of a failed step are kept.
const SAID: usize = 20;

/// The report of a build that came to its end, without its image.
///
/// # Errors
/// Where it ended because of the engine: `answers` says whether that is still there.
pub(super) fn report(
    watched: Watched,
    request: &BuildRequest<'_>,
    engine: EngineInfo,
    answers: &dyn Fn() -> bool,
) -> Result<BuildReport, EngineError> {
    let built = watched.code == Some(0);
    if !built {
        because_of_engine(&watched.log, &engine, answers)?;
    }
    let mut caveats = watched.caveats;
    if !watched.exact {
        caveats.push(
            "times are read off the client's lines: durations are rounded to 0.1 s, and a step may \
             have begun a little earlier than is said"
                .to_owned(),
        );
    }
    let error = (!built && watched.log.failed().is_none()).then(|| why(&watched.log));
    Ok(BuildReport {
        schema_version: BUILD_SCHEMA_VERSION,
        service: request.service.to_owned(),
        dockerfile: request.dockerfile.display().to_string(),
        engine,
        built,
        seconds: watched.seconds,
        context_bytes: watched.log.transferred(),
        steps: watched.log.steps.iter().map(step).collect(),
        image: None,
        error,
        log: watched.kept,
        caveats,
    })
}

fn step(step: &Step) -> BuildStep {
    let place = step.full_place();
    let tail = step.error.is_some().then(|| step.tail.iter().rev().take(SAID).rev().cloned());
    BuildStep {
        name: step.name.clone(),
        stage: place.map(|(stage, ..)| stage.to_owned()),
        number: place.map(|(_, number, _)| number),
        of: place.and_then(|(.., of)| of),
        command: step.instruction().to_owned(),
        started: step.started,
        seconds: step.seconds,
        cached: step.cached,
        layer_bytes: None,
        error: step.error.clone(),
        tail: tail.into_iter().flatten().collect(),
    }
}

/// Tells a build that fails because of the engine from one that fails because of the repository.
fn because_of_engine(
    log: &Log,
    engine: &EngineInfo,
    answers: &dyn Fn() -> bool,
) -> Result<(), EngineError> {
    let failed = log.failed();
    let errors = failed.and_then(|step| step.error.as_deref()).into_iter();
    let all = || errors.clone().chain(log.other.iter().map(String::as_str));
    let at = || failed.map_or_else(String::new, |step| format!(" in {}", step.name));
    let tail = failed.into_iter().flat_map(|step| step.tail.iter().map(String::as_str));
    if all().chain(tail).any(is_full) {
        return Err(EngineError::disk_full(format!("the engine's disk is full{}", at())));
    }
    let lost = all().find(|text| is_loss(text));
    if lost.is_none() && answers() {
        return Ok(());
    }
    let (name, endpoint) = (&engine.name, &engine.endpoint);
    let said = lost.map_or_else(String::new, |said| format!(": {said}"));
    let what = format!("{name} at {endpoint} went away during the build{}{said}", at());
    Err(EngineError::new(ErrorKind::Lost, what)
        .hint("its own log says why; start it again, and build again"))
}

fn is_full(text: &str) -> bool {
    text.to_ascii_lowercase().contains("no space left on device")
}

/// What clients say when the connection breaks.
fn is_loss(text: &str) -> bool {
    const SAID: [&str; 8] = [
        "cannot connect to the docker daemon",
        "error during connect",
        "code = unavailable",
        "transport is closing",
        "error reading from server",
        "error reading preface from server",
        "connection reset by peer",
        "closing transport due to",
    ];
    let text = text.to_ascii_lowercase();
    // A step's own program may print these; the builder's errors name how a program ended.
    !text.contains("exit code") && SAID.iter().any(|said| text.contains(said))
}

/// Why a build failed of which no step failed: a Dockerfile that is none, for example.
fn why(log: &Log) -> String {
    let said = log.other.iter().rev().find(|line| !line.trim().is_empty());
    said.map_or("the client does not say why", String::as_str).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::EngineKind;
    use std::path::Path;

    fn ended(text: &str, alive: bool) -> Result<BuildReport, EngineError> {
        let engine = EngineInfo {
            kind: EngineKind::Docker,
            name: "Docker Engine".to_owned(),
            version: "1".to_owned(),
            endpoint: "unix:///d.sock".to_owned(),
            found: "the default".to_owned(),
            client: None,
        };
        let watched = Watched {
            code: Some(1),
            log: Log::read(text),
            seconds: 1.0,
            exact: true,
            kept: None,
            caveats: Vec::new(),
        };
        let request = BuildRequest::new(Path::new("."), Path::new("Dockerfile"));
        report(watched, &request, engine, &|| alive)
    }

    #[test]
    fn the_repository_and_the_engine_are_told_apart() {
        let failed = "#1 [2/2] RUN make\n#1 0.1 no rule\n#1 ERROR: exit code: 2\n";
        let report = ended(failed, true).unwrap();
        assert_eq!((report.built, report.error.as_deref()), (false, None));
        assert_eq!(report.failed().unwrap().tail, ["no rule"]);
        let no_dockerfile =
            "failed to solve: dockerfile parse error line 1: unknown instruction: X\n";
        let report = ended(no_dockerfile, true).unwrap();
        assert!(report.error.unwrap().contains("unknown instruction"));
        let kind = |text: &str, alive| ended(text, alive).unwrap_err().kind;
        assert_eq!(kind(failed, false), ErrorKind::Lost);
        let eof = "#1 [2/2] RUN make\nrpc error: code = Unavailable desc = error reading from server: EOF\n";
        assert_eq!(kind(eof, true), ErrorKind::Lost);
        let full = "#1 [2/2] RUN make\n#1 0.1 cp: write error: No space left on device\n#1 ERROR: exit code: 1\n";
        assert_eq!(kind(full, true), ErrorKind::DiskFull);
        // What a program of the repository prints about other servers is not about the engine.
        let own = "#1 [2/2] RUN test\n#1 0.1 connection reset by peer\n#1 ERROR: exit code: 1\n";
        assert!(ended(own, true).is_ok());
    }
}
