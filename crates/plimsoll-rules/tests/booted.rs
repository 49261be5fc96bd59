//! Cold starts that were measured: they decide where a rule would guess, and are quoted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use plimsoll_model::{Date, Finding, ProbePlan, Sources, StartPlan};
use plimsoll_rules::config::FILE;
use plimsoll_rules::review::{Measured, Review, Terms, review};
use plimsoll_rules::views::start_plan::{environments, start_plan, start_plans};

const DOCKERFILE: &str =
    "FROM python:3.12-slim\nCMD [\"uvicorn\", \"app:app\", \"--host\", \"0.0.0.0\"]\n";

/// A repository whose service `api` is deployed to Cloud Run with some flags, environment by environment.
fn deployed(flags: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    sources.insert("Dockerfile", DOCKERFILE);
    for (environment, flags) in flags {
        let text = format!(
            "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {{context: ., push: true, tags: eu.example.com/api:1}}\n      - run: gcloud run deploy api --image eu.example.com/api:1 {flags}\n"
        );
        sources.insert(&format!(".github/workflows/deploy-{environment}.yml"), text);
    }
    sources
}

fn with<T>(sources: &Sources, boots: &str, act: impl FnOnce(&Review<'_>) -> T) -> T {
    let mut measured = Measured::default();
    measured.boots.insert("api".into(), serde_json::from_str(boots).unwrap());
    common::with(sources, &measured, act)
}

/// The findings of a rule, with their evidence.
fn findings(rule: &str, sources: &Sources, boots: &str) -> Vec<Finding> {
    let today = Date::from_ymd(2026, 11, 23).unwrap();
    let terms = Terms { today, baseline: None, version: "test" };
    let report = with(sources, boots, |evidence| review(evidence, &terms));
    report.findings.into_iter().filter(|finding| finding.rule == rule).collect()
}

/// One start in production, ready after some seconds; its port open and its probe passed before that.
fn start(port: f64, ready: f64) -> String {
    format!(
        r#"[{{"settings": {{"environment": "production", "cpus": 1.0, "memory": 536870912}},
            "boots": [{{"outcome": {{"kind": "ready"}}, "port": {port}, "probe": {ready}, "ready": {ready}}}]}}]"#
    )
}

fn plans(sources: &Sources) -> Vec<StartPlan> {
    with(sources, "[]", |review| start_plans(review, &review.found.services[0]))
}

#[test]
fn what_is_not_set_has_the_platforms_defaults() {
    let plan = &plans(&deployed(&[("production", "")]))[0];
    assert_eq!((plan.cpus, plan.memory), (Some(1.0), Some(512 << 20)));
    assert_eq!((plan.boost, plan.concurrency), (Some((2.0, false)), Some(80)));
    assert_eq!((plan.probe.clone(), plan.source.clone()), (Some(ProbePlan::Tcp), None));
}

#[test]
fn what_is_set_is_read_with_its_place() {
    let flags =
        "--cpu=4 --memory=2Gi --cpu-boost --concurrency=10 --startup-probe=httpGet.path=/up";
    let plan = &plans(&deployed(&[("production", flags)]))[0];
    assert_eq!((plan.cpus, plan.boost), (Some(4.0), Some((8.0, true))));
    assert_eq!(plan.concurrency, Some(10));
    assert_eq!(plan.probe, Some(ProbePlan::Http("/up".into())));
    assert_eq!(plan.source.as_deref(), Some(".github/workflows/deploy-production.yml:8"));
    let half = &plans(&deployed(&[("production", "--cpu=500m")]))[0];
    assert_eq!((half.boost, half.concurrency), (Some((2.0, false)), Some(1)));
}

#[test]
fn what_may_be_set_elsewhere_is_not_known() {
    let plan = &plans(&deployed(&[("production", "$FLAGS")]))[0];
    assert_eq!((plan.cpus, plan.memory, plan.concurrency), (None, None, None));
    assert_eq!(plan.boost, None);
    let plan = &plans(&deployed(&[("production", "--cpu=$CPU")]))[0];
    assert_eq!(plan.cpus, None);
}

