//! What must not be reported: each case is right as it stands, or nothing here can tell.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{CI, HERE, findings, job};

const STAGES: &str = "FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /x /x\n";

#[test]
fn a_missing_source_that_something_may_make() {
    let rule = "dockerfile/copy-source-missing";
    let file = ("Dockerfile", "FROM a\nCOPY dist /dist\n");
    let build = "      - uses: docker/build-push-action@v6\n        with: {context: .}\n";
    assert_eq!(findings(rule, &[file, (CI, &job(build))]).len(), 1, "the base case");
    let made = job(&format!("      - run: npm run build\n{build}"));
    let unpacked = job(&format!("      - uses: actions/download-artifact@v4\n{build}"));
    for files in [
        vec![file, (CI, &made)],
        vec![file, (CI, &unpacked)],
        vec![file, (".gitignore", "dist/\n"), (CI, &job(build))],
        vec![file],
        vec![file, ("build.sh", "#!/bin/sh\ndocker build .\n")],
        vec![("Dockerfile", "FROM a\nARG D\nCOPY $D *.txt /x\n"), ("compose.yaml", HERE)],
        vec![("Dockerfile", "FROM a AS unused\nCOPY no /no\nFROM b\n"), ("compose.yaml", HERE)],
    ] {
        assert_eq!(findings(rule, &files), Vec::<String>::new(), "{files:?}");
    }
}

#[test]
fn a_local_dependency_that_the_build_has() {
    let rule = "dependencies/path-outside-context";
    let compose = ("compose.yaml", "services:\n  api:\n    build: api\n");
    let requirements = ("api/requirements.txt", "core @ file:///home/me/core\n");
    let dockerfile = |rest: &str| format!("FROM p\nCOPY requirements.txt .\n{rest}");
    let install = "RUN pip install -r requirements.txt\n";
    let plain = dockerfile(install);
    assert_eq!(findings(rule, &[("api/Dockerfile", &plain), requirements, compose]).len(), 1);
    let copied = dockerfile(&format!("COPY core /home/me/core\n{install}"));
    let edited = dockerfile(&format!("RUN sed -i /file:/d requirements.txt\n{install}"));
    let other = dockerfile("RUN pip install fastapi\n");
    for text in [&copied, &edited, &other] {
        let files = [("api/Dockerfile", text.as_str()), requirements, compose];
        assert_eq!(findings(rule, &files), Vec::<String>::new(), "{text}");
    }
    let named = "services:\n  api:\n    build:\n      context: api\n      additional_contexts:\n        core: ./core\n";
    let relative = ("api/requirements.txt", "-e ../core\n");
    let copied = dockerfile(&format!("COPY --from=core . /core\n{install}"));
    for (text, want) in [(&copied, 0), (&plain, 1)] {
        let files = [("api/Dockerfile", text.as_str()), relative, ("compose.yaml", named)];
        assert_eq!(findings(rule, &files).len(), want, "{text}");
    }
}

