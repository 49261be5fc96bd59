//! What must not be reported of builds and deployments: each case is right as it stands, or nothing here
//! can tell.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{CI, findings, job};

const STAGES: &str = "FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /x /x\n";

#[test]
fn a_cache_that_cannot_be_told() {
    let build = |with: &str| {
        job(&format!(
            "      - uses: docker/setup-buildx-action@v3\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n{with}"
        ))
    };
    for (rule, with) in [
        ("cache/cache-from-never-written", "          cache-from: ${{ steps.x.outputs.from }}\n"),
        (
            "cache/cache-from-never-written",
            "          cache-from: type=registry,ref=r/a:${{ inputs.tag }}\n          cache-to: type=registry,ref=r/a:x,mode=max\n",
        ),
        ("cache/cache-to-never-read", "          cache-to: ${{ steps.x.outputs.to }}\n"),
        ("cache/min-cache-multistage", "          cache-to: ${{ steps.x.outputs.to }}\n"),
        ("cache/gha-scope-collision", "          cache-to: type=gha,scope=${{ matrix.x }}\n"),
        ("cache/inline-cache-multistage", "          cache-to: type=inline\n          target: b\n"),
    ] {
        let files = [("Dockerfile", STAGES), (CI, &build(with))];
        assert_eq!(findings(rule, &files), Vec::<String>::new(), "{rule} {with}");
    }
    let own = build("").replace("ubuntu-latest", "self-hosted");
    let files = [("Dockerfile", STAGES), (CI, own.as_str())];
    assert_eq!(findings("cache/no-cache-on-hosted-runner", &files), Vec::<String>::new());
}

#[test]
fn a_user_that_the_cluster_sets() {
    let rule = "security/root-user";
    let file = ("app/Dockerfile", "FROM python:3.12-slim\nCMD [\"x\"]\n");
    let manifest = |security: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app}}\nspec:\n  template:\n    spec:\n{security}      containers:\n        - name: app\n          image: r.example/app:1\n"
        )
    };
    let other = manifest("      securityContext:\n        runAsUser: 1000\n");
    let root = manifest("      securityContext:\n        runAsUser: 0\n");
    assert_eq!(findings(rule, &[file]).len(), 1);
    assert_eq!(findings(rule, &[file, ("k8s/app.yaml", &manifest(""))]).len(), 1);
    assert_eq!(findings(rule, &[file, ("k8s/app.yaml", &root)]).len(), 1);
    assert_eq!(findings(rule, &[file, ("k8s/app.yaml", &other)]), Vec::<String>::new());
}

#[test]
fn workers_that_are_given_elsewhere() {
    let rule = "runtime/concurrency-without-workers";
    let of = |start: &str, flags: &str| {
        let steps = format!(
            "      - run: docker build -t r.example/a:1 .\n      - run: gcloud run deploy a --image r.example/a:1 {flags}\n"
        );
        let file = format!("FROM python:3.12-slim\n{start}\n");
        findings(rule, &[("Dockerfile", &file), (CI, &job(&steps))]).len()
    };
    assert_eq!(of("CMD [\"gunicorn\", \"m:a\"]", ""), 1);
    assert_eq!(of("ENTRYPOINT [\"gunicorn\"]\nCMD [\"--threads\", \"40\", \"m:a\"]", ""), 0);
    assert_eq!(of("CMD exec gunicorn $FLAGS m:a", ""), 0);
    assert_eq!(of("CMD [\"gunicorn\", \"m:a\"]", "--command ./other"), 0);
}

#[test]
fn an_argument_that_another_dockerfile_of_the_matrix_declares() {
    let rule = "dockerfile/build-arg-not-declared";
    let workflow = |args: &str| {
        format!(
            "on: push\njobs:\n  b:\n    runs-on: ubuntu-24.04\n    strategy:\n      matrix:\n        file: [a/Dockerfile, b/Dockerfile]\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          context: .\n          file: ${{{{ matrix.file }}}}\n          build-args: |\n{args}"
        )
    };
    let (a, b) = (("a/Dockerfile", "FROM a\nARG ONE\n"), ("b/Dockerfile", "FROM a\nARG TWO\n"));
    let both = workflow("            ONE=1\n            TWO=2\n");
    assert_eq!(findings(rule, &[a, b, (CI, &both)]), Vec::<String>::new());
    let third = workflow("            ONE=1\n            THREE=3\n");
    assert_eq!(findings(rule, &[a, b, (CI, &third)]).len(), 1, "one for the line");
}

