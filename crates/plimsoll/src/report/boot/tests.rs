//! Pages of made-up starts.

use plimsoll_model::{
    BOOT_SCHEMA_VERSION, BoostTerms, Boot, BootBoost, BootComparison, BootImport, BootMachine,
    BootMemory, BootOutcome, BootPhase, BootReport, BootSettings, BootWait, BootWhy, EngineInfo,
    EngineKind, PhaseKind, WaitKind,
};

use super::{Page, compared, svg, written};
use crate::report::replay::Paint;

fn page(width: usize) -> Page {
    Page { out: String::new(), paint: Paint(false), most: 10, width }
}

fn boot(ready: f64) -> Boot {
    Boot {
        outcome: BootOutcome::Ready,
        exec: Some(0.0012),
        port: Some(ready * 0.8),
        probe: Some(ready * 0.8),
        ready: Some(ready),
        cpu: Some(ready * 0.97),
        throttled: Some(ready * 0.02),
        memory: Some(BootMemory {
            working_set: 61_400_000,
            anon: 48_000_000,
            shared: 2_000_000,
            peak: Some(141_000_000),
        }),
        threads: Some(3),
        ..Boot::default()
    }
}

const TIMES: [f64; 12] = [1.02, 1.05, 1.04, 1.03, 1.31, 1.06, 1.05, 1.08, 1.04, 1.02, 1.11, 1.05];

fn report(boots: Vec<Boot>) -> BootReport {
    BootReport {
        schema_version: BOOT_SCHEMA_VERSION,
        subject: "shop".into(),
        image: "sha256:e48f44ded564a1b2c3".into(),
        settings: BootSettings {
            environment: Some("production".into()),
            source: Some("deploy.yml:41".into()),
            cpus: Some(1.0),
            memory: Some(512_000_000),
            port: Some(8080),
            path: Some("/".into()),
            probe: Some("TCP :8080".into()),
            ..BootSettings::default()
        },
        engine: engine(),
        machine: BootMachine { cpus: 2, model: "EPYC".into(), kernel: "6.1.0".into() },
        evicted: true,
        first: Some(Boot { ready: Some(2.41), ..boot(2.41) }),
        boots,
        boost: None,
        settled: Some((BootMemory { working_set: 63_000_000, ..BootMemory::default() }, 5.0)),
        stop: Some(0.212),
        why: None,
        caveats: vec!["another program used the CPU".into()],
    }
}

fn engine() -> EngineInfo {
    EngineInfo {
        kind: EngineKind::Embedded,
        name: "Plimsoll".into(),
        version: "0.1.0".into(),
        client: None,
        endpoint: String::new(),
        found: String::new(),
    }
}

fn with_boost(times: &[f64]) -> BootReport {
    let mut report = report(times.iter().copied().map(boot).collect());
    let terms = BoostTerms {
        from: 0.5,
        to: 2.0,
        is_set: true,
        tail: 10.0,
        price: Some((0.000_024, "2026-10-01".into())),
    };
    let boosted = times.iter().map(|time| boot(time * 0.52)).collect();
    report.settings.cpus = Some(0.5);
    report.boost = Some(BootBoost::of(&report.boots, boosted, terms));
    report
}

fn of(outcome: BootOutcome, detail: &str) -> Boot {
    Boot { outcome, detail: Some(detail.into()), ..Boot::default() }
}

#[test]
fn starts_are_a_page() {
    let boots = TIMES.into_iter().map(boot).collect();
    assert_eq!(
        written(&report(boots), page(100)),
        "shop  sha256:e48f44ded564
  production (deploy.yml:41): 1 CPU, 512 MB, port 8080, GET / (no probe names a path), startup
  probe TCP :8080
  started by Plimsoll 0.1.0 on 2 × EPYC, Linux 6.1.0

  cold start  to the first good answer, 12 starts, page cache emptied before each
    first     2.41 s   with nothing of the image in the page cache
    P50       1.05 s   1.03 s to 1.08 s with 95 % certainty
    max       1.31 s   max of 12; P95 takes 59 starts to say, P99 299
    it costs 1 018 CPU-ms and 1.05 s at 1 CPU

  stages  from the moment the container is started
                                P50   95 % certain         max of 12
    program runs            1.20 ms   1.20 ms to 1.20 ms     1.20 ms
    port open                840 ms   824 ms to 864 ms        1.05 s
    startup probe passes     840 ms   824 ms to 864 ms        1.05 s
    first good answer        1.05 s   1.03 s to 1.08 s        1.31 s
    CPU time until then      1.02 s   999 ms to 1.05 s        1.27 s
    throttled until then    21.0 ms   20.6 ms to 21.6 ms     26.2 ms

  first answers  starts by their time, from the time named on
         1.02 s │████████████████████████████████████ 3
         1.04 s │████████████████████████████████████████████████████████████ 5
         1.06 s │████████████ 1
         1.08 s │████████████ 1
         1.10 s │████████████ 1
    from 1.12 s │████████████ 1

  memory  when it is ready, medians
      61.4 MB   working set: what it uses, less file pages that can be dropped
      50.0 MB   cannot be dropped, tmpfs included: 9.8 % of the limit of 512 MB
       141 MB   the most it used, including reclaimable cache
      63.0 MB   working set 5.00 s after it was ready
            3   threads

  stops 212 ms after SIGTERM
  note: another program used the CPU
  note: this is what the image costs in CPU-ms and in seconds at this quota, never the same
        milliseconds as on Cloud Run: there is no sandbox here, no front end, no pull of the image,
        and it is another CPU
"
    );
}

