//! Whether the program that a container starts can be started at all.

use plimsoll_model::{Start, StartProblem};
use serde_json::Value;

use super::users::User;
use super::{config, libraries};
use crate::descriptor::text;
use crate::index::Kind;
use crate::paths::{PathId, ROOT};
use crate::{Platform, Program, View};

pub(super) fn start(view: &View<'_>, platform: &Platform) -> Start {
    let config = view.image.config.get("config").unwrap_or(&Value::Null);
    let entrypoint = config::list(config, "Entrypoint");
    let command: Vec<String> = entrypoint.into_iter().chain(config::list(config, "Cmd")).collect();
    let mut start = Start { command, ..Start::default() };
    let user = match User::of(view) {
        Ok(user) => user,
        Err(name) => {
            start.problems.push(StartProblem::UnknownUser { user: name });
            return start;
        }
    };
    start.uid = Some(user.uid);
    let Some(program) = start.command.first().cloned() else {
        start.problems.push(StartProblem::NoCommand);
        return start;
    };
    let mut check = Check { view, user, platform, start };
    check.program(&program);
    if let Some(inner) = inner(&check.start.command).filter(|_| check.start.problems.is_empty()) {
        let (program, interpreter) = (check.start.program.take(), check.start.interpreter.take());
        check.program(&inner);
        // What is told is the shell, unless the program in it is what fails.
        if check.start.problems.is_empty() && check.start.program.is_none() {
            (check.start.program, check.start.interpreter) = (program, interpreter);
        }
    }
    check.start
}

struct Check<'v, 'i> {
    view: &'v View<'i>,
    user: User,
    platform: &'v Platform,
    start: Start,
}

impl Check<'_, '_> {
    fn problem(&mut self, problem: StartProblem) {
        self.start.problems.push(problem);
    }

    fn program(&mut self, program: &str) {
        let Some(path) = self.find(program) else {
            return self.problem(StartProblem::NotFound { program: program.to_owned() });
        };
        let text = self.view.paths().text(path);
        self.start.program = Some(text.clone());
        if let Some(folder) = self.user.closed(self.view, path) {
            let folder = self.view.paths().text(folder);
            return self.problem(StartProblem::WorkingDirClosed { path: folder });
        }
        let Some(entry) = self.view.at(path) else { return };
        if !self.user.may_execute(entry) {
            let mode = format!("{:04o}", entry.mode);
            return self.problem(StartProblem::NotExecutable { path: text, mode });
        }
        let script = self.view.kept(|layer| &layer.scripts).find(|(at, _)| *at == path);
        if let Some((_, line)) = script {
            let line = line.to_string();
            return self.script(&text, &line);
        }
        let known = self.view.kept(|layer| &layer.programs).find(|(at, _)| *at == path);
        if let Some((_, program)) = known {
            self.elf(&text, &program.clone());
        }
    }

    /// A program as the loader finds it: by its path, or in the folders of `PATH`.
    fn find(&self, program: &str) -> Option<PathId> {
        let folder =
            text(self.view.image.config.get("config").unwrap_or(&Value::Null), "WorkingDir");
        let working = self.view.follow(&folder).unwrap_or(ROOT);
        let is_file = |path: &PathId| {
            self.view.at(*path).is_some_and(|e| matches!(e.kind, Kind::File | Kind::Hard))
        };
        if program.contains('/') {
            return self.view.follow_from(working, program).filter(is_file);
        }
        let default = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let path = config::env(&self.view.image.config, "PATH");
        let path = path.unwrap_or_else(|| default.to_owned());
        let found = path.split(':').filter_map(|folder| {
            let folder = self.view.follow_from(working, folder)?;
            self.view.follow_from(folder, program).filter(is_file)
        });
        let found: Vec<PathId> = found.collect();
        // One that may not be executed is passed over where there is another.
        let runs = |path: &&PathId| self.view.at(**path).is_some_and(|e| self.user.may_execute(e));
        found.iter().find(runs).or(found.first()).copied()
    }

    fn script(&mut self, path: &str, line: &str) {
        if line.ends_with('\r') {
            return self.problem(StartProblem::CarriageReturn { path: path.to_owned() });
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(interpreter) = words.first() else { return };
        let missing = |interpreter: &str| StartProblem::NoInterpreter {
            path: path.to_owned(),
            interpreter: interpreter.to_owned(),
        };
        let Some(found) = self.view.follow(interpreter).filter(|at| self.view.at(*at).is_some())
        else {
            return self.problem(missing(interpreter));
        };
        self.start.interpreter = Some(self.view.paths().text(found));
        // `env` looks for the program itself.
        if self.view.paths().name(found) == "env" || interpreter.ends_with("/env") {
            let named =
                words.iter().skip(1).find(|word| !word.starts_with('-') && !word.contains('='));
            let Some(named) = named else { return };
            match self.find(named) {
                Some(found) => self.start.interpreter = Some(self.view.paths().text(found)),
                None => self.problem(missing(named)),
            }
        }
    }

    fn elf(&mut self, path: &str, program: &Program) {
        let wanted = &self.platform.architecture;
        if !wanted.is_empty()
            && *wanted != program.architecture
            && !is_kin(wanted, &program.architecture)
        {
            return self.problem(StartProblem::WrongArchitecture {
                path: path.to_owned(),
                is: program.architecture.clone(),
                wanted: wanted.clone(),
            });
        }
        if let Some(interpreter) = &program.interpreter {
            match self.view.file(interpreter) {
                Some((found, _)) => self.start.interpreter = Some(self.view.paths().text(found)),
                None => {
                    return self.problem(StartProblem::NoInterpreter {
                        path: path.to_owned(),
                        interpreter: interpreter.clone(),
                    });
                }
            }
        }
        let libraries = libraries::of_program(program, &libraries::names(self.view));
        if !libraries.is_empty() {
            self.problem(StartProblem::MissingLibraries { path: path.to_owned(), libraries });
        }
    }
}

/// Processors that run each other's programs.
fn is_kin(wanted: &str, is: &str) -> bool {
    matches!((wanted, is), ("amd64", "386") | ("arm64", "arm"))
}

/// The program that a shell is to start, where that is plain: `sh -c "exec uvicorn app:app"`.
fn inner(command: &[String]) -> Option<String> {
    let [shell, flag, script] = command else { return None };
    let shell = shell.rsplit('/').next()?;
    if !matches!(shell, "sh" | "bash" | "ash" | "dash") || flag != "-c" {
        return None;
    }
    let mut words =
        script.split_whitespace().skip_while(|word| *word == "exec" || is_setting(word));
    let first = words.next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+".contains(c);
    const BUILTIN: [&str; 26] = [
        "cd", "echo", "set", "export", "if", "for", "while", "test", "eval", "source", ".", "trap",
        "umask", "ulimit", "wait", "true", "false", "case", "until", "unset", "read", "printf",
        "command", "type", "function", "time",
    ];
    (first.chars().all(plain) && !BUILTIN.contains(&first)).then(|| first.to_owned())
}

fn is_setting(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}