#[test]
fn a_dockerfile_that_the_job_writes() {
    let rule = "cache/no-cache-on-hosted-runner";
    let file = ("Dockerfile", "FROM debian:13\nRUN make\n");
    for (before, want) in [
        ("make", 1),
        ("echo FROM a > Dockerfile.base", 1),
        ("cat <<E > Dockerfile\n          FROM a\n          E", 0),
        ("cp ci/Dockerfile ./Dockerfile", 0),
        ("sed s/a/b/ ci/Dockerfile | tee Dockerfile", 0),
    ] {
        let flow = job(&format!(
            "      - run: |\n          {before}\n      - uses: docker/build-push-action@v6\n        with: {{context: .}}\n"
        ));
        let said = findings(rule, &[file, (CI, &flow)]);
        assert_eq!(said.len(), want, "{before}: {said:?}");
    }
}

#[test]
fn a_check_of_a_dockerfile_is_no_build() {
    let rule = "cache/no-cache-on-hosted-runner";
    let of = |run: &str| findings(rule, &[("Dockerfile", STAGES), (CI, &job(run))]).len();
    assert_eq!(of("      - run: docker build .\n"), 1);
    assert_eq!(of("      - run: docker build --check .\n"), 0);
    assert_eq!(of("      - run: docker buildx build --call=check,format=json .\n"), 0);
    assert_eq!(of("      - run: docker buildx build --call build .\n"), 1);
    let action = |call: &str| {
        format!(
            "      - uses: docker/build-push-action@v6\n        with: {{context: ., call: {call}}}\n"
        )
    };
    assert_eq!((of(&action("check")), of(&action("build"))), (0, 1));
}

#[test]
fn a_tag_that_moves_beside_one_that_stays() {
    let rule = "deploy/only-mutable-tag-pushed";
    let push =
        |tag: &str| format!("      - run: docker buildx build --push -t r.example/{tag} .\n");
    let of = |tags: &[&str]| {
        let steps: String = tags.iter().map(|t| push(t)).collect();
        findings(rule, &[("Dockerfile", STAGES), (CI, &job(&steps))]).len()
    };
    assert_eq!(of(&["a:latest"]), 1);
    assert_eq!(of(&["a:$VERSION", "a:latest"]), 0);
    assert_eq!(of(&["b:$VERSION", "a:latest"]), 1, "another image");
}

#[test]
fn a_secret_that_stands_in_for_another() {
    let rule = "deploy/secret-in-plain-env";
    let of = |path: &str, comment: &str| {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          image: r.example/a:1\n          env:\n            - name: ACCESS_KEY {comment}\n              value: 83f2c41a9b7d\n"
        );
        findings(rule, &[(path, &text)]).join(" ")
    };
    assert!(of("k8s/a.yaml", "").starts_with("blocking"));
    assert!(of("k8s/a.yaml", "# required: replace with your key").starts_with("advice"));
    assert!(of("examples/a.yaml", "").starts_with("advice"));
}

#[test]
fn a_key_beside_federation() {
    let rule = "workflow/service-account-key";
    let of = |more: &str| {
        let steps = format!(
            "      - uses: google-github-actions/auth@v3\n        with:\n          credentials_json: ${{{{ secrets.K }}}}\n{more}      - run: kubectl apply -f x\n"
        );
        findings(rule, &[(CI, &job(&steps))]).join(" ")
    };
    assert!(of("").starts_with("should-fix"));
    assert!(of("          workload_identity_provider: p\n").starts_with("advice"));
}

#[test]
fn a_manifest_that_says_only_a_part() {
    let workload = |image: &str, more: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n{image}          livenessProbe: {{httpGet: {{path: /, port: 80}}, failureThreshold: 1}}\n{more}"
        )
    };
    let image = "          image: r.example/a:1\n";
    let (whole, patch) = (workload(image, ""), workload("", ""));
    let values = workload("          image: \"r.example/a:{{ .Values.tag }}\"\n", "");
    let filled = workload(image, "          args: [\"s/{{PROJECT}}/x/\"]\n");
    let broken =
        workload(image, "          resources:\n{{ toYaml .Values.resources | indent 12 }}\n");
    let kustomization = "patches:\n  - path: a.yaml\npatchesStrategicMerge: [b.yaml]\n";
    for rule in ["runtime/memory-limit-missing", "runtime/liveness-without-startup"] {
        let of = |files: &[(&str, &str)]| findings(rule, files).len();
        let with = ("k8s/kustomization.yaml", kustomization);
        assert_eq!(of(&[("k8s/a.yaml", &whole)]), 1, "{rule}: the base case");
        assert_eq!(of(&[("k8s/c.yaml", &whole), with]), 1, "{rule}: not named as a patch");
        assert_eq!(of(&[("k8s/a.yaml", &filled)]), 1, "{rule}: braces for a script");
        assert_eq!(of(&[("k8s/a.yaml", &patch)]), 0, "{rule}: no image");
        assert_eq!(of(&[("k8s/a.yaml", &whole), ("k8s/b.yaml", &whole), with]), 0, "{rule}");
        assert_eq!(of(&[("k8s/a.yaml", &values)]), 0, "{rule}: values elsewhere");
        assert_eq!(of(&[("k8s/a.yaml", &broken)]), 0, "{rule}: what a chart puts in");
        let chart = ("charts/a/Chart.yaml", "name: a\n");
        assert_eq!(of(&[("charts/a/templates/a.yaml", &whole), chart]), 0, "{rule}: a chart");
    }
}

