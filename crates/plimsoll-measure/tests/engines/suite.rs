//! The promises of an engine, each as a test of any of them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use plimsoll_measure::engine::{
    self, BuildEvent, BuildRequest, Cancel, Container, ContainerSpec, Engine, EngineError,
    ErrorKind,
};
use plimsoll_model::BuildReport;

use crate::folder::Folder;

/// A build: as a Dockerfile for engines that build, as progress for those that only say so.
pub(crate) struct Story {
    pub(crate) dockerfile: &'static str,
    #[allow(dead_code, reason = "for the fake alone")]
    pub(crate) progress: &'static str,
}

/// An engine and what a test must know of it.
pub(crate) struct Subject {
    pub(crate) engine: Box<dyn Engine>,
    /// An image with a shell and Python that it has.
    pub(crate) base: String,
    /// Whether it has no container of this id any more.
    pub(crate) is_gone: Box<dyn Fn(&str) -> bool>,
}

type Make = dyn Fn(&Story) -> Subject;

/// A build that works. `NONCE` is another text for each test.
pub(crate) const WORKS: Story = Story {
    dockerfile: "FROM BASE\nRUN echo said NONCE; sleep 0.3\nCOPY file /file\n",
    progress: "#1 [internal] load build context\n#1 transferring context: 28B done\n#1 DONE 0.0s\n\
               #2 [1/3] FROM base\n#2 DONE 0.1s\n#3 [2/3] RUN echo said NONCE; sleep 0.3\n\
               #3 0.1 said NONCE\n#3 DONE 0.3s\n#4 [3/3] COPY file /file\n#4 DONE 0.1s\n",
};
/// The same when nothing changed.
pub(crate) const AGAIN: Story = Story {
    dockerfile: WORKS.dockerfile,
    progress: "#1 [1/3] FROM base\n#1 CACHED\n#2 [2/3] RUN echo said NONCE; sleep 0.3\n#2 CACHED\n\
               #3 [3/3] COPY file /file\n#3 CACHED\n",
};
pub(crate) const FAILS: Story = Story {
    dockerfile: "FROM BASE\nRUN echo NONCE because; exit 7\nCOPY file /file\n",
    progress: "#1 [1/3] FROM base\n#1 DONE 0.1s\n#2 [2/3] RUN echo NONCE because; exit 7\n\
               #2 0.1 NONCE because\n#2 ERROR: exit code: 7\n",
};
pub(crate) const NEVER: Story = Story {
    dockerfile: "FROM BASE\nRUN echo NONCE; exec sleep 600\n",
    progress: "#1 [1/2] FROM base\n#1 DONE 0.1s\n#2 [2/2] RUN echo NONCE; exec sleep 600\n",
};

pub(crate) const ENDS: [&str; 3] = ["sh", "-c", "echo out; echo err >&2; exit 3"];
pub(crate) const ABSENT: [&str; 1] = ["no-such-program"];
pub(crate) const STOPS: [&str; 3] =
    ["sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"];
pub(crate) const IGNORES: [&str; 3] =
    ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"];
pub(crate) const EATS: [&str; 3] = ["python3", "-c", "b = bytearray(200 << 20)"];
pub(crate) const TALKS: [&str; 3] = ["sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; echo end"];

const LIMIT: Duration = Duration::from_secs(60);

/// A name that no other test uses.
fn nonce() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("n{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A context with the story's Dockerfile.
fn context(subject: &Subject, story: &Story, nonce: &str) -> Folder {
    let text = story.dockerfile.replace("BASE", &subject.base).replace("NONCE", nonce);
    Folder::new().file("Dockerfile", &text).file("file", nonce)
}

/// Builds, and gives what was told.
fn build(
    subject: &Subject,
    folder: &Folder,
    change: impl FnOnce(&mut BuildRequest<'_>),
) -> (Result<BuildReport, EngineError>, Vec<String>) {
    let dockerfile = folder.path().join("Dockerfile");
    let mut request = BuildRequest::new(folder.path(), &dockerfile);
    change(&mut request);
    let mut told = Vec::new();
    let mut tell = |event: BuildEvent<'_>| match event {
        BuildEvent::Step(step) => told.push(step.instruction().to_owned()),
        BuildEvent::Said(_, line) => told.push(format!("> {line}")),
        BuildEvent::Tick => {}
    };
    let report = subject.engine.build(&request, &mut tell, &Cancel::new());
    (report, told)
}

fn spec(subject: &Subject, command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        image: subject.base.clone(),
        command: Some(command.iter().map(|word| (*word).to_owned()).collect()),
        memory: Some(64 << 20),
        cpus: Some(1.0),
        ..ContainerSpec::default()
    }
}

