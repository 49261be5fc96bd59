//! `replay --verify` put to a real engine: images are built, and what they hold is held against
//! the commits of their repositories.
//!
//! `scripts/test-engine` starts the engine and makes the base images.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::cell::RefCell;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

use common::{Repo, Run, engine};
use plimsoll_measure::engine::{BuildRequest, Cancel, Choice, Engine, find};

/// A git repository whose images are built and go when the test ends.
struct Story {
    repo: Repo,
    docker: Box<dyn Engine>,
    tags: RefCell<Vec<String>>,
    name: &'static str,
}

/// A story, where there is an engine; under CI there must be one.
fn story(name: &'static str) -> Option<Story> {
    if !engine() {
        return None;
    }
    let docker = find(&Choice::Docker).unwrap_or_else(|missing| panic!("{missing}"));
    let story = Story { repo: Repo::new(), docker, tags: RefCell::default(), name };
    story.git(&["init", "-q", "-b", "main", "."]);
    // The bytes of a commit are those of the files, whatever the machine's configuration says.
    for (key, value) in
        [("user.name", "a"), ("user.email", "a@example.com"), ("core.autocrlf", "false")]
    {
        story.git(&["config", key, value]);
    }
    Some(story)
}

impl Drop for Story {
    fn drop(&mut self) {
        self.tags.borrow().iter().for_each(|tag| drop(self.docker.remove(tag)));
    }
}

impl Story {
    fn git(&self, args: &[&str]) -> String {
        let done = Command::new("git").args(args).current_dir(self.repo.path()).output().unwrap();
        assert!(done.status.success(), "git {args:?} {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn file(&self, path: &str, text: &str) {
        let full = self.repo.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
    }

    /// Commits everything; the id.
    fn commit(&self, subject: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Sets a file's time to a fixed one.
    fn touch(&self, path: &str) {
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_789);
        let file = File::options().write(true).open(self.repo.path().join(path)).unwrap();
        file.set_times(FileTimes::new().set_modified(time)).unwrap();
    }

    /// Builds `context`; the image's name, and whether all steps came from the cache.
    fn build(&self, context: &str, args: &[(&str, &str)]) -> (String, bool) {
        let count = self.tags.borrow().len();
        let tag = format!("plimsoll-verify-{}-{}:{count}", self.name, std::process::id());
        let folder = self.repo.path().join(context);
        let args: Vec<(String, String)> =
            args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let dockerfile = folder.join("Dockerfile");
        let request = BuildRequest {
            args: &args,
            tag: Some(&tag),
            ..BuildRequest::new(&folder, &dockerfile)
        };
        let built = self.docker.build(&request, &mut |_| {}, &Cancel::new()).unwrap();
        assert!(built.built, "{built:?}");
        self.tags.borrow_mut().push(tag.clone());
        let copies = built.steps.iter().filter(|step| step.command.starts_with("COPY"));
        (tag, copies.into_iter().all(|step| step.cached))
    }

    fn verify(&self, image: &str, more: &[&str]) -> Run {
        let mut args = vec!["replay", "--verify", image];
        args.extend(more);
        self.repo.run(&args)
    }
}

/// Whether a run ended so and said each of these.
fn check(run: &Run, code: i32, wanted: &[&str]) {
    let all = format!("{}{}", run.out, run.err);
    assert_eq!(run.code, code, "{all}");
    for text in wanted {
        assert!(all.contains(text), "`{text}` is not in\n{all}");
    }
}

/// A text that no build has seen before, as long as any other.
fn nonce() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    format!("{:020}", since.as_nanos())
}

/// A text with each id in place of which another may stand as `ID`.
fn without_ids(text: &str) -> String {
    let is_id = |word: &str| word.len() >= 7 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let plain = |word: &str| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    words
        .map(
            |word| {
                if is_id(&plain(word)) { word.replace(&plain(word), "ID") } else { word.to_owned() }
            },
        )
        .collect()
}