#[test]
fn environments_that_are_alike_are_tried_once_and_known_by_name() {
    let sources = deployed(&[("staging", "--cpu=1"), ("production", "--cpu=1")]);
    with(&sources, "[]", |review| {
        let service = &review.found.services[0];
        let all = start_plans(review, service);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].environment.as_deref(), Some("production"));
        assert_eq!(environments(review, service), ["production", "staging"]);
        let named = |name| start_plan(review, service, name).and_then(|plan| plan.environment);
        assert_eq!(named(None).as_deref(), Some("production"));
        assert_eq!(named(Some("staging")).as_deref(), Some("staging"));
        assert_eq!(named(Some("nowhere")), None);
    });
}

#[test]
fn kubernetes_asks_its_readiness_probe_where_none_is_for_the_start() {
    let manifest = |probes: &str| {
        let mut sources = deployed(&[]);
        sources.insert(
            "compose.yaml",
            "services:\n  api:\n    build: .\n    image: eu.example.com/api\n",
        );
        sources.insert(
            "k8s/production.yaml",
            format!("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api}}\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          image: eu.example.com/api:1\n{probes}"),
        );
        let plans = plans(&sources);
        plans.into_iter().find(|plan| plan.environment.is_some()).unwrap()
    };
    let readiness = "          readinessProbe: {httpGet: {path: /ready}}\n";
    let startup = "          startupProbe: {tcpSocket: {port: 80}}\n";
    assert_eq!(manifest(readiness).probe, Some(ProbePlan::Http("/ready".into())));
    assert_eq!(manifest(&format!("{readiness}{startup}")).probe, Some(ProbePlan::Tcp));
    assert_eq!((manifest("").probe, manifest("").cpus), (None, None));
}

#[test]
fn a_window_with_room_for_the_slowest_start_is_wide_enough() {
    let rule = "runtime/startup-window-short";
    let probe = "--startup-probe=httpGet.path=/up,periodSeconds=1,failureThreshold=5";
    let sources = deployed(&[("production", probe)]);
    assert_eq!(findings(rule, &sources, "[]").len(), 1, "a guess: 5 seconds are few");
    assert_eq!(findings(rule, &sources, &start(0.3, 2.4)).len(), 0, "2.4 seconds are half of it");
    let short = &findings(rule, &sources, &start(0.3, 2.6))[0];
    assert_eq!(short.level, plimsoll_model::Level::ShouldFix);
    assert_eq!(short.evidence[0], "measured: 1 cold start at 1 CPU: median 2.60 s, max 2.60 s");
    let fix = short.fix.as_ref().unwrap();
    assert_eq!((fix.edits[0].text.as_str(), fix.edits[0].end - fix.edits[0].start), ("8", 1));
    let fails = &findings(rule, &sources, &start(0.3, 5.2))[0];
    assert_eq!(fails.level, plimsoll_model::Level::Blocking);
    // A guess is silent above ten seconds, and a measurement is not.
    let wide = deployed(&[("production", &probe.replace("=5", "=20"))]);
    assert_eq!(findings(rule, &wide, "[]").len(), 0);
    assert_eq!(findings(rule, &wide, &start(0.3, 11.0)).len(), 1);
}

#[test]
fn the_number_of_a_manifest_is_raised_where_it_stands() {
    let mut sources = deployed(&[]);
    sources
        .insert("compose.yaml", "services:\n  api:\n    build: .\n    image: eu.example.com/api\n");
    sources.insert(
        "k8s/production.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          image: eu.example.com/api:1\n          resources: {limits: {cpu: 1, memory: 512Mi}}\n          startupProbe:\n            httpGet: {path: /up}\n            failureThreshold: 3 # enough\n            periodSeconds: 2\n",
    );
    let found = findings("runtime/startup-window-short", &sources, &start(0.3, 9.0));
    let edit = &found[0].fix.as_ref().unwrap().edits[0];
    let text = sources.text("k8s/production.yaml").unwrap();
    assert_eq!(&text[edit.start as usize..edit.end as usize], "3");
    assert_eq!(edit.text, "14");
}

#[test]
fn a_port_that_opens_when_the_service_is_ready_needs_no_other_probe() {
    let rule = "runtime/startup-probe-missing";
    let sources = deployed(&[("production", "")]);
    assert_eq!(findings(rule, &sources, "[]").len(), 1);
    assert_eq!(findings(rule, &sources, &start(0.60, 0.62)).len(), 0);
    let early = &findings(rule, &sources, &start(0.209, 0.658))[0];
    assert!(early.evidence[0].contains("opens after 209 ms"), "{:?}", early.evidence);
    assert!(early.evidence[0].contains("for 449 ms requests wait or fail"), "{:?}", early.evidence);
}

