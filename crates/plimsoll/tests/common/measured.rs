//! Repositories whose services are built and started by the real engine.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use plimsoll_model::{CheckName, CheckState, Figure, Finding, Report};

use super::{Repo, Run, command, engine, finished};

/// A repository, a temporary folder, and a label on whatever is made from it.
pub(crate) struct Story {
    pub(crate) repo: Repo,
    nonce: String,
    /// The lines of the workflow that build and deploy.
    lines: Vec<String>,
}

/// What a run said.
pub(crate) struct Said {
    pub(crate) run: Run,
    pub(crate) report: Report,
}

/// How services are served in tests: the parts that differ.
pub(crate) struct Server {
    /// What comes before all else.
    pub(crate) before: &'static str,
    /// The address it listens on.
    pub(crate) host: &'static str,
    /// The status that it answers with, in Python.
    pub(crate) status: &'static str,
    /// What it does on SIGTERM, in Python.
    pub(crate) on_term: &'static str,
}

impl Default for Server {
    fn default() -> Self {
        Self { before: "", host: "0.0.0.0", status: "200", on_term: "sys.exit(0)" }
    }
}

impl Server {
    /// Its program: guarded, so that it can be loaded without being run.
    pub(crate) fn text(&self) -> String {
        let Self { before, host, status, on_term } = self;
        format!(
            "import os, signal, sys, time\nfrom http.server import BaseHTTPRequestHandler, HTTPServer\n\
             began = time.time()\n\
             class Handler(BaseHTTPRequestHandler):\n\
             \x20   def do_GET(self):\n        self.send_response({status})\n        self.end_headers()\n\
             \x20   def log_message(self, *_):\n        pass\n\
             def main():\n    {before}\n    signal.signal(signal.SIGTERM, lambda *_: {on_term})\n\
             \x20   HTTPServer(('{host}', int(os.environ.get('PORT', '8080'))), Handler).serve_forever()\n\
             if __name__ == '__main__':\n    main()\n"
        )
    }
}

/// A Dockerfile for such a server; NONCE stands for the label.
pub(crate) const DOCKERFILE: &str = "FROM python:3.11-slim\nLABEL NONCE\nWORKDIR /app\nCOPY main.py .\nUSER 1000\n\
     EXPOSE 8080\nHEALTHCHECK CMD curl -f http://localhost:8080/health\nCMD [\"python\", \"main.py\"]\n";

impl Story {
    pub(crate) fn new() -> Self {
        assert!(engine(), "no engine: run scripts/test-engine");
        Self::without_engine()
    }

    pub(crate) fn without_engine() -> Self {
        let repo = Repo::new();
        let nonce = format!("{:?}", repo.path()).chars().filter(char::is_ascii_digit).collect();
        let story = Self { repo, nonce, lines: Vec::new() };
        fs::create_dir_all(story.temp()).unwrap();
        story
    }

    /// A service of that name, deployed with these flags; `None` deploys it nowhere.
    pub(crate) fn service(
        mut self,
        name: &str,
        flags: Option<&str>,
        files: &[(&str, &str)],
    ) -> Self {
        for (path, text) in files {
            let text = text.replace("LABEL NONCE", &format!("LABEL {}", self.label()));
            self.repo.write(&format!("{name}/{path}"), text);
        }
        self.lines.push(format!("docker build -t eu.gcr.io/p/{name} {name}"));
        let image = format!("--image eu.gcr.io/p/{name}");
        self.lines.extend(flags.map(|flags| format!("gcloud run deploy {name} {image} {flags}")));
        self
    }

    /// A service in Python that is served so.
    pub(crate) fn serves(self, name: &str, flags: &str, server: &Server) -> Self {
        self.service(name, Some(flags), &[("Dockerfile", DOCKERFILE), ("main.py", &server.text())])
    }

