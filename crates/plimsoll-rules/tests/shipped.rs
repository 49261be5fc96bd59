//! What is shipped, what stands beside it, and what is one problem in several places.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{CI, HERE, findings, job, reviewed, sources};
use plimsoll_model::ServiceSummary;
use plimsoll_rules::review::Measured;

#[test]
fn a_stage_that_no_service_ships() {
    let file = "FROM python:3.12-slim AS runtime\nUSER app\nCMD [\"x\"]\n\
                FROM python:3.12-slim AS dev\n\
                RUN apt-get update && apt-get install -y gcc && pip install poetry requests\n\
                RUN curl https://a.example/i.sh | sh\n\
                COPY .env /\n\
                EXPOSE 80\n";
    let rules = [
        "image/apt-lists-left",
        "image/build-tools-in-final-stage",
        "image/package-manager-left",
        "image/pip-cache-kept",
        "image/recommends-installed",
        "security/root-user",
        "security/secret-file-copied",
        "security/unverified-download",
    ];
    let action = |target: &str| {
        job(&format!(
            "      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          target: {target}\n          tags: r.example/a:1\n"
        ))
    };
    let compose = ("compose.yaml", "services:\n  app:\n    build: {context: ., target: dev}\n");
    let deployed = "      - run: gcloud run deploy a --image r.example/a:1\n";
    let live = action("dev") + deployed;
    let (runtime, dev, open) = (action("runtime"), action("dev"), action("${{ inputs.target }}"));
    for rule in rules {
        let of = |files: &[(&str, &str)]| {
            findings(rule, &[&[("Dockerfile", file)], files].concat()).len()
        };
        let last = file.replace("AS dev", "AS final");
        assert_eq!(findings(rule, &[("Dockerfile", &last)]).len(), 1, "{rule}: the last stage");
        assert_eq!(of(&[]), 0, "{rule}: without a build, and named after work");
        assert_eq!(of(&[(CI, &live)]), 1, "{rule}: the target that is deployed");
        assert_eq!(of(&[(CI, &dev)]), 0, "{rule}: a target for work that is built");
        assert_eq!(of(&[(CI, &runtime)]), 0, "{rule}: another target");
        assert_eq!(of(&[(CI, &runtime), compose]), 0, "{rule}: a target for work at a desk");
        assert_eq!(of(&[compose]), 0, "{rule}: a target for work at a desk alone");
        assert_eq!(of(&[(CI, &open)]), 0, "{rule}: a target that is not known");
    }
}

#[test]
fn a_stage_for_work_above_the_one_that_is_built() {
    let rule = "security/root-user";
    let file = |first: &str, start: &str| {
        format!(
            "FROM python:3.12-slim AS {first}\n{start}FROM {first} AS dev-envs\nRUN x\nCMD [\"y\"]\n"
        )
    };
    let compose = ("compose.yaml", "services:\n  app:\n    build: {context: ., target: builder}\n");
    let of = |text: &str, files: &[(&str, &str)]| {
        findings(rule, &[&[("Dockerfile", text)], files].concat())
    };
    let (serves, plain) = (file("builder", "CMD [\"x\"]\n"), file("builder", ""));
    let shipped = of(&serves, &[compose]);
    assert_eq!(shipped.len(), 1, "the only target that is built, whatever its name");
    assert!(shipped[0].contains("Dockerfile:1:"), "{shipped:?}");
    assert_eq!(of(&plain, &[compose]), Vec::<String>::new(), "it starts nothing");
    let runtime = of(&file("runtime", "CMD [\"x\"]\n"), &[]);
    assert!(runtime[0].contains("Dockerfile:1:"), "{runtime:?}");
    let base = of(&file("base", ""), &[]);
    assert!(base[0].contains("Dockerfile:2:"), "a base of others ships nothing: {base:?}");
    let copied = "FROM python:3.12-slim AS tool\nFROM node:22-slim AS run_deps\nCOPY --from=tool /x /\nCMD [\"/x\"]\n";
    let copied = of(copied, &[]);
    assert!(copied[0].contains("Dockerfile:2:"), "nor does what is copied from: {copied:?}");
}