#[test]
fn an_argument_or_a_copy_that_is_right() {
    let args = "services:\n  app:\n    build:\n      context: .\n      args: {HTTP_PROXY: x, BUILDKIT_INLINE_CACHE: '1', TARGETARCH: y}\n";
    let files = [("Dockerfile", STAGES), ("compose.yaml", args)];
    assert_eq!(findings("dockerfile/build-arg-not-declared", &files), Vec::<String>::new());
    for text in [
        "FROM n\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm ci --omit=dev\n",
        "FROM n\nCOPY . .\nRUN pip install .\n",
        "FROM n\nCOPY . .\nRUN go build ./...\n",
    ] {
        let found = findings("cache/copy-all-before-install", &[("Dockerfile", text)]);
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
    for text in [
        "FROM p\nRUN pip install poetry==1.8.3\nRUN poetry export -o r.txt\n",
        "FROM p\nRUN pip install poetry poetry-plugin-export\nRUN poetry export -o r.txt\n",
        "FROM p\nENV V=1.8.2\nRUN pip install poetry==$V\nRUN poetry export -o r.txt\n",
        "FROM p\nRUN poetry export -o r.txt\n",
    ] {
        let found = findings("dependencies/poetry-export-without-plugin", &[("Dockerfile", text)]);
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_ignore_file_that_lets_it_through() {
    let rule = "context/source-ignored";
    let copies = ("Dockerfile", "FROM a\nCOPY wheels/x.whl docs /x\n");
    let there = [("wheels/x.whl", ""), ("docs/a.md", ""), ("compose.yaml", HERE)];
    let with = |text| {
        let mut files = vec![copies, (".dockerignore", text)];
        files.extend(there);
        findings(rule, &files)
    };
    assert_eq!(with("wheels\n").len(), 1);
    assert_eq!(with("*\n!wheels\n!docs\n"), Vec::<String>::new());
    assert_eq!(with("docs\n!docs/a.md\n"), Vec::<String>::new());
    assert_eq!(with("**/*.md\n"), Vec::<String>::new());
}

#[test]
fn tools_of_python_in_an_image_of_another_language() {
    let rule = "image/python-bytecode-missing";
    let file = |start: &str| format!("FROM node:22-slim\nRUN uv pip install x\n{start}\n");
    assert_eq!(findings(rule, &[("Dockerfile", &file("CMD [\"python3\", \"a.py\"]"))]).len(), 1);
    let node = file("CMD [\"node\", \"a.js\"]");
    assert_eq!(findings(rule, &[("Dockerfile", &node)]), Vec::<String>::new());
}

#[test]
fn sudo_that_is_needed_or_goes_again() {
    let rule = "security/sudo-in-build";
    let of = |lines: &str| findings(rule, &[("Dockerfile", lines)]).len();
    assert_eq!(of("FROM debian:12\nRUN sudo ls\n"), 1);
    assert_eq!(of("FROM debian:12\nUSER app\nRUN sudo ls\n"), 0);
    assert_eq!(of("FROM debian:12\nRUN sudo -u app ls\n"), 0);
    assert_eq!(of("FROM cimg/node:22.1\nRUN sudo ls\n"), 0, "the base has a user of its own");
    assert_eq!(
        of("FROM debian:12\nRUN apt-get install -y sudo && x && apt-get purge -y sudo\n"),
        0
    );
    assert_eq!(of("FROM debian:12 AS b\nRUN apt-get install -y sudo\nFROM scratch\n"), 0);
}

#[test]
fn a_development_server_in_a_stage_for_work() {
    let file =
        "FROM p AS prod\nCMD [\"x\"]\nFROM prod AS dev\nCMD [\"uvicorn\", \"a:b\", \"--reload\"]\n";
    let prod = job("      - run: docker build --target prod .\n");
    let rule = "runtime/dev-server";
    let last = file.replace("AS dev", "AS live");
    assert_eq!(findings(rule, &[("Dockerfile", &last)]).len(), 1);
    assert_eq!(findings(rule, &[("Dockerfile", file)]), Vec::<String>::new());
    assert_eq!(findings(rule, &[("Dockerfile", &last), (CI, &prod)]), Vec::<String>::new());
}

/// A Dockerfile with that start, deployed to Cloud Run for production with more flags.
fn deployed(rule: &str, start: &str, flags: &str) -> Vec<String> {
    let steps = format!(
        "      - run: |\n          docker build -t eu.gcr.io/p/api .\n          gcloud run deploy api --image eu.gcr.io/p/api {flags}\n"
    );
    let files = [("Dockerfile", start), (".github/workflows/deploy-production.yml", &job(&steps))];
    findings(rule, &files)
}

#[test]
fn a_server_whose_address_cannot_be_told() {
    let rule = "runtime/bind-localhost";
    let plain = "FROM p\nCMD [\"uvicorn\", \"a:a\"]\n";
    assert_eq!(deployed(rule, plain, "").len(), 1, "the base case");
    for (start, flags) in [
        ("FROM p\nCMD exec uvicorn a:a --host ${HOST:-0.0.0.0}\n", ""),
        ("FROM p\nENTRYPOINT [\"uvicorn\", \"a:a\"]\nCMD [\"--host\", \"0.0.0.0\"]\n", ""),
        ("FROM p\nCMD nginx && exec uvicorn a:a --uds /tmp/s\n", ""),
        (plain, "--args=a:a,--host=0.0.0.0"),
        (plain, "--set-env-vars UVICORN_HOST=0.0.0.0"),
        (plain, "$DEPLOY_FLAGS"),
    ] {
        assert_eq!(deployed(rule, start, flags), Vec::<String>::new(), "{start} {flags}");
    }
}

#[test]
fn a_port_that_flags_may_set() {
    let rule = "runtime/port-mismatch";
    let start =
        "FROM p\nCMD [\"uvicorn\", \"a:a\", \"--host\", \"0.0.0.0\", \"--port\", \"5000\"]\n";
    assert_eq!(deployed(rule, start, "--port 8000").len(), 1, "the base case");
    for flags in ["$DEPLOY_FLAGS", "--flags-file=run.yaml", "--port 5000", "--port $PORT"] {
        assert_eq!(deployed(rule, start, flags), Vec::<String>::new(), "{flags}");
    }
}

#[test]
fn a_shell_that_replaces_itself() {
    let rule = "runtime/shell-form-without-exec";
    assert_eq!(deployed(rule, "FROM p\nCMD serve\n", "").len(), 1, "the base case");
    for start in [
        "FROM p:alpine\nCMD serve\n",
        "FROM p\nSHELL [\"/bin/bash\", \"-c\"]\nCMD serve\n",
        "FROM p\nCMD exec serve\n",
        "ARG B\nFROM $B\nCMD serve\n",
    ] {
        assert_eq!(deployed(rule, start, ""), Vec::<String>::new(), "{start}");
    }
}

#[test]
fn flags_that_are_not_written_out() {
    for rule in [
        "runtime/cpu-boost-off",
        "runtime/max-instances-unset",
        "runtime/scale-to-zero",
        "runtime/startup-probe-missing",
    ] {
        let start = "FROM p\nCMD [\"serve\"]\n";
        assert_eq!(deployed(rule, start, "--quiet").len(), 1, "the base case of {rule}");
        for flags in ["$DEPLOY_FLAGS", "--quiet \"${FLAGS[@]}\"", "--flags-file=run.yaml"] {
            assert_eq!(deployed(rule, start, flags), Vec::<String>::new(), "{rule} {flags}");
        }
    }
}

#[test]
fn an_address_that_a_variable_may_set() {
    let of = |start: &str| {
        let file = format!("FROM python:3.12-slim\n{start}\n");
        let steps = "      - run: docker build -t r.example/a:1 .\n      - run: gcloud run deploy a --image r.example/a:1\n";
        findings("runtime/bind-localhost", &[("Dockerfile", &file), (CI, &job(steps))]).len()
    };
    assert_eq!(of("CMD exec uvicorn a:b --port $PORT"), 1);
    assert_eq!(of("CMD exec uvicorn a:b $FLAGS"), 0);
    assert_eq!(of("CMD exec uvicorn a:b --proxy-headers $FLAGS"), 0);
    assert_eq!(of("ENTRYPOINT [\"uvicorn\"]\nCMD [\"a:b\", \"--host\", \"0.0.0.0\"]"), 0);
}

#[test]
fn tools_that_the_same_run_takes_away() {
    let rule = "image/build-tools-in-final-stage";
    let of = |run: &str| {
        findings(rule, &[("Dockerfile", &format!("FROM debian:12\nRUN {run}\nCMD [\"x\"]\n"))])
            .len()
    };
    let saved = "saved=\"$(apt-mark showmanual)\"; apt-get install -y gcc make; make";
    assert_eq!(of(saved), 1);
    assert_eq!(
        of(&format!(
            "{saved}; apt-mark auto '.*'; apt-mark manual $saved; apt-get purge -y --auto-remove"
        )),
        0
    );
    assert_eq!(
        of(&format!("{saved}; echo gcc make | xargs apt-mark auto; apt-get -y autoremove")),
        0
    );
    assert_eq!(of(&format!("{saved}; apt-get purge -y --auto-remove")), 1, "they stay marked");
    for add in ["-t .deps", "--virtual=.deps", "--virtual .deps"] {
        assert_eq!(
            of(&format!("apk add --no-cache {add} gcc && make && apk del .deps")),
            0,
            "{add}"
        );
        assert_eq!(
            of(&format!("apk --no-cache add {add} gcc && make && apk del --no-network .deps")),
            0
        );
    }
    assert_eq!(of("apk add git"), 0, "a service may run git");
    assert_eq!(of("apk add git make"), 1);
}

#[test]
fn a_base_that_the_repository_builds() {
    let rule = "security/unpinned-base";
    let files = [("Dockerfile.api", "FROM own-base\nCMD [\"x\"]\n")];
    let with = |more: &[(&str, &str)]| findings(rule, &[&files, more].concat()).len();
    assert_eq!(with(&[]), 1);
    assert_eq!(with(&[("Dockerfile", "FROM a:1 AS own-base\nRUN x\n")]), 0, "a stage elsewhere");
    let base = ("base/Dockerfile", "FROM a:1\n");
    for first in ["DOCKER ?= docker\n", "", "DOCKER = /usr/bin/podman\n"] {
        let make = format!("{first}base:\n\tX=1 $(DOCKER) build -t own-base base # docker\n");
        assert_eq!(with(&[base, ("Makefile", &make)]), 0, "{make}");
    }
    let other = "DOCKER = ship\nbase:\n\t$(DOCKER) build -t own-base base # docker\n";
    assert_eq!(with(&[base, ("Makefile", other)]), 1);
}

#[test]
fn a_dockerfile_that_only_notes_a_version() {
    let rule = "security/root-user";
    let file = ("Dockerfile", "FROM golang:1.26.5\n");
    assert_eq!(findings(rule, &[file]), Vec::<String>::new());
    assert_eq!(findings(rule, &[file, ("compose.yaml", HERE)]).len(), 1, "it is built");
}

#[test]
fn a_folder_of_a_drive() {
    let rule = "dockerfile/relative-workdir";
    for (path, want) in [("app", 1), ("C:\\\\app", 0), ("d:/app", 0), ("\"C:\\\\a b\"", 0)] {
        let text = format!("FROM mcr.microsoft.com/windows/nanoserver:ltsc2025\nWORKDIR {path}\n");
        assert_eq!(findings(rule, &[("Dockerfile", &text)]).len(), want, "{path}");
    }
}

#[test]
fn the_value_of_a_flag_is_no_package() {
    let rule = "security/unpinned-package";
    for (run, want) in [
        ("uv pip install --system rich", 1),
        (
            "uv pip install --python-preference system --index-strategy unsafe-best-match -r r.txt",
            0,
        ),
        ("uv pip install -b build.txt --torch-backend cpu --exclude-newer 2026-01-01 -r r.txt", 0),
        ("pip install --root-user-action ignore --keyring-provider disabled -r r.txt", 0),
    ] {
        let text = format!("FROM python:3.14-slim\nRUN {run}\nCMD [\"x\"]\n");
        assert_eq!(findings(rule, &[("Dockerfile", &text)]).len(), want, "{run}");
    }
}
