//! What must not be reported of Kubernetes, compose, Cloud Build and GitLab: each case is right as
//! it stands, or nothing here can tell.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::count;

const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {app: a}}\n";

fn deployment(spec: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec:\n{spec}  template:\n    metadata: {{labels: {{app: a}}}}\n    spec:\n{pod}      containers:\n        - name: a\n          image: a:1\n"
    )
}

/// What makes the Deployment one of a service of the repository.
const OWN: [(&str, &str); 2] =
    [("Dockerfile", "FROM x\n"), ("compose.yaml", "services: {a: {build: ., image: 'a:1'}}\n")];

fn own(rule: &str, files: &[(&str, &str)]) -> usize {
    let all: Vec<(&str, &str)> = OWN.iter().chain(files).copied().collect();
    count(rule, &all)
}

const GONE: &str = "  strategy: {rollingUpdate: {maxUnavailable: 1}}\n";

#[test]
fn a_rollout_that_keeps_pods() {
    let rule = "runtime/outage-per-rollout";
    let plain = deployment(GONE, "");
    let volume = deployment(GONE, "      volumes: [{persistentVolumeClaim: {claimName: c}}]\n");
    let three = deployment(&format!("  replicas: 3\n{GONE}"), "");
    let share = deployment("  strategy: {rollingUpdate: {maxUnavailable: 25%}}\n", "");
    let headless = SERVICE.replace("spec: {", "spec: {clusterIP: None, ");
    let other = SERVICE.replace("{app: a}", "{app: b}");
    let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {name: a}}\n";
    let patched = "resources: [a.yaml]\npatches: [{path: p.yaml}]\n";
    let base = [("k/a.yaml", plain.as_str()), ("k/s.yaml", SERVICE)];
    assert_eq!(own(rule, &base), 1, "the base case");
    assert_eq!(count(rule, &base), 0, "an image of others");
    for files in [
        vec![("k/a.yaml", plain.as_str())],
        vec![("k/a.yaml", &plain), ("k/s.yaml", &headless)],
        vec![("k/a.yaml", &plain), ("k/s.yaml", &other)],
        vec![("k/a.yaml", &volume), ("k/s.yaml", SERVICE)],
        vec![("k/a.yaml", &three), ("k/s.yaml", SERVICE)],
        vec![("k/a.yaml", &share), ("k/s.yaml", SERVICE)],
        vec![("k/a.yaml", &plain), ("k/s.yaml", SERVICE), ("k/h.yaml", scaler)],
        vec![("k/a.yaml", &plain), ("k/s.yaml", SERVICE), ("k/kustomization.yaml", patched)],
        vec![
            ("chart/Chart.yaml", "name: a\n"),
            ("chart/templates/a.yaml", &plain),
            ("chart/templates/s.yaml", SERVICE),
        ],
        vec![("tests/a.yaml", &plain), ("tests/s.yaml", SERVICE)],
    ] {
        assert_eq!(own(rule, &files), 0, "{files:?}");
    }
}

#[test]
fn a_pod_that_ends_well() {
    let rule = "runtime/no-drain-before-stop";
    let base = deployment("", "");
    let stop = |hook: &str| format!("{base}          lifecycle: {{preStop: {hook}}}\n");
    let grace = |seconds: u32, hook: &str| {
        let pod = format!("      terminationGracePeriodSeconds: {seconds}\n");
        let text = deployment("", &pod);
        format!("{text}          lifecycle: {{preStop: {hook}}}\n")
    };
    let beside = format!("{base}        - name: proxy\n          image: p:1\n");
    let recreated = deployment("  strategy: {type: Recreate}\n", "");
    for (text, want) in [
        (base.clone(), 1),
        (grace(0, "{sleep: {seconds: 5}}"), 1),
        (grace(5, "{exec: {command: [sh, -c, sleep 15]}}"), 1),
        (grace(40, "{exec: {command: [sleep, '15']}}"), 0),
        (stop("{exec: {command: [nginx, -s, quit]}}"), 0),
        (stop("{httpGet: {path: /drain, port: 80}}"), 0),
        (beside, 0),
        (recreated, 0),
    ] {
        assert_eq!(own(rule, &[("k/a.yaml", &text), ("k/s.yaml", SERVICE)]), want, "{text}");
    }
}