#[test]
fn what_stands_beside_the_product_weighs_less() {
    let rule = "security/root-user";
    let root = "FROM debian:13\nEXPOSE 80\nCMD [\"/serve\"]\n";
    let product = ("Dockerfile", "FROM debian:13\nUSER 1000\nEXPOSE 80\nCMD [\"/serve\"]\n");
    let level = |files: &[(&str, &str)]| {
        let all = findings(rule, files);
        assert!(all.len() < 2, "{files:?}: {all:?}");
        let level = all.first().and_then(|said| said.split(' ').next());
        level.unwrap_or("nothing").to_owned()
    };
    for (path, beside, alone) in [
        ("test/api/Dockerfile", "nothing", "nothing"),
        ("ui-tests/Dockerfile", "nothing", "nothing"),
        ("integration/Dockerfile", "nothing", "should-fix"),
        ("docs/Dockerfile", "advice", "should-fix"),
        ("examples/Dockerfile", "advice", "should-fix"),
        (".devcontainer/Dockerfile", "nothing", "nothing"),
        ("Dockerfile.dev", "nothing", "should-fix"),
    ] {
        assert_eq!(level(&[product, (path, root)]), beside, "{path}");
        assert_eq!(level(&[(path, root)]), alone, "{path} alone");
    }
    // What does not work at all does so there, too.
    let refused =
        findings("dockerfile/refused-by-buildkit", &[product, ("test/Dockerfile", "x\n")]);
    assert!(refused.len() == 1 && refused[0].starts_with("advice "), "{refused:?}");
    // What is advice elsewhere is nothing there.
    let (style, old) = ("dockerfile/legacy-key-value", "FROM debian:13\nENV a b\nUSER 1000\n");
    for (path, want) in [("b/Dockerfile", 1), ("test/Dockerfile", 0), ("Dockerfile.dev", 0)] {
        assert_eq!(findings(style, &[product, (path, old)]).len(), want, "{path}");
    }
    assert_eq!(findings(style, &[("Dockerfile.dev", old)]).len(), 1, "nothing else is there");
    let set = ("plimsoll.toml", "[rules]\n\"dockerfile/legacy-key-value\" = \"advice\"\n");
    assert_eq!(findings(style, &[product, ("test/Dockerfile", old), set]).len(), 1, "as is said");
    // A manifest is what a repository ships, too, and those of its documentation stand beside it.
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: NAME}\nspec: {template: {spec: {containers: [{name: c, image: e.com/c:1}]}}}\n";
    let (own, snippet) = (manifest.replace("NAME", "a"), manifest.replace("NAME", "b"));
    let files = [("docs/snippets/b.yaml", snippet.as_str()), ("kustomize/a.yaml", &own)];
    let said = findings("runtime/memory-limit-missing", &files);
    assert!(said.iter().any(|s| s.starts_with("should-fix kustomize/")), "{said:?}");
    assert!(said.iter().any(|s| s.starts_with("advice docs/")), "{said:?}");
    // One that a workflow pushes is shipped, wherever it lies.
    let push = job(
        "      - uses: docker/build-push-action@v6\n        with: {context: docs, push: true, tags: e.com/docs:1}\n",
    );
    assert_eq!(level(&[product, ("docs/Dockerfile", root), (CI, &push)]), "should-fix");
    let built = push.replace("push: true", "push: false");
    assert_eq!(level(&[product, ("docs/Dockerfile", root), (CI, &built)]), "advice");
}