/// A container that runs and has said so; none where the engine runs none, and then says so.
fn started(subject: &Subject, command: &[&str]) -> Option<Box<dyn Container>> {
    let started = subject.engine.start(&spec(subject, command));
    if !subject.engine.capabilities().runs_containers {
        assert_eq!(started.err().unwrap().kind, ErrorKind::Unable);
        return None;
    }
    let container = started.unwrap();
    let begun = Instant::now();
    while command[2].contains("ready")
        && !container.logs(100).unwrap().out.contains("ready")
        && subject.engine.about().name != "a script"
    {
        assert!(begun.elapsed() < LIMIT, "it does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(container)
}

pub(crate) fn says_what_it_is(make: &Make) {
    let subject = make(&WORKS);
    let about = subject.engine.about();
    assert!(!about.version.is_empty() && !about.endpoint.is_empty() && !about.found.is_empty());
    assert!(subject.engine.capabilities().builds);
    assert_eq!(subject.engine.capabilities(), subject.engine.capabilities());
}

pub(crate) fn a_build_tells_its_steps(make: &Make) {
    let subject = make(&WORKS);
    let nonce = nonce();
    let folder = context(&subject, &WORKS, &nonce);
    let (report, told) = build(&subject, &folder, |request| request.no_cache = true);
    let report = report.unwrap();
    assert!(report.built, "{report:?}");
    let place = |text: &str| told.iter().position(|line| line.starts_with(text));
    let (run, copy) = (place("RUN echo said").unwrap(), place("COPY file").unwrap());
    assert!(run < place("> said").unwrap() && run < copy, "{told:?}");
    let own: Vec<_> = report.own_steps().collect();
    assert_eq!(own.iter().filter_map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3]);
    // The base's step is shared with whoever builds on it at this moment, under the name that came first.
    assert!(own[1..].iter().all(|step| step.of == Some(3)), "{own:?}");
    assert!(own.iter().all(|step| step.error.is_none()), "{own:?}");
    let (run, copy) = (own[1], own[2]);
    assert!((0.2..20.0).contains(&run.seconds.unwrap()), "{run:?}");
    assert!(run.started.unwrap() < copy.started.unwrap(), "{own:?}");
    assert!(report.seconds >= run.started.unwrap());
    assert!(report.context_bytes.unwrap() > 0);
    assert_eq!(report.engine.endpoint, subject.engine.about().endpoint);
    forget(&subject, &report);
}

pub(crate) fn a_second_build_is_cached(make: &Make) {
    let subject = make(&AGAIN);
    let nonce = nonce();
    let folder = context(&subject, &AGAIN, &nonce);
    build(&subject, &folder, |_| {}).0.unwrap();
    let report = build(&subject, &folder, |_| {}).0.unwrap();
    assert!(report.own_steps().skip(1).all(|step| step.cached), "{report:?}");
    forget(&subject, &report);
}

pub(crate) fn a_build_that_fails_is_a_report(make: &Make) {
    let subject = make(&FAILS);
    let nonce = nonce();
    let folder = context(&subject, &FAILS, &nonce);
    let tag = format!("plimsoll-engines:{nonce}");
    let archive = folder.path().join("image.tar");
    let dockerfile = folder.path().join("Dockerfile");
    let request = BuildRequest {
        tag: Some(&tag),
        output: Some(&archive),
        ..BuildRequest::new(folder.path(), &dockerfile)
    };
    let report = subject.engine.build(&request, &mut |_| {}, &Cancel::new()).unwrap();
    assert!(!report.built && report.image.is_none());
    let failed = report.failed().unwrap();
    assert!(failed.command.starts_with("RUN echo"), "{failed:?}");
    assert!(failed.tail.iter().any(|line| line.ends_with("because")), "{failed:?}");
    assert!(failed.error.as_ref().unwrap().contains('7'), "{failed:?}");
    assert_eq!(folder.names(), ["Dockerfile", "file"]);
    assert!(subject.engine.image(&tag).is_err());
}

pub(crate) fn a_cancelled_build_leaves_nothing(make: &Make) {
    let subject = make(&NEVER);
    let nonce = nonce();
    let folder = context(&subject, &NEVER, &nonce);
    let tag = format!("plimsoll-engines:{nonce}");
    let archive = folder.path().join("image.tar");
    let log = folder.path().join("log");
    let dockerfile = folder.path().join("Dockerfile");
    let request = BuildRequest {
        tag: Some(&tag),
        output: Some(&archive),
        log: Some(&log),
        ..BuildRequest::new(folder.path(), &dockerfile)
    };
    let cancel = Cancel::new();
    let mut asked = None;
    let mut tell = |event: BuildEvent<'_>| {
        if let BuildEvent::Step(step) = event
            && step.instruction().starts_with("RUN echo")
        {
            cancel.cancel();
            asked.get_or_insert_with(Instant::now);
        }
    };
    let error = subject.engine.build(&request, &mut tell, &cancel).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert!(asked.unwrap().elapsed() < Duration::from_secs(6), "{:?}", asked.unwrap().elapsed());
    let left: Vec<String> = folder.names().into_iter().filter(|name| name != "log").collect();
    assert_eq!(left, ["Dockerfile", "file"]);
    assert!(subject.engine.image(&tag).is_err());
}

