//! The stages in order, and their instructions with the values that they see.

use super::from::Resolved;
use super::state::State;
use super::vars::Vars;
use super::{Check, Linter, Site, Stop};
use crate::dockerfile::expand::{self, ExpandError, Expansion};
use crate::dockerfile::{
    Arg, Base, Dockerfile, Form, FromRef, Healthcheck, Instruction, Node, Pair, Source, Transfer,
    Word, dump::quote, instruction, port, scope,
};
use crate::ignorefile::{Matcher, path::clean};

/// An instruction in its turn.
pub(super) struct Step<'s> {
    pub(super) stage: usize,
    pub(super) node: &'s Node,
    site: Site,
    /// Whether its mounts are refused.
    pub(super) deferred: bool,
}

/// What the ignore file leaves out of the context.
struct Ignored {
    matcher: Matcher,
    /// Whether all of the root is left out.
    root: bool,
}

impl Linter<'_, '_> {
    pub(super) fn walk(
        &mut self,
        bases: &[Resolved],
        triggers: &[Vec<Dockerfile>],
    ) -> Result<(), Stop> {
        let global = self.global_vars()?;
        let ignored = self.ignored()?;
        let program = self.program;
        let mut done: Vec<State> = Vec::new();
        for ((stage, resolved), triggers) in program.stages.iter().zip(bases).zip(triggers) {
            let base = match resolved.base {
                Base::Stage(base) => done.get(base),
                Base::Image | Base::Scratch => None,
            };
            let mut state = self.begin(base, resolved.windows)?;
            for file in triggers {
                let Some(node) = file.nodes.first() else { continue };
                let site = self.file_site(stage.node);
                let step = Step { stage: stage.index, node, site, deferred: false };
                let (kind, _) = instruction(file, node);
                self.step(&mut state, &step, &kind, &global, ignored.as_ref())?;
            }
            for instr in &stage.instructions {
                let Some(node) = program.file.nodes.get(instr.node) else { continue };
                let deferred = self.deferred.binary_search(&instr.node).is_ok();
                let step = Step { stage: stage.index, node, site: self.site(instr.node), deferred };
                self.step(&mut state, &step, &instr.kind, &global, ignored.as_ref())?;
            }
            done.push(state);
        }
        Ok(())
    }

    /// The patterns, unless one of them takes something back in.
    fn ignored(&self) -> Result<Option<Ignored>, Stop> {
        let matcher = Matcher::new(self.ignored).map_err(|_| Stop)?;
        let all = ["*", "**", "**/*"];
        let root = self
            .ignored
            .iter()
            .any(|pattern| !pattern.negated && all.contains(&clean(pattern.text.trim()).as_str()));
        let decides = !matcher.is_empty() && !matcher.has_exceptions();
        Ok(decides.then_some(Ignored { matcher, root }))
    }