#[test]
fn an_image_to_build_on() {
    let rule = "security/root-user";
    let root = |rest: &str| format!("FROM debian:13\nCOPY a /a\n{rest}");
    for (rest, want) in [
        ("", 0),
        ("CMD [\"bash\"]\n", 0),
        ("CMD [\"python3\"]\n", 0),
        ("CMD [\"/bin/bash\", \"-l\"]\n", 0),
        ("ENTRYPOINT [\"docker-entrypoint.sh\"]\nCMD [\"node\"]\n", 0),
        ("CMD [\"python3\", \"main.py\"]\n", 1),
        ("CMD [\"node\", \"a.js\"]\n", 1),
        ("ENTRYPOINT [\"sh\"]\nCMD [\"/run.sh\"]\n", 1),
        ("EXPOSE 80\nCMD [\"bash\"]\n", 1),
    ] {
        let text = root(rest);
        let said = findings(rule, &[("Dockerfile", &text)]);
        assert_eq!(said.len(), want, "{rest}: {said:?}");
        let level = if rest.contains("EXPOSE") { "should-fix" } else { "advice" };
        assert!(said.iter().all(|s| s.starts_with(level)), "{rest}: {said:?}");
    }
    let text = root("");
    let said = findings(rule, &[("Dockerfile", &text), ("compose.yaml", HERE)]);
    assert_eq!(said.len(), 1, "what is deployed serves");
}

#[test]
fn one_finding_for_what_is_one_problem() {
    let build = "      - uses: docker/build-push-action@v6\n        with: {context: .}\n";
    let twice = job(&format!("{build}{build}"));
    let file = ("Dockerfile", "FROM debian:13\nRUN make\n");
    let rule = "cache/no-cache-on-hosted-runner";
    let said = findings(rule, &[file, (CI, &twice)]);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("should-fix"), "{said:?}");
    for on in
        ["on: {release: {types: [published]}}", "on: {push: {tags: ['v*']}, workflow_dispatch: }"]
    {
        let release = twice.replace("on: push", on);
        let said = findings(rule, &[file, (CI, &release)]);
        assert!(said.len() == 1 && said[0].starts_with("advice"), "{on}: {said:?}");
    }
    let mixed = twice.replace("on: push", "on: {push: {tags: ['v*'], branches: [main]}}");
    assert!(findings(rule, &[file, (CI, &mixed)])[0].starts_with("should-fix"));

    let workload = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{containers: [{{name: c, image: e.com/c:1}}]}}}}}}\n"
        )
    };
    let (a, b) = (workload("a"), workload("b"));
    let said = findings(
        "runtime/memory-limit-missing",
        &[
            file,
            ("docs/install.yaml", &a),
            ("k8s/a.yaml", &a),
            ("release/a.yaml", &a),
            ("k8s/b.yaml", &b),
        ],
    );
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().all(|s| s.starts_with("should-fix k8s/")), "{said:?}");
}

#[test]
fn a_sidecar_is_not_the_service() {
    let rule = "runtime/non-root-refused";
    let file = ("a/Dockerfile", "FROM debian:13\nUSER app\nCMD [\"/serve\"]\n");
    let strict = ", securityContext: {runAsNonRoot: true}";
    let pod = |containers: &[&str]| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{spec: {{containers: [{}]}}}}}}\n",
            containers.join(", ")
        )
    };
    let proxy = format!("{{name: proxy, image: 'e.com/proxy:1'{strict}}}");
    let (own, own_strict) =
        ("{name: a, image: 'e.com/a:1'}", format!("{{name: a, image: 'e.com/a:1'{strict}}}"));
    let other = format!("{{name: main, image: 'e.com/renamed:1'{strict}}}");
    for (containers, want) in [
        (vec![own, &proxy], 0),
        (vec![&proxy, own], 0),
        (vec![&proxy, &own_strict], 1),
        (vec![&other], 1),
        (vec![&other, "{name: proxy, image: 'e.com/proxy:1'}"], 1),
    ] {
        let manifest = pod(&containers);
        let said = findings(rule, &[file, ("k8s.yaml", &manifest)]);
        assert_eq!(said.len(), want, "{containers:?}: {said:?}");
    }
}