#[test]
fn a_stale_file_is_found() {
    let Some(story) = story("stale") else { return };
    let nonce = nonce();
    story.file(
        "Dockerfile",
        "FROM python:3.11-slim\nARG REVISION\nWORKDIR /app\nCOPY app.py other.py ./\n\
         LABEL org.opencontainers.image.revision=$REVISION\nCMD [\"python\", \"app.py\"]\n",
    );
    story.file("other.py", "print(1)\n");
    story.file("app.py", &format!("print('a{nonce}')\n"));
    story.touch("app.py");
    let first = story.commit("the first");
    let (image, _) = story.build("", &[("REVISION", &first)]);
    let honest = story.verify(&image, &[]);
    check(
        &honest,
        0,
        &["2 files", "all are the bytes of the commit", "the commit that its label names"],
    );

    // As many bytes, and the same time: the builder does not see it.
    story.file("app.py", &format!("print('b{nonce}')\n"));
    story.touch("app.py");
    let second = story.commit("the second");
    let (image, cached) = story.build("", &[("REVISION", &second)]);
    assert!(cached, "the builder saw the change: what is told here is no longer so");
    let stale = story.verify(&image, &[]);
    let wanted = [
        "1 is not the commit's",
        "/app/app.py  from app.py (line 4): stale bytes of the same size",
        &format!(
            "these are the bytes of {} \"the first\": the builder answered from its cache",
            &first[..10]
        ),
        "--no-cache does not help",
    ];
    check(&stale, 11, &wanted);
    let page = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guide/stale-images.md"
    ));
    let shown = page.unwrap();
    let shown = shown.split("$ plimsoll replay --verify shop:1.4\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    let printed = stale.out.replace(&image, "shop:1.4");
    // `.git` is in this context, which the page leaves out.
    let printed = printed.split("\n  not compared").next().unwrap();
    assert_eq!(without_ids(printed), without_ids(shown));
    // It is the image of the first commit, whatever its label says.
    check(&story.verify(&image, &["--branch", "HEAD~1"]), 0, &["as asked"]);
    let json = story.verify(&image, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["bytes_of"]["commit"], *first);
    assert_eq!(report["differing"][0]["source"], "app.py");
    assert_eq!((json.code, &report["compared"]), (11, &serde_json::json!(2)));

    // A new time, and the builder looks again.
    story.file("app.py", &format!("print('b{nonce}')\n"));
    let (image, _) = story.build("", &[("REVISION", &second)]);
    check(&story.verify(&image, &[]), 0, &["all are the bytes of the commit"]);
}

/// Destinations of every kind, and what changes files once they are there.
const EVERYTHING: &str = r#"FROM node:20-slim AS build
WORKDIR /src
COPY package.json .
RUN echo '{"changed": true}' > package.json
COPY web web
COPY static/logo.svg /src
RUN echo built >> web/index.js && mkdir dist && cp web/index.js dist/

FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt .
RUN echo more >> requirements.txt
COPY --chown=1000:1000 . .
COPY main.py /app
COPY main.py start
COPY --chown=1000 run.sh tools/*.sh /bin/
COPY conf /etc/conf/
COPY to-main.py /opt/main.py
ADD main.py bundle.tar.gz /opt/
COPY --from=build /src/static/nothing /src/dist /dist/
COPY --from=build /src/logo.svg /logo.svg
RUN echo '#' >> /app/main.py && rm /app/conf/a.ini && chmod 600 run.sh
CMD ["python", "main.py"]
"#;

#[test]
fn an_honest_image_agrees_whatever_its_steps_do() {
    let Some(story) = story("honest") else { return };
    let text = EVERYTHING.replace("/src/static/nothing ", "");
    story.file("Dockerfile", &text);
    story.file(".dockerignore", ".git\nDockerfile\n*.md\n!keep.md\nsecret\n");
    for path in ["main.py", "keep.md", "left.md", "secret/key", "package.json", "requirements.txt"]
    {
        story.file(path, &format!("# {path}\n"));
    }
    for path in [
        "conf/a.ini",
        "conf/sub/b.ini",
        "web/index.js",
        "static/logo.svg",
        "tools/t.sh",
        "tools/u.py",
    ] {
        story.file(path, &format!("# {path}\n"));
    }
    story.file("run.sh", "#!/bin/sh\n");
    let root = story.repo.path();
    fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("main.py", root.join("to-main.py")).unwrap();
    symlink("/nowhere/at/all", root.join("conf/dangling")).unwrap();
    let tar =
        Command::new("tar").args(["-czf", "bundle.tar.gz", "main.py"]).current_dir(&root).status();
    assert!(tar.unwrap().success());
    story.commit("all");
    let (image, _) = story.build("", &[]);
    let run = story.verify(&image, &[]);
    let wanted = [
        "all are the bytes of the commit",
        "ADD unpacks it: bundle.tar.gz",
        "from a stage: /src/dist (line 20)",
    ];
    check(&run, 0, &wanted);
    // COPY . . has 15 of the tree's files; the other steps 1 + 1 + 1 + 2 + 3 + 1 + 1, and 1 of a stage.
    let report = story.verify(&image, &["--json"]);
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    assert_eq!(report["compared"], 26, "{report:#}");
}

#[test]
fn what_a_later_run_changed_is_not_called_stale() {
    let Some(story) = story("later") else { return };
    story.file(
        "Dockerfile",
        "FROM python:3.11-slim AS build\nWORKDIR /src\nCOPY . .\nRUN sed -i s/a/b/ app.py\n\
         FROM python:3.11-slim\nCOPY app.py /direct/\nRUN echo '# c' > /direct/app.py\n\
         COPY --from=build /src /app\n",
    );
    story.file(".dockerignore", ".git\n");
    story.file("app.py", "# a\n");
    story.commit("all");
    let (image, _) = story.build("", &[]);
    let run = story.verify(&image, &[]);
    let wanted = [
        "all but those below are the bytes of the commit",
        "1 file differs, and a RUN of their stage may have changed them",
        "/app/app.py  from app.py (line 8): other bytes of the same size; RUN on line 4",
    ];
    check(&run, 0, &wanted);
}

#[test]
fn other_files_than_the_commits_are_told() {
    let Some(story) = story("other") else { return };
    story.file("Dockerfile", "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n");
    story.file(".dockerignore", ".git\n");
    for path in ["longer.py", "program.sh", "gone.py", "same.py", "link"] {
        story.file(path, "# as committed\n");
    }
    story.commit("all");
    story.file("longer.py", "# as committed, and more\n");
    let root = story.repo.path();
    fs::set_permissions(root.join("program.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(root.join("gone.py")).unwrap();
    fs::remove_file(root.join("link")).unwrap();
    symlink("same.py", root.join("link")).unwrap();
    let (image, _) = story.build("", &[]);
    let wanted = [
        "4 are not the commit's",
        "/app/longer.py  from longer.py (line 3): other bytes\n",
        "/app/program.sh  from program.sh (line 3): mode",
        "/app/gone.py  from gone.py (line 3): not in the image",
        "/app/link  from link (line 3): one is a link",
        "the image was built from other files",
    ];
    check(&story.verify(&image, &[]), 11, &wanted);
}

#[test]
fn the_service_is_known_by_its_steps() {
    let Some(story) = story("services") else { return };
    for (service, copy) in [("api", "COPY api.py /srv/"), ("web", "COPY web.py /srv/")] {
        story.file(&format!("{service}/Dockerfile"), &format!("FROM python:3.11-slim\n{copy}\n"));
        story.file(&format!("{service}/{service}.py"), "print(1)\n");
    }
    story.commit("all");
    let (image, _) = story.build("web", &[]);
    check(&story.verify(&image, &[]), 0, &["web: plimsoll-verify", "1 file of web/Dockerfile"]);
    let wanted = [
        "was not built from",
        "api: line 2 is `COPY api.py /srv/`, and the image has `COPY web.py /srv/` in its place",
        "--branch",
    ];
    check(&story.verify(&image, &["--service", "api"]), 3, &wanted);
}

#[test]
fn the_file_of_another_folder_is_named() {
    let Some(story) = story("folders") else { return };
    let nonce = nonce();
    // What two folders of one builder come to where both files have one time: the image of the one
    // is taken for that of the other.
    for service in ["one", "two"] {
        let base = "FROM python:3.11-slim\nCOPY install.sh /\n";
        story.file(&format!("{service}/Dockerfile"), base);
        story.file(&format!("{service}/install.sh"), &format!("echo {service} {nonce}\n"));
        story.touch(&format!("{service}/install.sh"));
    }
    story.commit("all");
    let (image, _) = story.build("one", &[]);
    let wanted = ["/install.sh  from two/install.sh (line 2)", "those of one/install.sh"];
    check(&story.verify(&image, &["--service", "two"]), 11, &wanted);
    check(&story.verify(&image, &[]), 0, &["one: plimsoll-verify"]);
}

#[test]
fn what_is_not_there_is_said() {
    let Some(story) = story("missing") else { return };
    let text =
        "FROM scratch\nARG REVISION\nLABEL org.opencontainers.image.revision=$REVISION\nCOPY a /\n";
    story.file("Dockerfile", text);
    story.file("a", "a\n");
    story.commit("all");
    check(
        &story.verify("plimsoll-verify-none:0", &[]),
        3,
        &["No such image", "hint: images are not pulled"],
    );
    let (image, _) = story.build("", &[("REVISION", "HEAD~0")]);
    // A label is no place for anything but an id.
    check(&story.verify(&image, &[]), 2, &["the image says it is of HEAD~0, and no commit here"]);
    check(&story.verify(&image, &["--branch", "nope"]), 2, &["no commit is called nope"]);
    check(&story.verify(&image, &["--branch", "main"]), 0, &["1 file of Dockerfile"]);
    check(&story.verify(&image, &["--last", "3"]), 2, &["cannot be used with"]);
}
