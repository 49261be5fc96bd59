//! What runs a service: an interpreter, a virtual machine, or the processor.

use plimsoll_model::ImageReport;

use super::processes::{self, Program};
use crate::boot::Subject;

/// What runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Python,
    Node,
    Java,
    Native,
}

/// What runs it, and how it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Runtime {
    pub(super) kind: Kind,
    /// How it is started in a container of the image.
    pub(super) call: String,
    /// Its process, where that was seen.
    pub(super) program: Option<Program>,
}

/// Programs that start others and wait for them.
const STARTERS: [&str; 12] = [
    "sh",
    "bash",
    "dash",
    "ash",
    "busybox",
    "tini",
    "dumb-init",
    "catatonit",
    "docker-init",
    "gosu",
    "su-exec",
    "s6-svscan",
];

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn kind(path: &str) -> Kind {
    match base(path) {
        name if name.starts_with("python") || name.starts_with("pypy") => Kind::Python,
        "node" | "nodejs" => Kind::Node,
        "java" => Kind::Java,
        _ => Kind::Native,
    }
}

impl Runtime {
    /// That of a container whose first process has this number.
    pub(super) fn of_process(first: i32) -> Option<Self> {
        Self::among(processes::tree(first).into_iter().filter_map(Program::of).collect())
    }

    /// The first that is known, else the first that does not merely start another.
    fn among(programs: Vec<Program>) -> Option<Self> {
        let known = programs.iter().position(|program| kind(&program.exe) != Kind::Native);
        let is_starter = |program: &Program| STARTERS.contains(&base(&program.exe));
        let other = || programs.iter().position(|program| !is_starter(program));
        let at = known.or_else(other).unwrap_or(0);
        let program = programs.into_iter().nth(at)?;
        let kind = kind(&program.exe);
        // An environment's interpreter is a link to the system's, and another path of modules.
        let called = program
            .args
            .first()
            .filter(|called| kind != Kind::Native && self::kind(called) == kind);
        let called = called.filter(|called| !called.contains('/') || called.starts_with('/'));
        Some(Self { kind, call: called.unwrap_or(&program.exe).clone(), program: Some(program) })
    }

    /// What the image, or the command, says of it, where no process could be seen.
    pub(super) fn of_image(subject: &Subject<'_>, image: Option<&ImageReport>) -> Option<Self> {
        let start = image.map(|image| &image.start);
        let told = [
            subject.command.and_then(|command| command.first().cloned()),
            start.and_then(|start| start.program.clone()),
            start.and_then(|start| start.interpreter.clone()),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        let known = told.iter().find(|path| kind(path) != Kind::Native);
        // A name alone does not say that it is no script.
        let call = known.or_else(|| told.first().filter(|_| image.is_some()))?.clone();
        let kind = kind(&call);
        // Paths of an image's report are relative to its root, and a name alone is searched for.
        let call =
            if call.contains('/') { format!("/{}", call.trim_start_matches('/')) } else { call };
        Some(Self { kind, call, program: None })
    }

    /// What it is called in a report.
    pub(super) fn name(&self, version: Option<&str>) -> String {
        let name = match self.kind {
            Kind::Python => "Python",
            Kind::Node => "Node.js",
            Kind::Java => "Java",
            Kind::Native => return "native".to_owned(),
        };
        version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}"))
    }

    /// How it runs an empty program, to its end at once.
    pub(super) fn empty(&self) -> Option<Vec<String>> {
        let args: &[&str] = match self.kind {
            Kind::Python => &["-c", "pass"],
            Kind::Node => &["-e", "0"],
            Kind::Java => &["-version"],
            Kind::Native => return None,
        };
        let args = args.iter().map(|arg| (*arg).to_owned());
        Some(std::iter::once(self.call.clone()).chain(args).collect())
    }

    /// A variable with something added to what it is already.
    pub(super) fn with(&self, subject: &Subject<'_>, name: &str, more: &str) -> (String, String) {
        let of_plan =
            subject.plan.env.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let of_process = || self.program.as_ref().and_then(|program| program.env.get(name));
        let before = of_plan.or_else(of_process).filter(|value| !value.trim().is_empty());
        let value = before.map_or_else(|| more.to_owned(), |before| format!("{before} {more}"));
        (name.to_owned(), value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(exe: &str, args: &[&str]) -> Program {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Program { exe: exe.to_owned(), args, ..Program::default() }
    }

    #[test]
    fn starters_are_seen_through() {
        let check = |programs: &[(&str, &[&str])], kind, call: &str| {
            let programs = programs.iter().map(|(exe, args)| program(exe, args)).collect();
            let found = Runtime::among(programs).unwrap();
            assert_eq!((found.kind, &*found.call), (kind, call));
        };
        let script: &[&str] = &["/v/bin/python3", "/v/bin/gunicorn"];
        check(
            &[("/bin/dash", &["sh"]), ("/usr/bin/python3.11", script)],
            Kind::Python,
            "/v/bin/python3",
        );
        check(
            &[("/usr/bin/python3.11", &["gunicorn: master"])],
            Kind::Python,
            "/usr/bin/python3.11",
        );
        check(&[("/usr/bin/node", &["node", "server.js"])], Kind::Node, "node");
        check(
            &[("/sbin/tini", &["tini"]), ("/app/server", &["./server"])],
            Kind::Native,
            "/app/server",
        );
        check(&[("/bin/dash", &["sh"])], Kind::Native, "/bin/dash");
        assert_eq!(Runtime::among(Vec::new()), None);
    }

    #[test]
    fn an_image_says_what_it_starts() {
        let plan = plimsoll_model::StartPlan::default();
        let subject = Subject {
            name: "",
            image: "",
            id: "",
            plan: &plan,
            command: None,
            files: &[],
            patience: std::time::Duration::ZERO,
            host_network: false,
        };
        let mut image = ImageReport::default();
        assert_eq!(Runtime::of_image(&subject, Some(&image)), None);
        image.start.program = Some("usr/local/bin/uvicorn".to_owned());
        image.start.interpreter = Some("usr/bin/python3.11".to_owned());
        let found = Runtime::of_image(&subject, Some(&image)).unwrap();
        assert_eq!((found.kind, &*found.call), (Kind::Python, "/usr/bin/python3.11"));
        let option = found.with(&subject, "NODE_OPTIONS", "--require x");
        assert_eq!(option.1, "--require x");
    }
}