#[test]
fn files_that_a_program_writes_have_one_finding() {
    let rule = "image/apt-lists-left";
    let text = "FROM debian:13\nRUN apt-get update && apt-get install -y curl\nCMD [\"/a\"]\n";
    let written = format!("#\n# NOTE: THIS FILE IS GENERATED, PLEASE DO NOT EDIT IT\n#\n{text}");
    let report = |text: &str| {
        let files = ["1/Dockerfile", "2/Dockerfile", "3/Dockerfile"].map(|path| (path, text));
        let report = reviewed(&sources(&files), &Measured::default());
        let own = report.findings.into_iter().filter(|f| f.rule == rule);
        own.collect::<Vec<_>>()
    };
    let by_hand = report(text);
    assert_eq!(by_hand.len(), 3);
    assert!(by_hand.iter().all(|finding| finding.fix.is_some()));
    let generated = report(&written);
    assert_eq!(generated.len(), 1, "{generated:?}");
    assert!(generated[0].fix.is_none(), "a fix would be lost when the file is written again");
    assert_eq!(generated[0].related.len(), 2 + by_hand[0].related.len());
    assert_eq!(report(&format!("# how it was generated\n{text}")).len(), 3, "may be edited");
}

#[test]
fn arguments_that_skaffold_gives() {
    let file = ("a/Dockerfile", "ARG BASE\nARG TAG\nFROM ${BASE}:${TAG}\nRUN x\n");
    let skaffold = |more: &str| {
        format!(
            "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n  artifacts:\n    - image: a\n      context: a\n{more}"
        )
    };
    let given =
        "      requires: [{image: base, alias: BASE}]\n      docker: {buildArgs: {TAG: '1'}}\n";
    let rule = "dockerfile/base-without-default";
    for (more, want) in [("", 1), (given, 0)] {
        let said = findings(rule, &[file, ("skaffold.yaml", &skaffold(more))]);
        assert_eq!(said.len(), want, "{more}: {said:?}");
    }
    let unknown = skaffold("      docker: {buildArgs: {OTHER: '1'}}\n");
    let said = findings("dockerfile/build-arg-not-declared", &[file, ("skaffold.yaml", &unknown)]);
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn a_download_that_is_no_file() {
    let rule = "dockerfile/curl-error-saved";
    for (flags, want) in [
        ("-o /a", 1),
        ("-sLo /a", 1),
        ("-o/a", 1),
        ("--output=/a", 1),
        ("-O", 1),
        ("-o-", 0),
        ("-so -", 0),
        ("-o /dev/null", 0),
        ("--output /dev/null", 0),
    ] {
        let text = format!("FROM debian:13\nRUN curl {flags} https://e.com/a\nCMD [\"/a\"]\n");
        let said = findings(rule, &[("Dockerfile", &text)]);
        assert_eq!(said.len(), want, "{flags}: {said:?}");
    }
}

#[test]
fn what_tests_read_is_nobodys_service() {
    let rule = "image/apt-lists-left";
    let text = "FROM debian:13\nRUN apt-get update && apt-get install -y curl\nCMD [\"/a\"]\n";
    let build = "services: {a: {build: ../testdata/a}}\n";
    let push = job("      - run: docker build -t e.com/a testdata/a && docker push e.com/a\n");
    for (path, other, services, want) in [
        ("a/Dockerfile", ("x", ""), 1, 1),
        ("testdata/a/Dockerfile", ("x", ""), 0, 0),
        ("tests/fixtures/a/Dockerfile", ("x", ""), 0, 0),
        ("testdata/a/Dockerfile", ("testdata/compose.yaml", "services: {a: {build: a}}\n"), 0, 0),
        ("testdata/a/Dockerfile", ("ci/compose.yaml", build), 1, 0),
        ("testdata/a/Dockerfile", (CI, &push), 1, 1),
    ] {
        let report = reviewed(&sources(&[(path, text), other]), &Measured::default());
        let said: Vec<_> = report.findings.iter().filter(|f| f.rule == rule).collect();
        assert_eq!((report.services.len(), said.len()), (services, want), "{path} {other:?}");
    }
}

#[test]
fn where_a_script_builds() {
    let file = "FROM debian:13\nCOPY . /a\n";
    let (root, own) = (("Dockerfile", file), ("tools/x/Dockerfile", file));
    for (script, context) in [
        ("docker build .", "tools/x"),
        ("docker build -f Dockerfile ..", "tools"),
        ("docker build -f tools/x/Dockerfile .", "."),
        ("cd \"$(dirname \"$0\")/../..\"\ndocker build .", "."),
        ("cd $(dirname -- \"${BASH_SOURCE[0]}\")\ndocker build -f ../../Dockerfile .", "tools/x"),
        ("cd \"${0%/*}\" && docker build .", "tools/x"),
        ("cd \"$(dirname \"$1\")\"\ndocker build -t a .", "not known"),
    ] {
        let text = format!("#!/bin/sh\n{script}\n");
        let files = [root, own, ("tools/x/build.sh", text.as_str())];
        let report = reviewed(&sources(&files), &Measured::default());
        let of = |s: &&ServiceSummary| s.builds.iter().any(|b| b.path.ends_with(".sh"));
        let built = report.services.iter().find(of);
        let context = Some(context).filter(|c| *c != "not known");
        assert_eq!(built.and_then(|s| s.context.as_deref()), context, "{script}: {built:?}");
    }
    // Without a Dockerfile beside it, a script is run from the root.
    let files = [root, ("ci/build.sh", "#!/bin/sh\ndocker build .\n")];
    let report = reviewed(&sources(&files), &Measured::default());
    assert_eq!(report.services[0].context.as_deref(), Some("."));
}

#[test]
fn what_is_not_said_has_not_passed() {
    let passed = |files: &[(&str, &str)]| {
        let report = reviewed(&sources(files), &Measured::default());
        report.passed.iter().any(|p| p.rule == "security/root-user")
    };
    let root = ("tests/Dockerfile", "FROM ubuntu:24.04\nCMD [\"/serve\", \"--port\"]\nEXPOSE 80\n");
    let product = ("Dockerfile", "FROM debian:13\nUSER 1000\nEXPOSE 80\nCMD [\"/serve\"]\n");
    assert!(passed(&[product]));
    assert!(!passed(&[root]) && !passed(&[product, root]));
}

#[test]
fn manifests_that_tests_read() {
    let manifest = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{spec: {{containers: [{{name: c, image: e.com/c:1}}]}}}}}}\n"
        )
    };
    let (a, b) = (manifest("a"), manifest("a"));
    let files = [("k8s/a.yaml", a.as_str()), ("testdata/a.yaml", b.as_str())];
    let report = reviewed(&sources(&files), &Measured::default());
    let said = report.findings.iter().find(|f| f.rule == "runtime/memory-limit-missing").unwrap();
    assert!(said.related.iter().all(|related| !related.location.path.starts_with("testdata/")));
}

#[test]
fn a_build_that_asks_git_keeps_it() {
    let fix = |files: &[(&str, &str)]| {
        let report = reviewed(&sources(files), &Measured::default());
        let mut own =
            report.findings.into_iter().filter(|f| f.rule == "context/missing-ignore-file");
        own.find_map(|f| f.fix).unwrap().edits[0].text.lines().any(|line| line == ".git")
    };
    let compose = ("compose.yaml", HERE);
    let file = |run: &str| format!("FROM golang:1.25\nCOPY . .\nRUN {run}\n");
    let (go, git, make) = (file("go build"), file("v=$(git describe) && go build"), file("make"));
    let version = ("Makefile", "VERSION := $(shell git describe --tags)\nall:\n\tgo build\n");
    assert!(fix(&[("Dockerfile", &go), compose, version]));
    assert!(fix(&[("Dockerfile", &make), compose]));
    assert!(!fix(&[("Dockerfile", &git), compose]));
    assert!(!fix(&[("Dockerfile", &make), compose, version]));
}
