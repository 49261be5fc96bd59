//! The fake keeps the promises, so what is tested on it holds elsewhere.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use plimsoll_measure::engine::fake::{Ending, Fake, Program, Script};
use plimsoll_measure::engine::{BuildRequest, Cancel, Ended, Engine, ErrorKind};

use crate::suite::{self, Story, Subject};

fn script(story: &Story) -> Script {
    let ends = |code, out: &str, err: &str| {
        Program::Ends(Ended { code: Some(code), out: out.to_owned(), err: err.to_owned() })
    };
    let programs: [(&[&str], Program); 5] = [
        (&suite::ENDS, ends(3, "out\n", "err\n")),
        (&suite::STOPS, Program::Stops(Duration::from_millis(40))),
        (&suite::IGNORES, Program::Ignores),
        (&suite::EATS, Program::OutOfMemory),
        (&suite::TALKS, ends(0, &"x".repeat(300_000), "")),
    ];
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Script {
        progress: story.progress.to_owned(),
        ending: match story.dockerfile.contains("sleep 600") {
            true => Ending::Never,
            false => Ending::Whole,
        },
        images: vec!["base".to_owned()],
        programs: programs.into_iter().map(|(words, does)| (owned(words), does)).collect(),
    }
}

fn subject(story: &Story) -> Subject {
    let fake = Fake::new(script(story));
    let alive = fake.containers();
    Subject {
        engine: Box::new(fake),
        base: "base".to_owned(),
        is_gone: Box::new(move |_| alive.load(Ordering::Relaxed) == 0),
    }
}

crate::conformance!(subject);

#[test]
fn an_engine_that_goes_away_is_no_failed_build() {
    let fake = Fake::new(Script { ending: Ending::Lost, ..script(&suite::WORKS) });
    let request = BuildRequest::new(Path::new("."), Path::new("Dockerfile"));
    let error = fake.build(&request, &mut |_| {}, &Cancel::new()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Lost);
}

#[test]
fn it_is_the_same_every_time() {
    let request = BuildRequest::new(Path::new("."), Path::new("Dockerfile"));
    let build = || Fake::new(script(&suite::WORKS)).build(&request, &mut |_| {}, &Cancel::new());
    assert_eq!(build().unwrap(), build().unwrap());
}
