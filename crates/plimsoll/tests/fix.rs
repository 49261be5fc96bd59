//! `fix` and what it may not do: lose changes, write half of them, leave the repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use common::Repo;

const WRITE: [&str; 3] = ["fix", "path-dependency", "--write"];

/// A service whose package lies outside of its context.
fn repo() -> Repo {
    let core = "[project]\nname = \"core\"\nversion = \"1.0.0\"\n";
    Repo::new()
        .file("api/requirements.txt", "flask==3.1.0\n../core\n")
        .file("api/main.py", "import core\n")
        .file("core/pyproject.toml", core)
        .file("core/core/__init__.py", "")
        .file(
            "api/Dockerfile",
            "FROM python:3.11-slim\nWORKDIR /src/api\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY . .\n",
        )
        .file("compose.yaml", "services:\n  api:\n    build: ./api\n")
}

fn git(repo: &Repo, args: &[&str]) {
    let fixed = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let done = Command::new("git").arg("-C").arg(repo.path()).args(fixed).args(args).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn committed(repo: &Repo) {
    git(repo, &["init", "-q"]);
    git(repo, &["add", "-A"]);
    git(repo, &["commit", "-qm", "x"]);
}

#[test]
fn a_fix_is_shown_and_not_written_unless_asked() {
    let repo = repo();
    let before = repo.all_files();
    for args in [&["fix", "path-dependency"][..], &["fix", "path-dependency", "--dry-run"]] {
        let run = repo.run(args);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.contains("+++ b/api/Dockerfile"), "{}", run.out);
        assert!(run.err.contains("run again with --write"), "{}", run.err);
        assert!(repo.all_files() == before);
    }
    assert_eq!(repo.run(&["fix", "path-dependency", "--dry-run", "--write"]).code, 2);
}

const WORKFLOW: &str = "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - uses: docker/build-push-action@v6\n        with:\n          context: api\n";

#[test]
fn packages_may_come_from_an_index() {
    let published = ["fix", "path-dependency", "--strategy", "published"];
    let run = repo().run(&published);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.out.contains("name the index that has the packages: --index URL"), "{}", run.out);
    let with = |url| [&published[..], &["--index", url, "--write"]].concat();
    let url = "https://pkg.example.org/simple/";
    // compose cannot be told of the secret.
    assert!(repo().run(&with(url)).out.contains("compose is not given secrets here"));
    let repo = repo().file("compose.yaml", "").file(".github/workflows/ci.yml", WORKFLOW);
    let run = repo.run(&with("https://me:secret@pkg.example.org/"));
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.out.contains("carries credentials"), "{}", run.out);
    let run = repo.run(&with(url));
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(
        run.err.contains("publish core 1.0.0 to https://pkg.example.org/simple/"),
        "{}",
        run.err
    );
    assert_eq!(repo.read("api/requirements.txt"), "flask==3.1.0\ncore==1.0.0\n");
    let dockerfile = repo.read("api/Dockerfile");
    let install = "RUN --mount=type=secret,id=netrc,target=/root/.netrc \\\n    pip install --index-url https://pkg.example.org/simple/ -r requirements.txt\n";
    assert!(dockerfile.contains(install), "{dockerfile}");
    let workflow = repo.read(".github/workflows/ci.yml");
    assert!(
        workflow.ends_with(
            "          context: api\n          secrets: netrc=${{ secrets.PIP_NETRC }}\n"
        ),
        "{workflow}"
    );
}

#[test]
fn uncommitted_changes_are_not_lost() {
    let repo = repo();
    committed(&repo);
    fs::write(repo.path().join("compose.yaml"), "services:\n  api:\n    build: ./api # mine\n")
        .unwrap();
    let before = repo.all_files();
    let run = repo.run(&WRITE);
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("compose.yaml has uncommitted changes"), "{}", run.err);
    assert!(run.err.contains("--force"), "{}", run.err);
    assert!(repo.all_files() == before);
    let run = repo.run(&["fix", "path-dependency", "--write", "--force"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(repo.read("compose.yaml").contains("# mine"), "{}", repo.read("compose.yaml"));
}

#[test]
fn a_file_that_git_does_not_have_is_not_lost() {
    let repo = repo();
    committed(&repo);
    git(&repo, &["rm", "-q", "--cached", "compose.yaml"]);
    git(&repo, &["commit", "-qm", "y"]);
    for ignored in ["", "compose.yaml\n"] {
        fs::write(repo.path().join(".git/info/exclude"), ignored).unwrap();
        let before = repo.all_files();
        let run = repo.run(&WRITE);
        assert_eq!(run.code, 2, "{}", run.err);
        assert!(run.err.contains("compose.yaml has uncommitted changes"), "{}", run.err);
        assert!(repo.all_files() == before);
    }
}

#[test]
fn a_repository_runs_no_program_of_its_own() {
    let repo = repo();
    committed(&repo);
    let mark = repo.path().parent().unwrap().join("ran");
    let hook = repo.path().join(".git/monitor");
    fs::write(&hook, format!("#!/bin/sh\ntouch '{}'\n", mark.display())).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    git(&repo, &["config", "core.fsmonitor", hook.to_str().unwrap()]);
    git(&repo, &["status"]);
    assert!(mark.exists(), "git runs what the configuration names");
    fs::remove_file(&mark).unwrap();
    assert_eq!(repo.run(&WRITE).code, 0);
    assert!(!mark.exists());
}

#[test]
fn a_client_beside_the_repository_is_not_run() {
    let repo = repo();
    let client = repo.path().join("docker");
    fs::write(&client, "#!/bin/sh\ntouch ran\n").unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(["fix", "path-dependency", "--prove"])
        .current_dir(repo.path())
        .env("PATH", ":.:")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(3));
    assert!(!repo.path().join("ran").exists());
}