#[test]
fn a_cold_start_within_its_budget_may_scale_to_zero() {
    let rule = "runtime/scale-to-zero";
    let mut sources = deployed(&[("production", "")]);
    assert_eq!(findings(rule, &sources, "[]").len(), 1);
    assert_eq!(findings(rule, &sources, &start(0.6, 1.9)).len(), 0);
    let long = &findings(rule, &sources, &start(0.6, 2.2))[0];
    assert!(long.evidence.last().unwrap().ends_with("the budget of a cold start is 2.00 s"));
    sources.insert(FILE, "[budgets]\n\"boot.ready.p95\" = 3.0\n");
    assert_eq!(findings(rule, &sources, &start(0.6, 2.2)).len(), 0);
}

/// Boost measured in pairs: the difference, and where it lies.
fn boost(is_set: bool, pairs: u32, difference: f64, low: f64, high: f64) -> String {
    let boosted = if is_set { ", \"boosted_cpus\": 2.0" } else { "" };
    let subject = 2.0 * (1.0 + difference);
    format!(
        r#"[{{"settings": {{"environment": "production", "cpus": 1.0, "memory": 536870912{boosted}}},
            "boost": {{"cpus": 2.0, "is_set": {is_set}, "tail": 10.0, "billed": 10.5, "cost": [0.000252, "2026-10"],
              "ready": {{"pairs": {pairs}, "subject": {subject}, "against": 2.0,
                "difference": {difference}, "interval": [{low}, {high}]}}}}}}]"#
    )
}

#[test]
fn boost_is_judged_by_what_it_was_measured_to_do() {
    let rule = "runtime/cpu-boost-cannot-help";
    let sources = deployed(&[("production", "--cpu=1 --cpu-boost")]);
    assert_eq!(findings(rule, &sources, "[]").len(), 1, "a guess: one thread");
    assert_eq!(findings(rule, &sources, &boost(true, 12, -0.4, -0.45, -0.3)).len(), 0);
    let vain = &findings(rule, &sources, &boost(true, 12, -0.01, -0.04, 0.02))[0];
    assert_eq!(vain.message, "CPU boost makes no start shorter");
    assert!(vain.evidence[0].contains("costs $0.00025 a cold start"), "{:?}", vain.evidence);
    // Too few pairs, or too wide a range: it is guessed again.
    for unsure in [boost(true, 5, -0.01, -0.04, 0.02), boost(true, 12, -0.1, -0.3, 0.1)] {
        assert!(findings(rule, &sources, &unsure)[0].message.contains("can hardly help"));
    }
}

#[test]
fn a_boost_that_was_left_out_is_told_what_it_gains() {
    let rule = "runtime/cpu-boost-off";
    let open = deployed(&[("production", "")]);
    assert_eq!(findings(rule, &open, "[]").len(), 1);
    assert_eq!(findings(rule, &open, &boost(false, 12, -0.01, -0.04, 0.02)).len(), 0);
    let gains = &findings(rule, &open, &boost(false, 12, -0.4, -0.45, -0.3))[0];
    assert!(gains.consequence.contains("800 ms longer"), "{}", gains.consequence);
    let decided = deployed(&[("production", "--no-cpu-boost")]);
    assert_eq!(findings(rule, &decided, "[]").len(), 0);
    assert_eq!(findings(rule, &decided, &boost(false, 12, -0.04, -0.05, -0.03)).len(), 0);
    assert_eq!(findings(rule, &decided, &boost(false, 12, -0.4, -0.45, -0.3)).len(), 1);
}

fn memory(used: u64, outcome: &str) -> String {
    format!(
        r#"[{{"settings": {{"environment": "production", "cpus": 1.0, "memory": 536870912}},
            "boots": [{{"outcome": {{"kind": "{outcome}"}}, "ready": 1.0, "memory": {{"working_set": {used}}}}}]}}]"#
    )
}