    fn step(
        &mut self,
        state: &mut State,
        step: &Step<'_>,
        kind: &Instruction<'_>,
        global: &Vars,
        ignored: Option<&Ignored>,
    ) -> Result<(), Stop> {
        match kind {
            Instruction::Env(pairs) => self.env(state, step, pairs),
            Instruction::Label(pairs) => {
                let pairs = self.pairs(state, step, pairs)?;
                pairs.iter().for_each(|pair| self.legacy(step, pair));
                Ok(())
            }
            Instruction::Arg(args) => {
                args.iter().try_for_each(|arg| self.arg(state, step, arg, global))
            }
            Instruction::Run(run) => self.run_mounts(state, step, run),
            Instruction::Copy(copy) => {
                let from = copy.from.map(|piece| self.program.copy_from(piece.text));
                let sources = self.transfer(state, step, &copy.transfer, "")?;
                if matches!(from, Some(FromRef::Stage(other)) if other >= step.stage) {
                    return Err(Stop);
                }
                if sources.iter().any(|source| is_remote(source)) {
                    return Err(Stop);
                }
                let ignored = ignored.filter(|_| from.is_none());
                self.copied(step, "Copy", &sources, ignored);
                Ok(())
            }
            Instruction::Add(add) => {
                let checksum = add.checksum.map_or("", |piece| piece.text);
                let sources = self.transfer(state, step, &add.transfer, checksum)?;
                let single = sources.len() == 1 && is_remote(&sources[0]);
                if !checksum.is_empty() && !single {
                    return Err(Stop);
                }
                self.copied(step, "Add", &sources, ignored);
                Ok(())
            }
            Instruction::Workdir(word) => self.workdir(state, step, word),
            Instruction::Expose(words) => self.expose(state, step, words),
            Instruction::User(word) => self.word(state, step, &word.text).map(drop),
            Instruction::Stopsignal(word) => {
                let signal = self.word(state, step, &word.text)?;
                if scope::signal(&signal).is_some() { Err(Stop) } else { Ok(()) }
            }
            Instruction::Volume(words) => words.iter().try_for_each(|word| {
                let volume = self.word(state, step, word.text.trim())?;
                if volume.is_empty() { Err(Stop) } else { Ok(()) }
            }),
            Instruction::Cmd(form) => {
                let before = state.once.cmd.replace(step.site.clone());
                self.once(step, before);
                self.form(state, step, form);
                Ok(())
            }
            Instruction::Entrypoint(form) => {
                let before = state.once.entrypoint.replace(step.site.clone());
                self.once(step, before);
                self.form(state, step, form);
                Ok(())
            }
            Instruction::Healthcheck(Healthcheck::None | Healthcheck::Cmd(_)) => {
                let before = state.once.healthcheck.replace(step.site.clone());
                self.once(step, before);
                Ok(())
            }
            Instruction::Shell(_) => {
                state.shell_set = true;
                Ok(())
            }
            Instruction::Onbuild(_)
            | Instruction::Maintainer(_)
            | Instruction::From(_)
            | Instruction::Unknown => Ok(()),
        }
    }

    /// Expands a word and warns of what it uses and nothing declares.
    pub(super) fn word(
        &mut self,
        state: &State,
        step: &Step<'_>,
        text: &str,
    ) -> Result<String, Stop> {
        let expanded = self.expand(text, &state.vars);
        self.expanded(state, step, expanded)
    }

    fn expanded(
        &mut self,
        state: &State,
        step: &Step<'_>,
        expanded: Result<Expansion, ExpandError>,
    ) -> Result<String, Stop> {
        let unmatched = match &expanded {
            Ok(expansion) => &expansion.unmatched,
            Err(error) => &error.unmatched,
        };
        for name in unmatched.iter().filter(|name| !state.declared.contains(name.as_str())) {
            if is_never_set(name) {
                continue;
            }
            let near = self.budget.nearest(name, || state.vars.names());
            let near = near.map_or(String::new(), |near| format!(" (did you mean ${near}?)"));
            let detail = format!("Usage of undefined variable '${name}'{near}");
            self.warn(&step.site, Check::UndefinedVar, name, detail);
        }
        let text = expanded.map_err(|_| Stop)?.text;
        self.count(text.len())?;
        Ok(text)
    }

