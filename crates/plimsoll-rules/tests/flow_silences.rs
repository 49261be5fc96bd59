//! What the rules about the flow of pipelines must not report, and what they must.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::count;

const FLOW: &str = ".github/workflows/flow.yml";
const ALL: &str = "FROM alpine:3.20\nCOPY . /app\n";

fn steps(head: &str, steps: &[&str]) -> String {
    let listed: String = steps.iter().map(|s| format!("      - {s}\n")).collect();
    format!("{head}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n{listed}")
}

#[test]
fn a_workflow_of_one_service_that_may_depend_on_more() {
    let rule = "workflow/path-filter-missing";
    let build = "run: docker build -t gcr.io/p/api api && docker push gcr.io/p/api";
    for (head, lines, other, want) in [
        ("on: push", vec![build], ALL, 1),
        ("on: [push, pull_request]", vec![build], ALL, 1),
        ("on: pull_request", vec![build], ALL, 0),
        ("on: {push: {tags: ['v*']}}", vec![build], ALL, 0),
        ("on: {push: {paths-ignore: [docs/**]}}", vec![build], ALL, 0),
        ("on: push", vec!["run: make all", build], ALL, 0),
        ("on: push", vec!["uses: dorny/paths-filter@v3", build], ALL, 0),
        ("on: push", vec![build, "run: kubectl apply -f k8s/"], ALL, 0),
        (
            "on: push",
            vec![
                "run: docker build -t gcr.io/p/api -f api/Dockerfile . && docker push gcr.io/p/api",
            ],
            ALL,
            0,
        ),
        (
            "on: push",
            vec![
                "run: docker build -t gcr.io/p/api --build-context lib=lib api && docker push gcr.io/p/api",
            ],
            ALL,
            0,
        ),
        (
            "on: push",
            vec![build, "run: docker build -t gcr.io/p/web web && docker push gcr.io/p/web"],
            ALL,
            0,
        ),
    ] {
        let flow = steps(head, &lines);
        let files = [("api/Dockerfile", ALL), ("web/Dockerfile", other), (FLOW, flow.as_str())];
        assert_eq!(count(rule, &files), want, "{flow}");
    }
    // One service alone: every commit may be about it.
    let flow = steps("on: push", &[build]);
    assert_eq!(count(rule, &[("api/Dockerfile", ALL), (FLOW, &flow)]), 0);
    let file = "FROM alpine:3.20\nCOPY api/app /app\n";
    let tests = [("api/Dockerfile", ALL), ("tests/Dockerfile", ALL), (FLOW, &flow)];
    assert_eq!(count(rule, &tests), 0);
    // All that is taken from the root lies in one folder.
    let flow = steps(
        "on: push",
        &["run: docker build -t gcr.io/p/api -f api/Dockerfile . && docker push gcr.io/p/api"],
    );
    let lone =
        [("api/Dockerfile", file), ("api/app/x", ""), ("web/Dockerfile", ALL), (FLOW, &flow)];
    assert_eq!(count(rule, &lone), 1);
    let shared = [
        ("api/Dockerfile", file),
        ("api/app/x", ""),
        ("web/Dockerfile", ALL),
        (".dockerignore", "x"),
        (FLOW, &flow),
    ];
    assert_eq!(count(rule, &shared), 0);
}

#[test]
fn a_gitlab_job_that_runs_for_more_than_its_folder() {
    let rule = "workflow/rules-changes-missing";
    let job = |more: &str| format!("build:\n{more}  script:\n    - docker build -t r/api api\n");
    for (more, want) in [
        ("", 1),
        ("  rules:\n    - if: $CI_COMMIT_BRANCH == \"main\"\n", 1),
        ("  rules:\n    - if: $CI_COMMIT_TAG\n", 0),
        ("  rules:\n    - changes: [api/**/*]\n", 0),
        ("  rules:\n    - when: manual\n", 0),
        ("  only: [main]\n", 0),
        ("  artifacts: {paths: [x]}\n", 0),
        ("  parallel: 2\n", 0),
    ] {
        let pipeline = job(more);
        let files =
            [("api/Dockerfile", ALL), ("web/Dockerfile", ALL), (".gitlab-ci.yml", &pipeline)];
        assert_eq!(count(rule, &files), want, "{pipeline}");
    }
}