#[test]
fn a_change_of_another_file_does_not_matter() {
    let repo = repo();
    committed(&repo);
    fs::write(repo.path().join("api/main.py"), "import core  # mine\n").unwrap();
    let run = repo.run(&WRITE);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn several_services_are_mended_in_one_run() {
    let compose = "services:\n  api:\n    build: ./api\n  jobs:\n    build: ./jobs\n";
    let one = repo();
    let dockerfile = one.read("api/Dockerfile");
    let repo = one
        .file("compose.yaml", compose)
        .file("jobs/requirements.txt", "../core\n")
        .file("jobs/Dockerfile", dockerfile.replace("/src/api", "/src/jobs"));
    committed(&repo);
    let run = repo.run(&WRITE);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let again = repo.run(&WRITE);
    assert!(again.err.contains("nothing to mend"), "{}{}", again.out, again.err);
    let text = repo.read("compose.yaml");
    assert!(text.contains("api/Dockerfile") && text.contains("jobs/Dockerfile"), "{text}");
}

#[test]
fn every_file_is_written_or_none() {
    let repo = repo();
    // The last file of the fix must not be written.
    let compose = repo.path().join("compose.yaml");
    fs::set_permissions(compose, fs::Permissions::from_mode(0o444)).unwrap();
    let run = repo.run(&["fix", "path-dependency"]);
    assert!(run.out.contains("+++ b/compose.yaml"), "{}", run.out);
    let before = repo.all_files();
    let run = repo.run(&WRITE);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(run.err.contains("nothing was changed"), "{}", run.err);
    assert!(repo.all_files() == before, "{}", run.err);
}

#[test]
fn a_tree_that_cannot_be_written_stays_as_it_is() {
    let repo = repo();
    let before = repo.all_files();
    let root = repo.path();
    let run = if is_root() {
        // Root may write everywhere: the program runs as somebody else.
        fs::set_permissions(root.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = root.parent().unwrap().join("plimsoll");
        fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &program).unwrap();
        Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program)
            .args(WRITE)
            .current_dir(&root)
            .output()
            .unwrap()
    } else {
        fs::set_permissions(&root, fs::Permissions::from_mode(0o555)).unwrap();
        let run =
            Command::new(env!("CARGO_BIN_EXE_plimsoll")).args(WRITE).current_dir(&root).output();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        run.unwrap()
    };
    let err = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(3), "{err}");
    assert!(
        err.contains("error: failed to write ") && err.contains("nothing was changed"),
        "{err}"
    );
    assert!(repo.all_files() == before);
}

fn is_root() -> bool {
    let done = Command::new("id").arg("-u").output().unwrap();
    done.stdout == b"0\n"
}

#[test]
fn nothing_is_written_through_a_link() {
    let repo = repo();
    let outside = repo.path().parent().unwrap().join("outside.yaml");
    fs::rename(repo.path().join("compose.yaml"), &outside).unwrap();
    symlink(&outside, repo.path().join("compose.yaml")).unwrap();
    let before = fs::read(&outside).unwrap();
    repo.run(&WRITE);
    assert_eq!(fs::read(&outside).unwrap(), before);
}

#[test]
fn wrong_words_are_usage() {
    let repo = repo();
    for (args, said) in [
        (&["fix", "path-dependency", "--strategy", "x"][..], "the strategies are: copy,"),
        (&["fix", "path-dependency", "--service", "x"], "the services are: api"),
        (&["fix", "path-dependency", "cache/inline-cache-multistage"], "stands alone"),
        (&["fix", "a/b"], "`plimsoll explain` lists every rule"),
        (&["fix", "cache/inline-cache-multistage", "--prove"], "belong to `path-dependency`"),
    ] {
        let run = repo.run(args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(said), "{args:?}: {}", run.err);
    }
}

#[test]
fn without_an_engine_a_proof_says_what_is_missing() {
    let repo = repo();
    let empty = repo.path().parent().unwrap().join("no-programs");
    fs::create_dir(&empty).unwrap();
    let run = |path: &Path| {
        Command::new(env!("CARGO_BIN_EXE_plimsoll"))
            .args(["fix", "path-dependency", "--prove"])
            .current_dir(repo.path())
            .env("PATH", path)
            .output()
            .unwrap()
    };
    let done = run(&empty);
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{err}");
    assert!(err.contains("there is no `docker` on the path"), "{err}");
    // A client that answers nothing useful.
    let client = empty.join("docker");
    fs::write(&client, "#!/bin/sh\necho 'Docker version 99.0'\n[ \"$1\" = --version ]\n").unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    let done = run(&empty);
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(3), "{err}");
    assert!(err.contains("has no Buildx"), "{err}");
}

#[test]
fn what_does_not_parse_is_a_finding_with_its_line() {
    let text = "[project]\nname = \"api\"\ndependencies = [\n";
    let repo = repo().file("api/pyproject.toml", text).file(
        "api/Dockerfile",
        "FROM python:3.11-slim\nWORKDIR /src/api\nCOPY pyproject.toml ./\nRUN pip install .\n",
    );
    let run = repo.run(&["review"]);
    assert_eq!(run.code, 11);
    assert!(run.out.contains("dependencies/manifest-unreadable"), "{}", run.out);
    let run = repo.run(&["fix", "path-dependency"]);
    assert!(run.code == 0 || run.code == 3, "{}", run.err);
}