#[test]
fn memory_is_held_against_its_limit() {
    let rule = "runtime/memory-headroom-small";
    let mebi = |count: u64| memory(count << 20, "ready");
    let unset = deployed(&[("production", "")]);
    assert_eq!(findings(rule, &unset, "[]").len(), 0);
    assert_eq!(findings(rule, &unset, &mebi(350)).len(), 0);
    let near = &findings(rule, &unset, &mebi(400))[0];
    assert_eq!(near.level, plimsoll_model::Level::ShouldFix);
    assert_eq!(near.fix.as_ref().unwrap().edits[0].text, " --memory=640Mi");
    assert_eq!(findings(rule, &unset, &mebi(480))[0].level, plimsoll_model::Level::Blocking);
    let killed = &findings(rule, &unset, &memory(0, "out-of-memory"))[0];
    assert_eq!(killed.level, plimsoll_model::Level::Blocking);
    // It was killed with less than it has now.
    let more = deployed(&[("production", "--memory=1Gi")]);
    assert_eq!(findings(rule, &more, &memory(0, "out-of-memory")).len(), 0);
}

#[test]
fn more_memory_than_the_cpu_allows_is_no_fix() {
    let sources = deployed(&[("production", "--cpu=0.5 --memory=1Gi")]);
    let found = findings("runtime/memory-headroom-small", &sources, &memory(900 << 20, "ready"));
    assert!(found[0].remedy.contains("more CPU"), "{}", found[0].remedy);
    assert!(found[0].fix.is_none());
}

fn outcome(kind: &str) -> String {
    format!(
        r#"[{{"settings": {{"environment": "production"}}, "boots": [{{"outcome": {{"kind": "{kind}"}}}}]}}]"#
    )
}

#[test]
fn a_start_shows_where_a_server_listens() {
    let rule = "runtime/bind-localhost";
    let mut sources = deployed(&[("production", "")]);
    assert_eq!(findings(rule, &sources, "[]").len(), 0);
    let seen = &findings(rule, &sources, &outcome("localhost-only"))[0];
    assert_eq!(seen.message, "uvicorn listens on localhost, which Cloud Run cannot reach");
    assert_eq!(seen.evidence, ["measured: a start opened its port on localhost only"]);
    sources.insert("Dockerfile", "FROM python:3.12-slim\nCMD [\"uvicorn\", \"app:app\"]\n");
    assert_eq!(findings(rule, &sources, "[]").len(), 1, "its default");
    assert_eq!(findings(rule, &sources, &outcome("localhost-only")).len(), 1);
    assert_eq!(findings(rule, &sources, &outcome("ready")).len(), 0, "it was reached");
}

#[test]
fn starts_of_an_environment_with_the_same_limits_speak_for_it() {
    let rule = "runtime/startup-probe-missing";
    let both = deployed(&[("production", ""), ("staging", "")]);
    assert_eq!(findings(rule, &both, &start(0.60, 0.62)).len(), 0);
    let other = deployed(&[("production", ""), ("staging", "--cpu=2")]);
    assert_eq!(findings(rule, &other, &start(0.60, 0.62)).len(), 1);
}

#[test]
fn modules_without_bytecode_are_quoted_or_contradict() {
    let rule = "image/python-bytecode-missing";
    let mut sources = deployed(&[("production", "")]);
    sources.insert(
        "Dockerfile",
        "FROM python:3.12-slim\nRUN uv sync --frozen\nCMD [\"python\", \"x.py\"]\n",
    );
    let why = |missing: u32| {
        format!(
            r#"[{{"boots": [{{"outcome": {{"kind": "ready"}}, "cpu": 1.3}}], "why": {{"modules": 980, "without_bytecode": {missing},
                "imports": [{{"name": "pandas", "seconds": 0.6, "without_bytecode": true}}]}}}}]"#
        )
    };
    assert_eq!(findings(rule, &sources, &why(0)).len(), 0);
    let told = &findings(rule, &sources, &why(412))[0].evidence;
    let want = "measured: a start of api loads 412 of 980 modules without bytecode; a start takes 1.30 s of CPU";
    assert_eq!(told[1..], [want, "the costliest of them: pandas 600 ms"]);
}