#[test]
fn a_pull_request_whose_builds_end_or_do_not_run() {
    let rule = "workflow/pull-request-not-cancelled";
    let build = "run: docker build .";
    for (head, lines, want) in [
        ("on: pull_request", vec![build], 1),
        ("on: push", vec![build], 0),
        ("on: {pull_request: {types: [closed]}}", vec![build], 0),
        ("on: [pull_request, workflow_call]", vec![build], 0),
        ("on: pull_request\nconcurrency: x", vec![build], 0),
        ("on: pull_request", vec!["run: npm test"], 0),
        ("on: pull_request", vec!["uses: styfle/cancel-workflow-action@0.12.1", build], 0),
        ("on: pull_request", vec!["{if: github.event_name == 'push', run: docker build .}"], 0),
        (
            "on: pull_request",
            vec!["{if: github.event_name != 'pull_request', run: docker build .}"],
            0,
        ),
        (
            "on: pull_request",
            vec!["{if: github.event_name == 'pull_request', run: docker build .}"],
            1,
        ),
        ("on: pull_request", vec!["{if: startsWith(github.ref, 'x'), run: docker build .}"], 0),
    ] {
        let flow = steps(head, &lines);
        assert_eq!(count(rule, &[("Dockerfile", ALL), (FLOW, &flow)]), want, "{flow}");
    }
}

#[test]
fn an_install_that_is_cached_or_lies_elsewhere() {
    let rule = "cache/setup-without-cache";
    let node = "uses: actions/setup-node@v4";
    for (head, lines, want) in [
        ("on: push", vec![node, "run: npm ci"], 1),
        ("on: push", vec![node, "run: npm ci", node, "run: npm ci"], 1),
        ("on: push", vec!["uses: actions/setup-node@v5", "run: npm ci"], 0),
        ("on: push", vec!["uses: actions/setup-node@1a2b3c4", "run: npm ci"], 0),
        ("on: push", vec!["{uses: actions/setup-node@v4, with: {cache: npm}}", "run: npm ci"], 0),
        ("on: push", vec![node, "uses: actions/cache@v4", "run: npm ci"], 0),
        ("on: push", vec![node, "run: npm install -g x"], 0),
        ("on: push", vec![node, "run: npm install x"], 0),
        ("on: push", vec![node, "run: cd web && npm ci"], 0),
        ("on: push", vec![node, "{run: npm ci, working-directory: web}"], 0),
        ("on: push", vec!["run: npm ci", node], 0),
        ("on: release", vec![node, "run: npm ci"], 0),
        (
            "on: push",
            vec![node, "run: npm ci", "run: gcloud run deploy api --image gcr.io/p/a:1"],
            0,
        ),
        (
            "on: push",
            vec!["uses: actions/setup-python@v5", "run: pip install -r requirements.txt"],
            1,
        ),
        (
            "on: push",
            vec!["uses: actions/setup-python@v5", "run: python -m pip install -r requirements.txt"],
            1,
        ),
        ("on: push", vec!["uses: actions/setup-python@v5", "run: pip install -r other.txt"], 0),
        ("on: push", vec!["uses: actions/setup-python@v5", "run: pip install tox"], 0),
        (
            "on: push",
            vec![
                "{uses: actions/setup-java@v4, with: {java-version: 21}}",
                "run: ./mvnw -B verify",
            ],
            1,
        ),
        (
            "on: push",
            vec![
                "{uses: actions/setup-java@v4, with: {java-version: 21}}",
                "uses: gradle/actions/setup-gradle@v4",
                "run: ./gradlew build",
            ],
            0,
        ),
    ] {
        let flow = steps(head, &lines);
        let files = [
            ("Dockerfile", ALL),
            ("package-lock.json", "{}"),
            ("requirements.txt", "flask==3.0.0\n"),
            ("pom.xml", "<project/>"),
            (FLOW, flow.as_str()),
        ];
        assert_eq!(count(rule, &files), want, "{flow}");
    }
}