    /// Writes the workflow and a short history.
    pub(crate) fn committed(self) -> Self {
        let steps: String = self.lines.iter().map(|line| format!("          {line}\n")).collect();
        let head = "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n";
        let workflow = format!("{head}      - run: |\n{steps}");
        self.repo.write(".github/workflows/deploy.yml", workflow);
        self.repo.commit("one");
        for folder in fs::read_dir(self.repo.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let program = folder.join("main.py");
            if program.exists() {
                fs::write(&program, fs::read_to_string(&program).unwrap() + "# two\n").unwrap();
            }
        }
        self.repo.commit("two");
        self
    }

    fn label(&self) -> String {
        format!("plimsoll.test={}", self.nonce)
    }

    pub(crate) fn temp(&self) -> PathBuf {
        self.repo.path().with_file_name("temp")
    }

    /// The program that measures it, not yet run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let fixed = ["review", "--measure", "--fail-on", "never"];
        let mut command = command(&self.repo.path(), &[&fixed, args].concat());
        command.env("TMPDIR", self.temp()).env("PLIMSOLL_HOME", self.repo.home());
        command
    }

    /// Measures it; what was said.
    pub(crate) fn measured(&self, args: &[&str]) -> Said {
        let starts: &[&str] = if args.contains(&"--starts") { &[] } else { &["--starts", "1"] };
        let run = finished(&mut self.command(&[&["--format", "json"], starts, args].concat()));
        assert_eq!(run.code, 0, "{}", run.err);
        let report = serde_json::from_str(&run.out).unwrap();
        assert_eq!(self.left(), [""; 0]);
        Said { run, report }
    }

    /// What is left behind: files, containers and images.
    pub(crate) fn left(&self) -> Vec<String> {
        let names = fs::read_dir(self.temp()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut left: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        let label = format!("label={}", self.label());
        for what in [["ps", "-aq"], ["images", "-aq"]] {
            let mut docker = Command::new("docker");
            let listed = finished(docker.args(what).args(["--filter", &label]));
            assert_eq!(listed.code, 0, "{}", listed.err);
            left.extend(listed.out.lines().map(|id| format!("{}: {id}", what[0])));
        }
        left
    }
}

impl Said {
    /// How a try of a service came out: `failed: it ended with code 1`.
    pub(crate) fn of(&self, service: &str, name: CheckName) -> String {
        let service = self.report.services.iter().find(|s| s.name == service).unwrap();
        let checks = service.checks.iter().filter(|check| check.name == name);
        let said = checks.map(|check| {
            let state = match check.state {
                CheckState::Passed => "passed",
                CheckState::Failed => "failed",
                CheckState::NotRun => "not run",
            };
            format!("{state}: {}", check.detail)
        });
        said.collect::<Vec<_>>().join("\n")
    }

    /// All tries of a service.
    pub(crate) fn all(&self, service: &str) -> String {
        CheckName::ALL.map(|name| self.of(service, name)).join("\n")
    }

    /// Holds a try to what it must say.
    pub(crate) fn check(&self, service: &str, name: CheckName, wanted: &str) {
        let said = self.of(service, name);
        assert!(said.starts_with(wanted), "{service}: {wanted} is not\n{}", self.all(service));
    }

    /// The findings of a rule.
    pub(crate) fn findings<'s>(&'s self, rule: &'s str) -> impl Iterator<Item = &'s Finding> {
        self.report.findings.iter().filter(move |finding| finding.rule == rule)
    }

    /// Holds a service to the one finding of a rule.
    pub(crate) fn finds(&self, rule: &str, service: &str, evidence: &str) {
        let mut all = self.findings(rule).filter(|f| f.service.as_deref() == Some(service));
        let finding = all.next().unwrap_or_else(|| panic!("{rule} says nothing of {service}"));
        let said = finding.evidence.join("\n");
        assert!(said.contains(evidence), "{rule}: {evidence} is not in\n{said}");
        assert!(finding.primary.path.starts_with(service), "{}", finding.primary);
    }

    /// A figure of a service.
    pub(crate) fn figure(&self, service: &str, metric: &str) -> &Figure {
        let mut all = self.report.figures.iter();
        &all.find(|f| f.service == service && f.metric == metric).unwrap().figure
    }
}