    /// Expands all names and values before any of them is set.
    fn pairs<'p>(
        &mut self,
        state: &State,
        step: &Step<'_>,
        pairs: &'p [Pair],
    ) -> Result<Vec<Expanded<'p>>, Stop> {
        let mut found = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let name = self.word(state, step, &pair.key.text)?;
            let value = self.word(state, step, &pair.value.text)?;
            found.push(Expanded { pair, name, value });
        }
        Ok(found)
    }

    fn env(&mut self, state: &mut State, step: &Step<'_>, pairs: &[Pair]) -> Result<(), Stop> {
        for pair in self.pairs(state, step, pairs)? {
            self.legacy(step, &pair);
            self.secret(step, "ENV", &pair.name);
            state.set_env(&pair.name, &pair.value);
        }
        Ok(())
    }

    fn legacy(&mut self, step: &Step<'_>, pair: &Expanded<'_>) {
        if !pair.pair.equals {
            let name = &step.node.name.text;
            let (new, old) = (format!("{name} key=value"), format!("{name} key value"));
            let detail = format!("\"{new}\" should be used instead of legacy \"{old}\" format");
            self.warn(&step.site, Check::LegacyKeyValueFormat, &pair.name, detail);
        }
    }

    fn secret(&mut self, step: &Step<'_>, instruction: &str, name: &str) {
        const SECRET: [&str; 10] = [
            "apikey",
            "auth",
            "credential",
            "credentials",
            "key",
            "password",
            "pword",
            "passwd",
            "secret",
            "token",
        ];
        let has = |known: &[&str]| {
            name.split('_').any(|part| known.iter().any(|k| k.eq_ignore_ascii_case(part)))
        };
        if has(&SECRET) && !has(&["public", "file", "version"]) {
            let what = "Do not use ARG or ENV instructions for sensitive data";
            let detail = format!("{what} ({instruction} {})", quote(name));
            self.warn(&step.site, Check::SecretsUsedInArgOrEnv, name, detail);
        }
    }

    fn arg(
        &mut self,
        state: &mut State,
        step: &Step<'_>,
        arg: &Arg<'_>,
        global: &Vars,
    ) -> Result<(), Stop> {
        let name = arg.name.text;
        self.secret(step, "ARG", name);
        let given = self.given(name).map(str::to_owned);
        let value = match (given, arg.default) {
            (Some(given), _) => Some(given),
            (None, Some(default)) => Some(self.word(state, step, default.text)?),
            (None, None) => expand::Env::get(global, name).map(str::to_owned),
        };
        if let Some(value) = value.filter(|_| !is_never_set(name)) {
            self.count(value.len())?;
            state.vars.set(name, &value);
        }
        state.declared.insert(name.into());
        Ok(())
    }

    /// Expands the words of COPY and ADD; returns the sources that are paths.
    fn transfer(
        &mut self,
        state: &State,
        step: &Step<'_>,
        transfer: &Transfer<'_>,
        checksum: &str,
    ) -> Result<Vec<String>, Stop> {
        for owner in [transfer.chown, transfer.chmod].into_iter().flatten() {
            self.word(state, step, owner.text)?;
        }
        self.word(state, step, checksum)?;
        let mut sources = Vec::new();
        for source in &transfer.sources {
            if let Source::Path(word) = source {
                sources.push(self.word(state, step, &word.text)?);
            }
        }
        self.word(state, step, &transfer.dest.text)?;
        for source in &transfer.sources {
            if let Source::Heredoc(_, heredoc) = source
                && heredoc.expand
            {
                let expanded = expand::process_heredoc(&heredoc.content, &state.vars);
                self.expanded(state, step, expanded)?;
            }
        }
        Ok(sources)
    }

    /// Warns of sources that the ignore file leaves out.
    fn copied(
        &mut self,
        step: &Step<'_>,
        verb: &str,
        sources: &[String],
        ignored: Option<&Ignored>,
    ) {
        let Some(ignored) = ignored else { return };
        for source in sources.iter().filter(|source| !is_remote(source)) {
            let source = clean(source);
            if matches!(source.as_str(), "." | "/") && !ignored.root {
                continue;
            }
            if ignored.matcher.matches_or_parent(&source).unwrap_or(false) {
                let quoted = quote(&source);
                let what = "that is excluded by .dockerignore";
                let detail = format!("Attempting to {verb} file {quoted} {what}");
                self.warn(&step.site, Check::CopyIgnoredFile, &source, detail);
            }
        }
    }

    fn workdir(&mut self, state: &mut State, step: &Step<'_>, word: &Word) -> Result<(), Stop> {
        let path = self.word(state, step, &word.text)?;
        let local = if state.windows { without_drive(&path) } else { Some(path.clone()) };
        let absolute = local.as_ref().is_some_and(|local| local.starts_with('/'));
        if !state.workdir_set && !absolute {
            let what = "can have unexpected results if the base image changes";
            let detail = format!("Relative workdir {} {what}", quote(&path));
            self.warn(&step.site, Check::WorkdirRelativePath, &path, detail);
        }
        state.workdir_set = true;
        let local = local.ok_or(Stop)?;
        state.workdir = clean(&if absolute { local } else { format!("{}/{local}", state.workdir) });
        self.count(state.workdir.len())
    }

    fn expose(&mut self, state: &State, step: &Step<'_>, words: &[Word]) -> Result<(), Stop> {
        let mut sorted: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        sorted.sort_unstable();
        let mut ports = Vec::new();
        for word in sorted {
            let expansion = self.expand(word, &state.vars).map_err(|_| Stop)?;
            self.count(expansion.text.len())?;
            ports.extend(expansion.words);
        }
        for text in ports {
            let port = port::read(&text).map_err(|_| Stop)?;
            if port.shouted {
                let what = "in EXPOSE instruction should be lowercase";
                let detail = format!("Defined protocol '{text}' {what}");
                self.warn(&step.site, Check::ExposeProtoCasing, &text, detail);
            }
            if port.mapped {
                let what = "EXPOSE instruction should not define an IP address or host-port";
                let detail = format!("{what} mapping, found '{text}'");
                self.warn(&step.site, Check::ExposeInvalidFormat, &text, detail);
            }
            if port.error.is_some() {
                return Err(Stop);
            }
        }
        Ok(())
    }

    /// Warns of the earlier instruction that this one replaces.
    fn once(&mut self, step: &Step<'_>, before: Option<Site>) {
        let Some(mut before) = before else { return };
        before.options = step.site.options.clone();
        let name = &step.node.name.text;
        let what = "instructions should not be used in the same stage because only the last one";
        let detail = format!("Multiple {name} {what} will be used");
        self.warn(&before, Check::MultipleInstructionsDisallowed, name, detail);
    }

    fn form(&mut self, state: &State, step: &Step<'_>, form: &Form<'_>) {
        if !matches!(form, Form::Exec(_)) && !state.shell_set {
            let name = &step.node.name.text;
            let what = "to prevent unintended behavior related to OS signals";
            let detail = format!("JSON arguments recommended for {name} {what}");
            self.warn(&step.site, Check::JSONArgsRecommended, name, detail);
        }
    }
}