pub(crate) fn an_archive_is_whole(make: &Make) {
    let subject = make(&WORKS);
    let nonce = nonce();
    let folder = context(&subject, &WORKS, &nonce);
    let archive = folder.path().join("image.tar");
    let dockerfile = folder.path().join("Dockerfile");
    let mut request = BuildRequest::new(folder.path(), &dockerfile);
    request.output = Some(&archive);
    let report = subject.engine.build(&request, &mut |_| {}, &Cancel::new()).unwrap();
    let image = report.image.as_ref().unwrap();
    let size = archive.metadata().unwrap().len();
    assert_eq!(image.archive_bytes, Some(size));
    assert_eq!(folder.names(), ["Dockerfile", "file", "image.tar"]);
    if subject.engine.about().name != "a script" {
        let mut entries = tar::Archive::new(std::fs::File::open(&archive).unwrap());
        let names = entries.entries().unwrap().map(|e| e.unwrap().path().unwrap().into_owned());
        let whole = ["manifest.json", "index.json"];
        assert!(names.into_iter().any(|name| whole.iter().any(|w| name.ends_with(w))));
    }
    forget(&subject, &report);
}

pub(crate) fn an_image_is_named_and_forgotten(make: &Make) {
    let subject = make(&WORKS);
    let engine = &subject.engine;
    if !engine.capabilities().keeps_images {
        assert_eq!(engine.image("a").unwrap_err().kind, ErrorKind::Unable);
        assert_eq!(engine.save("a").err().unwrap().kind, ErrorKind::Unable);
        assert_eq!(engine.remove("a").unwrap_err().kind, ErrorKind::Unable);
        return;
    }
    let nonce = nonce();
    let folder = context(&subject, &WORKS, &nonce);
    let tag = format!("plimsoll-engines:{nonce}");
    let dockerfile = folder.path().join("Dockerfile");
    let mut request = BuildRequest::new(folder.path(), &dockerfile);
    request.tag = Some(&tag);
    let report = engine.build(&request, &mut |_| {}, &Cancel::new()).unwrap();
    let made = report.image.unwrap();
    let image = engine.image(&tag).unwrap();
    assert_eq!((Some(&image.id), Some(image.bytes)), (made.id.as_ref(), made.bytes));
    let mut saved = Vec::new();
    engine.save(&tag).unwrap().read_to_end(&mut saved).unwrap();
    assert!(!saved.is_empty());
    engine.remove(&tag).unwrap();
    assert_eq!(engine.image(&tag).unwrap_err().kind, ErrorKind::Unknown);
    engine.remove(&tag).unwrap();
}