#[test]
fn an_image_for_processors_that_others_have() {
    let rule = "workflow/platform-not-deployed";
    let deploy = "run: gcloud run deploy api --image";
    for (platforms, tag, last, want) in [
        ("linux/amd64,linux/arm64", "gcr.io/p/api:1", deploy, 1),
        ("linux/amd64", "gcr.io/p/api:1", deploy, 0),
        ("linux/arm64", "gcr.io/p/api:1", deploy, 0),
        ("linux/amd64,linux/arm64", "acme/api:1", deploy, 0),
        ("linux/amd64,linux/arm64", "gcr.io/p/api:1", "run: echo", 0),
        (
            "linux/amd64,linux/arm64",
            "gcr.io/p/api:1",
            "run: kubectl set image deployment/api api=",
            0,
        ),
    ] {
        let build = format!("run: docker buildx build --push --platform {platforms} -t {tag} .");
        let gap = if last.ends_with('=') { "" } else { " " };
        let flow = steps("on: push", &[&build, &format!("{last}{gap}{tag}")]);
        assert_eq!(count(rule, &[("Dockerfile", ALL), (FLOW, &flow)]), want, "{flow}");
        assert_eq!(count("workflow/emulated-build", &[("Dockerfile", ALL), (FLOW, &flow)]), 0);
    }
}

#[test]
fn a_file_of_an_image_that_has_to_be_one() {
    let rule = "workflow/image-as-artifact";
    let flow = |on: &str, save: &str, path: &str, last: &str| {
        format!(
            "on: {on}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: {save}\n      - uses: actions/upload-artifact@v4\n        with: {{name: i, path: {path}}}\n  b:\n    needs: a\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {{name: i}}\n      - run: docker load -i i.tar\n      - run: {last}\n"
        )
    };
    let push = "docker push x";
    for (on, save, path, last, want) in [
        ("push", "docker save x -o i.tar", "i.tar", push, 1),
        ("push", "docker save x > /tmp/i.tar", "/tmp/i.tar", push, 1),
        ("push", "docker save x | gzip > i.tar.gz", "i.tar.gz", push, 1),
        ("push", "docker save x -o i.tar", "dist", push, 0),
        ("push", "docker save x -o i.tar", "i.tar", "docker run x", 0),
        ("[push, pull_request]", "docker save x -o i.tar", "i.tar", push, 0),
    ] {
        let flow = flow(on, save, path, last);
        assert_eq!(count(rule, &[("Dockerfile", ALL), (FLOW, &flow)]), want, "{flow}");
    }
}

#[test]
fn a_tool_with_a_version_or_without_rights() {
    let rule = "workflow/unpinned-deploy-tool";
    let auth = "uses: google-github-actions/auth@v2";
    for (lines, want) in [
        (vec![auth, "run: npm install -g firebase-tools"], 1),
        (vec![auth, "run: npm install -g firebase-tools@latest"], 1),
        (vec![auth, "run: npm install -g firebase-tools@13.29.1"], 0),
        (vec![auth, "run: npm ci"], 0),
        (vec![auth, "run: pip install --upgrade pip"], 0),
        (vec!["run: npm install -g firebase-tools"], 0),
    ] {
        let flow = steps("on: push", &lines);
        assert_eq!(count(rule, &[("Dockerfile", ALL), (FLOW, &flow)]), want, "{flow}");
    }
}