#[test]
fn boost_stands_beside_what_is_set() {
    let text = written(&with_boost(&TIMES), page(80));
    let from = text.find("  first answers").unwrap();
    assert_eq!(
        &text[from..],
        "  first answers  starts by their time, from the time named on
                 0.5 CPU                         boosted to 2 CPU
         0.50 s │                               │████████████████████████████ 8
         0.55 s │                               │██████████▌ 3
         0.60 s │                               │
         0.65 s │                               │███▌ 1
         0.70 s │                               │
         0.75 s │                               │
         0.80 s │                               │
         0.85 s │                               │
         0.90 s │                               │
         0.95 s │                               │
         1.00 s │█████████████████▌ 5           │
         1.05 s │█████████████████▌ 5           │
         1.10 s │███▌ 1                         │
    from 1.15 s │███▌ 1                         │

  memory  when it is ready, medians
      61.4 MB   working set: what it uses, less file pages that can be dropped
      50.0 MB   cannot be dropped, tmpfs included: 9.8 % of the limit of 512 MB
       141 MB   the most it used, including reclaimable cache
      63.0 MB   working set 5.00 s after it was ready
            3   threads

  CPU boost  2 CPU while it starts and 10.0 s after; it is set
    boost saves 504 ms (−48 %; −48 % to −48 %), and costs $0.00037 a cold start
    by the prices of 2026-10-01, for a start that is billed

  stops 212 ms after SIGTERM
  note: another program used the CPU
  note: this is what the image costs in CPU-ms and in seconds at this quota,
        never the same milliseconds as on Cloud Run: there is no sandbox here,
        no front end, no pull of the image, and it is another CPU
"
    );
}

#[test]
fn of_many_starts_percentiles_are_said() {
    let times = (0..299).map(|i| 1.0 + f64::from(i * i % 997) / 2000.0);
    let text = written(&report(times.map(boot).collect()), page(100));
    assert!(text.contains("    P95       1.48 s   at most 1.48 s with 95 % certainty\n"), "{text}");
    assert!(text.contains("    P99 ") && !text.contains("    max "), "{text}");
}