#[test]
fn figures_rest_on_starts_and_a_gap_says_why() {
    let reports: Vec<plimsoll_model::BootReport> = serde_json::from_str(
        r#"[{"image": "sha256:1", "settings": {"memory": 1000}, "caveats": ["shared machine"],
            "first": {"outcome": {"kind": "ready"}, "ready": 3.0},
            "boots": [{"outcome": {"kind": "ready"}, "ready": 1.0, "cpu": 0.9, "memory": {"working_set": 400}},
                      {"outcome": {"kind": "never-listened"}}]}]"#,
    )
    .unwrap();
    let figures = plimsoll_rules::views::boot_figures::figures("api", &reports);
    let told: Vec<_> = figures.iter().map(|f| (f.metric.as_str(), f.figure.value())).collect();
    let want = [
        ("boot.ready.p95", None),
        ("boot.first_request.seconds", Some(1.0)),
        ("boot.first.seconds", Some(3.0)),
        ("boot.cpu.seconds", Some(0.9)),
        ("memory.boot.bytes", Some(400.0)),
        ("memory.boot_ratio", Some(0.4)),
    ];
    assert_eq!(told, want);
    let gap = format!("{:?}", figures[0].figure);
    assert!(gap.contains("one start does not tell it: it takes 59"), "{gap}");
}

/// A service that was tried: its container was killed, or its port stayed closed.
fn report_of(boots: &str, checks: &str) -> plimsoll_model::Report {
    let sources = deployed(&[("production", "")]);
    let mut measured = Measured::default();
    measured.boots.insert("api".into(), serde_json::from_str(boots).unwrap());
    measured.checks.insert("api".into(), serde_json::from_str(checks).unwrap());
    common::reviewed(&sources, &measured)
}

fn blocking(report: &plimsoll_model::Report) -> Vec<&str> {
    report.open(plimsoll_model::Level::Blocking).map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn what_a_try_and_a_start_show_alike_is_told_once() {
    let failed = |name: &str| {
        format!(
            r#"[{{"name": "{name}", "environment": "production", "state": "failed", "detail": "x"}}]"#
        )
    };
    let killed = report_of(&memory(0, "out-of-memory"), &failed("starts"));
    assert_eq!(blocking(&killed), ["runtime/does-not-start"]);
    let evidence = &killed.open(plimsoll_model::Level::Blocking).next().unwrap().evidence;
    assert!(evidence.iter().any(|told| told.contains("more memory than it may have")));
    let killed = report_of(&memory(0, "out-of-memory"), "[]");
    assert_eq!(blocking(&killed), ["runtime/memory-headroom-small"]);
    let local = report_of(&outcome("localhost-only"), &failed("opens-port"));
    assert_eq!(blocking(&local), ["runtime/bind-localhost"]);
}

#[test]
fn the_checklist_has_the_cold_starts() {
    let line = |boots: &str| {
        let list = report_of(boots, "[]").checklist;
        list.into_iter().find(|item| item.name == "cold start").map(|item| item.detail)
    };
    assert_eq!(line("[]"), None);
    let named = start(0.3, 1.5).replacen("[{", "[{\"subject\": \"api\", ", 1);
    assert_eq!(line(&named).as_deref(), Some("api in production: 1.50 s (median of 1)"));
    let never = outcome("never-listened").replacen("[{", "[{\"subject\": \"api\", ", 1);
    assert_eq!(line(&never).as_deref(), Some("no start of api became ready"));
}

#[test]
fn imports_are_told_where_they_are_much_of_a_start() {
    let sources = deployed(&[("production", "")]);
    let why = |imports: f64, setup: f64| {
        let boots = format!(
            r#"[{{"why": {{"runtime": "Python 3.12", "modules": 980, "without_bytecode": 412,
                "phases": [{{"kind": "imports", "seconds": {imports}, "method": ""}},
                           {{"kind": "setup", "seconds": {setup}, "method": ""}}],
                "imports": [{{"name": "a", "seconds": 0.1}}, {{"name": "b", "seconds": 0.2}}]}}}}]"#
        );
        findings("runtime/slow-imports", &sources, &boots)
    };
    assert_eq!(why(0.29, 0.1).len(), 0, "a short time");
    assert_eq!(why(0.5, 1.6).len(), 0, "a small share");
    let told = &why(0.6, 0.6)[0].evidence;
    let want = [
        "measured with tracing on: 600 ms of 1.20 s of a start load modules, 50 %; 980 modules",
        "b: 200 ms",
        "a: 100 ms",
    ];
    assert_eq!(told[..3], want);
    assert!(told[3].starts_with("412 of the modules have no bytecode"), "{told:?}");
}