/// A variable of ENV or LABEL, expanded.
struct Expanded<'p> {
    pair: &'p Pair,
    name: String,
    value: String,
}

/// Arguments that BuildKit reads for itself and never puts into the environment.
fn is_never_set(name: &str) -> bool {
    matches!(name, "BUILDKIT_SBOM_SCAN_CONTEXT" | "BUILDKIT_SBOM_SCAN_STAGE")
}

/// Whether a source is fetched: a URL, or a Git repository.
fn is_remote(source: &str) -> bool {
    let scheme = ["http://", "https://", "git://", "ssh://"];
    let over_ssh = || {
        let (host, _) = source.split_once(':')?;
        let (user, host) = host.split_once('@')?;
        Some(!user.contains('/') && !host.contains('/'))
    };
    scheme.iter().any(|scheme| source.starts_with(scheme)) || over_ssh().unwrap_or(false)
}

/// A Windows path without `C:`, with `/` for `\`; `None` for another drive or a share.
fn without_drive(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    if path.starts_with("//") || (path.len() == 2 && path.ends_with(':')) {
        return None;
    }
    match path.split_once(':') {
        Some((drive, rest)) if drive.eq_ignore_ascii_case("c") => Some(clean(rest)),
        Some(_) => None,
        None => Some(clean(&path)),
    }
}