pub(crate) fn what_it_has_not_is_said(make: &Make) {
    let subject = make(&WORKS);
    let engine = &subject.engine;
    let wanted = match engine.capabilities().keeps_images {
        true => ErrorKind::Unknown,
        false => ErrorKind::Unable,
    };
    let name = "plimsoll-engines:never-made";
    assert_eq!(engine.image(name).unwrap_err().kind, wanted);
    assert_eq!(engine.save(name).err().unwrap().kind, wanted);
    let spec = ContainerSpec { image: name.to_owned(), ..ContainerSpec::default() };
    let wanted = match engine.capabilities().runs_containers {
        true => ErrorKind::Unknown,
        false => ErrorKind::Unable,
    };
    assert_eq!(engine.start(&spec).err().unwrap().kind, wanted);
}

pub(crate) fn a_program_ends_at_once(make: &Make) {
    let subject = make(&WORKS);
    let Some(container) = started(&subject, &ENDS) else { return };
    let state = container.wait(LIMIT, &Cancel::new()).unwrap();
    assert_eq!((state.running, state.exit_code, state.oom_killed), (false, Some(3), false));
    assert!(state.started.is_some());
    let said = container.logs(1000).unwrap();
    assert_eq!((said.code, &*said.out, &*said.err), (Some(3), "out\n", "err\n"));
    // To stop what has ended is no error, to signal it is one.
    assert!(!container.stop(Duration::from_secs(1)).unwrap().killed);
    assert_eq!(container.signal("SIGTERM").unwrap_err().kind, ErrorKind::Refused);
    let id = container.id().to_owned();
    drop(container);
    assert!((subject.is_gone)(&id));
}

pub(crate) fn a_program_that_is_not_there(make: &Make) {
    let subject = make(&WORKS);
    if !subject.engine.capabilities().runs_containers {
        return assert!(started(&subject, &ENDS).is_none());
    }
    let spec = spec(&subject, &ABSENT);
    assert_eq!(subject.engine.start(&spec).err().unwrap().kind, ErrorKind::NoProgram);
    let ended = engine::run(&*subject.engine, &spec, LIMIT, &Cancel::new()).unwrap();
    assert_eq!(ended.code, Some(127));
}

pub(crate) fn a_program_that_stops_when_asked(make: &Make) {
    let subject = make(&WORKS);
    let Some(container) = started(&subject, &STOPS) else { return };
    let state = container.state().unwrap();
    assert!(state.running && state.exit_code.is_none());
    assert!(container.wait(Duration::from_millis(200), &Cancel::new()).unwrap().running);
    let cancel = Cancel::new();
    cancel.cancel();
    assert_eq!(container.wait(LIMIT, &cancel).unwrap_err().kind, ErrorKind::Cancelled);
    let stopped = container.stop(Duration::from_secs(20)).unwrap();
    assert!(!stopped.killed && stopped.took < Duration::from_secs(15), "{stopped:?}");
    assert_eq!((stopped.state.running, stopped.state.exit_code), (false, Some(0)));
}

pub(crate) fn a_program_that_does_not_listen(make: &Make) {
    let subject = make(&WORKS);
    let Some(container) = started(&subject, &IGNORES) else { return };
    container.signal("SIGTERM").unwrap();
    assert!(container.state().unwrap().running);
    let grace = Duration::from_secs(1);
    let stopped = container.stop(grace).unwrap();
    assert!(stopped.killed && stopped.took >= grace, "{stopped:?}");
    assert_eq!((stopped.state.running, stopped.state.exit_code), (false, Some(137)));
    assert!(!stopped.state.oom_killed);
}

pub(crate) fn a_program_that_wants_too_much_memory(make: &Make) {
    let subject = make(&WORKS);
    let Some(container) = started(&subject, &EATS) else { return };
    let state = container.wait(LIMIT, &Cancel::new()).unwrap();
    assert_eq!((state.exit_code, state.oom_killed), (Some(137), true), "{state:?}");
}

pub(crate) fn what_is_printed_is_bounded(make: &Make) {
    let subject = make(&WORKS);
    let Some(container) = started(&subject, &TALKS) else { return };
    container.wait(LIMIT, &Cancel::new()).unwrap();
    let said = container.logs(1000).unwrap();
    assert!(said.out.len() <= 1000 && said.out.len() >= 900, "{}", said.out.len());
}

/// Removes what a build made.
fn forget(subject: &Subject, report: &BuildReport) {
    let id = report.image.as_ref().and_then(|image| image.id.as_ref());
    if let Some(id) = id.filter(|_| subject.engine.capabilities().keeps_images) {
        subject.engine.remove(id).unwrap();
    }
}