#[test]
fn failures_say_what_to_do() {
    let boots = vec![
        of(BootOutcome::LocalhostOnly, "tcp 127.0.0.1:8080"),
        of(BootOutcome::LocalhostOnly, "tcp 127.0.0.1:8080"),
        of(BootOutcome::Exited { code: 139 }, "Segmentation fault\u{1b}[2J"),
        of(BootOutcome::OutOfMemory, ""),
        of(BootOutcome::NeverAnswered { status: Some(503) }, ""),
    ];
    let report = BootReport { first: None, stop: None, settled: None, ..report(boots) };
    let text = written(&report, page(100));
    let from = text.find("\n  cold start").unwrap();
    assert_eq!(
        &text[from..],
        "
  cold start  to the first good answer, 5 starts, page cache emptied before each
    no start became ready: there is no distribution

  failed  5 starts did not become ready
      2 × it listens on 127.0.0.1 only: nobody can reach port 8080 from outside
          tcp 127.0.0.1:8080
          do: bind to 0.0.0.0 instead of 127.0.0.1
      1 × it was ended by signal 11 before it answered
          Segmentation fault\\u{1b}[2J
          do: read its last lines; give it the variables it needs to start
      1 × it was killed: it wanted more memory than 512 MB
          do: raise the limit, start fewer workers, or load less at the start
      1 × port 8080 was open, and / answered 503 to the end
          do: make it answer 200 to 399 once it can serve, without what is not there when it starts

  note: another program used the CPU
  note: this is what the image costs in CPU-ms and in seconds at this quota, never the same
        milliseconds as on Cloud Run: there is no sandbox here, no front end, no pull of the image,
        and it is another CPU
"
    );
}

#[test]
fn why_says_where_the_time_goes() {
    let phase = |kind, seconds| BootPhase { kind, seconds, method: String::new() };
    let import = |name: &str, seconds, missing| BootImport {
        name: name.into(),
        file: Some(format!("usr/lib/python3/{name}/__init__.py")),
        seconds,
        modules: 120,
        without_bytecode: missing,
        by: Some("app".into()),
        ..BootImport::default()
    };
    let why = BootWhy {
        runtime: "Python 3.11".into(),
        phases: vec![
            phase(PhaseKind::Container, 0.0012),
            phase(PhaseKind::Runtime, 0.021),
            phase(PhaseKind::Imports, 0.812),
            phase(PhaseKind::Setup, 0.2),
            phase(PhaseKind::FirstAnswer, 0.0),
        ],
        waits: vec![BootWait { kind: WaitKind::Network, seconds: 0.1, method: String::new() }],
        imports: vec![import("pandas", 0.5, true), import("sqlalchemy\u{202e}", 0.2, false)],
        modules: Some(1421),
        without_bytecode: Some(902),
        overhead: Some(0.31),
        advice: vec!["compile when the image is built".into()],
        caveats: Vec::new(),
    };
    let mut page = page(90);
    super::why::why(&mut page, &why);
    assert_eq!(
        page.out,
        "
  why  Python 3.11; from starts of their own, with tracing on
    the container                   1.20 ms  0.1 %  ▏
    interpreter or machine          21.0 ms  2.0 %  ▊
    modules or classes               812 ms   79 %  ██████████████████████████▊
    setup until the port is open     200 ms   19 %  ██████▋
    open port to first answer       0.00 ms  0.0 %

    of that it waits
    for the network                  100 ms

    the costliest of 1 421 modules; 902 have no bytecode and are compiled at each start
       500 ms  pandas with 119 more, no bytecode, loaded by app, /usr/lib/python3/pandas…
       200 ms  sqlalchemy\\u{202e} with 119 more, loaded by app, /usr/lib/python3/sqlalch…

    1. compile when the image is built
    tracing makes it 31 % longer
"
    );
}

#[test]
fn a_comparison_says_what_it_could_have_seen() {
    let starts = |by: f64| {
        let times =
            TIMES.iter().enumerate().map(|(i, t)| boot(t * (1.0 + (i % 3) as f64 / 50.0) * by));
        report(times.collect())
    };
    let base = report(TIMES.into_iter().map(boot).collect());
    let same = BootComparison::of(starts(0.98), base.clone(), vec!["2 other programs ran".into()]);
    assert_eq!(
        compared::written(&same, page(100)),
        "shop  against shop
  12 pairs of starts in turns, in random order
  production (deploy.yml:41): 1 CPU, 512 MB, port 8080, GET / (no probe names a path), startup
  probe TCP :8080

                           against   subject  difference   95 % certain
    first good answer       1.05 s    1.06 s        ±0 %   −2.0 % to +1.9 %: none found
    CPU time until then     1.02 s    1.03 s        ±0 %   −2.0 % to +1.9 %: none found
    working set            61.4 MB   61.4 MB        ±0 %   ±0 % to ±0 %: none found
    first, cold cache       2.41 s    2.41 s               one start of each

  no difference found; 3.0 % could have been seen

  noise: 2 other programs ran
  note: another program used the CPU
  note: this is what the image costs in CPU-ms and in seconds at this quota, never the same
        milliseconds as on Cloud Run: there is no sandbox here, no front end, no pull of the image,
        and it is another CPU
"
    );
    let slower = BootComparison::of(starts(1.08), base.clone(), Vec::new());
    let text = compared::written(&slower, page(100));
    assert!(text.contains("\n  starts 10 % slower: 8.0 % to 12 %\n"), "{text}");
    let few = BootComparison::of(report(vec![boot(1.0); 3]), base, Vec::new());
    let text = compared::written(&few, page(100));
    assert!(text.contains("with fewer than six pairs nothing can be said"), "{text}");
}

#[test]
fn pages_stay_within_the_terminal() {
    for width in [50, 80, 120] {
        for line in written(&with_boost(&TIMES), page(width)).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_picture_is_text_and_marks() {
    let many: Vec<f64> = (0..80).map(|i| 1.0 + f64::from(i * i % 97) / 200.0).collect();
    let mut boosted = with_boost(&many);
    boosted.subject = "<script>alert(1)</script>\u{1b}".into();
    let svg = svg::histogram(&boosted).unwrap();
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}'));
    assert!(svg.contains("role=\"img\"") && svg.contains("<desc id=\"boots-desc\">Time to"));
    for part in ["class=\"a\"", "class=\"b\"", ">P50 ", ">P95 ", "boosted to 2 CPU"] {
        assert!(svg.contains(part), "{part} {svg}");
    }
    let few = svg::histogram(&report(vec![boot(1.0), boot(9.0)])).unwrap();
    assert!(!few.contains(">P95 "));
    assert!(svg::histogram(&report(Vec::new())).is_none());
}