#[test]
fn knative_that_is_not_cloud_run() {
    let service = |notes: &str| {
        format!(
            "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {{name: a}}\nspec:\n  template:\n{notes}    spec:\n      containers:\n        - image: r.example/a:1\n"
        )
    };
    let boost = "    metadata: {annotations: {run.googleapis.com/client-name: gcloud}}\n";
    let (plain, marked) = (service(""), service(boost));
    for rule in ["runtime/cpu-boost-off", "runtime/startup-probe-missing"] {
        let of = |files: &[(&str, &str)]| findings(rule, files).len();
        assert_eq!(of(&[("service.yaml", &marked)]), 1, "{rule}: an annotation of Cloud Run");
        let replaced = ("deploy.sh", "gcloud run services replace service.yaml\n");
        assert_eq!(of(&[("service.yaml", &plain), replaced]), 1, "{rule}: deployed to Cloud Run");
        assert_eq!(of(&[("service.yaml", &plain)]), 0, "{rule}");
        assert_eq!(of(&[("other.yaml", &plain), replaced]), 0, "{rule}: another file");
    }
}

#[test]
fn a_target_that_a_variable_of_compose_names() {
    let rule = "dockerfile/unknown-target-stage";
    let compose = "services:\n  a:\n    build:\n      context: ./${AT}\n      dockerfile: $FILE\n      target: ${TARGET:-none}\n";
    let file = ("app/a.Dockerfile", "FROM a AS run\n");
    let of = |env: &str| findings(rule, &[file, ("compose.yaml", compose), (".env", env)]);
    let known = "AT=app\nFILE=\"a.Dockerfile\" # the file\n";
    assert_eq!(of(&format!("{known}TARGET=run\n")), Vec::<String>::new());
    assert_eq!(of(&format!("{known}TARGET=walk\n")).len(), 1, "a stage that is not there");
    assert_eq!(of(""), Vec::<String>::new());
}

#[test]
fn a_recipe_that_calls_make() {
    let rule = "cache/no-cache-on-hosted-runner";
    let file = ("p/d/Dockerfile", "FROM debian:13\nRUN make\n");
    for (call, want) in [
        ("make deb", 1),
        ("$(MAKE) deb", 1),
        ("@${MAKE} --no-print-directory deb", 1),
        ("$(MAKE) other", 0),
    ] {
        let make =
            format!("pk:\n\t{call}\ndeb:\n\tdocker build -f p/d/Dockerfile .\nother:\n\ttrue\n");
        let flow = job("      - run: make pk\n");
        let said = findings(rule, &[file, ("Makefile", &make), (CI, &flow)]);
        assert_eq!(said.len(), want, "{call}: {said:?}");
    }
    // One that calls itself in every line ends all the same.
    let hostile = format!("a:\n{}", "\t$(MAKE) a\n".repeat(200));
    let flow = job("      - run: make a\n");
    assert_eq!(findings(rule, &[file, ("Makefile", &hostile), (CI, &flow)]).len(), 0);
}

#[test]
fn an_install_that_no_lock_file_is_for() {
    let rule = "dependencies/unlocked-install";
    let lists = [("pyproject.toml", "[project]\nname = \"a\"\n"), ("uv.lock", "version = 1\n")];
    for (run, want) in
        [("uv sync", 1), ("uv sync --locked", 0), ("uv pip install -r requirements.txt", 0)]
    {
        let text = format!("FROM a\nCOPY pyproject.toml uv.lock requirements.txt ./\nRUN {run}\n");
        let files =
            [&[("Dockerfile", text.as_str()), ("requirements.txt", "")], &lists[..]].concat();
        assert_eq!(findings(rule, &files).len(), want, "{run}");
    }
}

#[test]
fn what_is_slow_on_an_emulated_processor() {
    let rule = "workflow/emulated-build";
    let flow = job(
        "      - uses: docker/setup-qemu-action@v3\n      - uses: docker/build-push-action@v6\n        with: {context: ., platforms: 'linux/amd64,linux/arm64'}\n",
    );
    for (run, want) in [("npm run build", 1), ("npm run build-docker", 1), ("npm run start", 0)] {
        let text = format!("FROM node:22\nCOPY . .\nRUN {run}\n");
        assert_eq!(findings(rule, &[("Dockerfile", &text), (CI, &flow)]).len(), want, "{run}");
    }
}
