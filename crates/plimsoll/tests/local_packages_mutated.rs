//! No repository makes a review or a fix panic, or a fix leave the repository: the repositories of
//! `tests/local_packages`, one file of each mutated.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::case::Case;
use plimsoll_model::{BuildPlan, Date, Sources};
use plimsoll_rules::config::Config;
use plimsoll_rules::discover;
use plimsoll_rules::remedy::{Outcome, as_it_is, propose};
use plimsoll_rules::repo::Repo;
use plimsoll_rules::review::{Measured, Review, Terms, review};

const PIECES: [&str; 36] = [
    "\n",
    "\r\n",
    "\\",
    " ",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ": ",
    ",",
    "#",
    "$",
    "${X}",
    "é",
    "\u{feff}",
    "\0",
    "\u{1b}[2J",
    "../",
    "/",
    "//",
    "file:///",
    "*",
    "**/",
    "--from=x ",
    "\nRUN x\n",
    "\nWORKDIR ..\n",
    "\nCOPY . .\n",
    "\nFROM x\n",
    " AS b",
    " && ",
    "-e ",
    "<<E",
    "| sh",
];

/// A small generator (xorshift), the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn boundary(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
    }
}

fn mutate(text: &mut String, random: &mut Random) {
    let (a, b) = (random.boundary(text), random.boundary(text));
    let range = a.min(b)..a.max(b);
    match random.below(4) {
        0 if range.len() < 40 => text.replace_range(range, ""),
        1 if range.len() < 200 => {
            let copy = text[range].to_owned();
            let at = random.boundary(text);
            text.insert_str(at, &copy);
        }
        _ => text.insert_str(a, PIECES[random.below(PIECES.len())]),
    }
}

/// Reviews, and works out every fix of every service.
fn check(sources: &Sources) {
    let (config, repo) = (Config::default(), Repo::read(sources));
    let found = discover::discover(sources, &repo, &config);
    let today = Date::from_ymd(2026, 11, 23).unwrap();
    let measured = Measured::default();
    let evidence =
        Review { sources, repo: &repo, found: &found, measured: &measured, config: &config, today };
    let terms = Terms { today, baseline: None, version: "test" };
    let _ = review(&evidence, &terms);
    for service in &found.services {
        if let Some(plan) = as_it_is(&evidence, service) {
            inside_plan(&plan.after);
        }
        for proposal in propose(&evidence, &terms, service, None).0 {
            inside(&proposal.outcome);
            proposal.proof.before.iter().for_each(inside_plan);
            inside_plan(&proposal.proof.after);
        }
    }
}

fn is_inside(path: &str) -> bool {
    !path.starts_with('/') && !path.split('/').any(|p| p == "..")
}

fn inside(outcome: &Outcome) {
    outcome.keys().for_each(|p| assert!(is_inside(p), "{p} is written"));
}

fn inside_plan(plan: &BuildPlan) {
    assert!(is_inside(&plan.context) && is_inside(&plan.dockerfile), "{plan:?}");
    plan.named.iter().for_each(|(_, folder)| assert!(is_inside(folder), "{plan:?}"));
}

#[test]
fn mutated_repositories_are_reviewed_and_mended() {
    let cases = Case::all();
    for round in 1..=600_u64 {
        let mut random = Random(round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let case = &cases[random.below(cases.len())];
        let (chosen, mut at) = (random.below(case.len()), 0);
        let sources = case.sources(|_, text| {
            let mut text = text.to_owned();
            if at == chosen {
                (0..=random.below(4)).for_each(|_| mutate(&mut text, &mut random));
            }
            at += 1;
            text
        });
        check(&sources);
    }
}

/// Manifests of a quarter of the largest file that is read, each entry one to follow.
#[test]
fn a_manifest_of_many_entries_is_reviewed_in_time() {
    let dockerfile = |run: &str| format!("FROM x\nWORKDIR /app\nCOPY . .\nRUN {run}\n");
    let members = format!(
        "{{\"workspaces\": [{} \"a\"], \"dependencies\": {{{} \"a\": \"workspace:*\"}}}}",
        many("\"p#\","),
        many("\"d#\": \"workspace:*\",")
    );
    let pip = dockerfile("pip install -r requirements.txt");
    let cases: [&[(&str, String)]; 3] = [
        &[("Dockerfile", pip.clone()), ("requirements.txt", many("-e ./a\n"))],
        &[("Dockerfile", dockerfile("npm ci")), ("package.json", members)],
        &[
            ("Dockerfile", pip),
            ("requirements.txt", many("./s/a#\n")),
            (".gitmodules", many("path = x#\n")),
        ],
    ];
    for files in cases {
        let mut sources = Sources::default();
        sources.insert("a/pyproject.toml", "[project]\nname = \"a\"\n");
        sources.insert("a/package.json", "{\"name\": \"a\"}");
        files.iter().for_each(|(path, text)| sources.insert(path, text.clone()));
        let start = std::time::Instant::now();
        check(&sources);
        let (took, last) = (start.elapsed(), files.last().unwrap().0);
        assert!(took.as_secs() < 40, "{last} took {took:?}");
    }
}

/// A unit again and again, `#` in it counted up.
fn many(unit: &str) -> String {
    let mut text = String::new();
    for number in 0.. {
        if text.len() > 1 << 20 {
            break;
        }
        text.push_str(&unit.replace('#', &format!("{number}")));
    }
    text
}