#[test]
fn a_dependency_that_is_awaited_or_says_nothing() {
    let rule = "runtime/dependency-not-awaited";
    let of = |needs: &str, check: &str| {
        format!(
            "services:\n  a:\n    image: a\n    depends_on: {needs}\n  b:\n    image: b\n{check}"
        )
    };
    let check = "    healthcheck: {test: [CMD, x]}\n";
    for (text, want) in [
        (of("[b]", check), 1),
        (of("[b]", ""), 0),
        (of("{b: {condition: service_started}}", check), 0),
        (of("{b: {condition: service_healthy}}", check), 0),
        (of("[b]", "    healthcheck: {disable: true}\n"), 0),
        (of("[b]", "    healthcheck: {test: [NONE]}\n"), 0),
    ] {
        assert_eq!(count(rule, &[("compose.yaml", &text)]), want, "{text}");
    }
    let laid_over = [("compose.yaml", of("[b]", check)), ("compose.prod.yaml", of("[b]", check))];
    let files: Vec<(&str, &str)> = laid_over.iter().map(|(p, t)| (*p, t.as_str())).collect();
    assert_eq!(count(rule, &files), 0);
}

#[test]
fn a_deployment_of_gitlab_that_cannot_be_told() {
    let job = "d:\n  script:\n    - helm upgrade --install a ./chart\n";
    for rule in ["workflow/deploy-concurrency-missing", "workflow/environment-missing"] {
        for (text, want) in [
            (job.to_owned(), 1),
            (format!("include: x.yml\n{job}"), 0),
            (format!("{job}  extends: .deploy\n"), 0),
            (format!(".{job}"), 0),
            (format!("{job}    - echo\n  before_script:\n    - kind create cluster\n"), 0),
            (format!("{job}  services: [rancher/k3s:v1]\n"), 0),
        ] {
            assert_eq!(count(rule, &[(".gitlab-ci.yml", &text)]), want, "{rule}: {text}");
        }
    }
}

#[test]
fn a_retry_that_is_no_second_deployment() {
    let rule = "workflow/retry-on-deploy";
    let of = |retry: &str| format!("d:\n  retry: {retry}\n  script: helm upgrade a ./chart\n");
    for (text, want) in [
        (of("1"), 1),
        (of("{max: 1, when: [always]}"), 1),
        (of("0"), 0),
        (of("{max: 2, when: runner_system_failure}"), 0),
        (of("{max: 2, exit_codes: 137}"), 0),
        (of("2").replace("helm upgrade a ./chart", "make test"), 0),
    ] {
        assert_eq!(count(rule, &[(".gitlab-ci.yml", &text)]), want, "{text}");
    }
}

#[test]
fn a_cache_of_cloud_build_or_gitlab_that_cannot_be_told() {
    let rule = "cache/no-cache-on-hosted-runner";
    let file = ("Dockerfile", "FROM a\nRUN x\n");
    let cloud =
        |args: &str| format!("steps:\n- name: gcr.io/cloud-builders/docker\n  args: {args}\n");
    for (args, want) in [
        ("[build, -t, $_IMAGE, .]", 1),
        ("['build', '$_FLAGS', '.']", 0),
        ("[build, --cache-from, $_IMAGE, -t, $_IMAGE, .]", 0),
        ("[build, --no-cache, .]", 0),
    ] {
        assert_eq!(count(rule, &[file, ("cloudbuild.yaml", &cloud(args))]), want, "{args}");
    }
    let lab = |services: &str, flags: &str| {
        format!("b:\n  services: {services}\n  script:\n    - docker build {flags} .\n")
    };
    for (services, flags, want) in [
        ("[docker:dind]", "-t $X", 1),
        ("[{name: docker:28-dind}]", "-t $X", 1),
        ("[docker:dind]", "$FLAGS", 0),
        ("[postgres:17]", "-t $X", 0),
    ] {
        let text = lab(services, flags);
        assert_eq!(count(rule, &[file, (".gitlab-ci.yml", &text)]), want, "{text}");
    }
}

#[test]
fn steps_of_cloud_build_in_an_order_of_their_own() {
    let rule = "workflow/serial-image-builds";
    let files = [("a/Dockerfile", "FROM x\n"), ("b/Dockerfile", "FROM y\n")];
    let of = |first: &str, rest: &str| {
        format!(
            "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, {first}, a]\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, r/b, b]\n{rest}"
        )
    };
    for (text, want) in [(of("r/a", ""), 1), (of("r/a", "  waitFor: ['-']\n"), 0), (of("y", ""), 0)]
    {
        let all = [files[0], files[1], ("cloudbuild.yaml", text.as_str())];
        assert_eq!(count(rule, &all), want, "{text}");
    }
}
