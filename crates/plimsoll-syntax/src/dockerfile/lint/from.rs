//! The FROM lines: global arguments, names, platforms, and what refers to which stage.

use std::collections::BTreeSet;

use super::vars::Vars;
use super::{Check, Linter, Site, Stop};
use crate::dockerfile::expand::{self, Env, ExpandError, Expansion};
use crate::dockerfile::{Base, FromRef, Instruction, dump::quote, platform, reference};

/// What a stage is built on.
pub(super) struct Resolved {
    /// The name in its FROM, expanded.
    image: String,
    pub(super) base: Base,
    /// Whether it is a stage for Windows.
    pub(super) windows: bool,
}

/// The variables that FROM sees.
struct Global {
    vars: Vars,
    /// What ARG declares, with or without a value.
    declared: BTreeSet<String>,
}

impl Linter<'_, '_> {
    /// Expands with the file's escape character.
    pub(super) fn expand(&self, text: &str, env: &impl Env) -> Result<Expansion, ExpandError> {
        expand::process_word(text, self.program.file.escape, env)
    }

    /// The arguments that BuildKit knows by itself.
    pub(super) fn predefined(&self) -> Vars {
        let inputs = self.inputs;
        let asked = inputs.target.as_deref().filter(|target| !target.is_empty());
        let last = self.program.stages.last().and_then(|stage| stage.name.as_deref());
        let mut vars = Vars::default();
        let mut set = |name: String, value: &str| {
            let given = inputs.build_args.get(&name).map_or(value, String::as_str);
            vars.set(&name, given);
        };
        for (prefix, platform) in [("BUILD", &inputs.build_platform), ("TARGET", &inputs.platform)]
        {
            set(format!("{prefix}PLATFORM"), &platform.to_string());
            set(format!("{prefix}OS"), &platform.os);
            set(format!("{prefix}OSVERSION"), "");
            set(format!("{prefix}ARCH"), &platform.arch);
            set(format!("{prefix}VARIANT"), &platform.variant);
        }
        set("TARGETSTAGE".to_owned(), asked.or(last).unwrap_or("default"));
        vars
    }

    /// What a build argument is given; one whose value nobody can tell counts as empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        let known = self.inputs.build_args.get(name).map(String::as_str);
        known.or_else(|| self.inputs.unknown_args.contains(name).then_some(""))
    }

    fn global(&self, with_arguments: bool) -> Result<Global, Stop> {
        let mut global = Global { vars: self.predefined(), declared: BTreeSet::new() };
        for instr in &self.program.global_args {
            let Instruction::Arg(args) = &instr.kind else { continue };
            for arg in args {
                let name = arg.name.text;
                let given = self.given(name).filter(|_| with_arguments).map(str::to_owned);
                let value = match (given, arg.default) {
                    (None, Some(default)) => {
                        Some(self.expand(default.text, &global.vars).map_err(|_| Stop)?.text)
                    }
                    (given, _) => given,
                };
                if let Some(value) = value {
                    global.vars.set(name, &value);
                }
                global.declared.insert(name.to_owned());
            }
        }
        Ok(global)
    }

    /// The variables of the global scope, as a stage that redeclares one sees them.
    pub(super) fn global_vars(&self) -> Result<Vars, Stop> {
        self.global(true).map(|global| global.vars)
    }

    /// Whether each FROM names an image where no build argument is given.
    pub(super) fn default_bases(&mut self) {
        let Ok(global) = self.global(false) else { return };
        for stage in &self.program.stages {
            let text = &stage.from.image.text;
            let Ok(expansion) = self.expand(text, &global.vars) else { return };
            if !reference::is_valid(&expansion.text) {
                let what = "results in empty or invalid base image name";
                let detail = format!("Default value for ARG {text} {what}");
                let site = self.file_site(stage.node);
                self.warn(&site, Check::InvalidDefaultArgInFrom, text, detail);
            }
        }
    }

    /// Expands the FROM lines in order.
    pub(super) fn bases(&mut self) -> Result<Vec<Resolved>, Stop> {
        let global = self.global(true)?;
        let mut found: Vec<Resolved> = Vec::new();
        for stage in &self.program.stages {
            let site = self.site(stage.node);
            let expanded = self.expand(&stage.from.image.text, &global.vars);
            self.undeclared(&site, &global, &expanded);
            let image = expanded.map_err(|_| Stop)?.text;
            self.count(image.len())?;
            if image.is_empty() {
                return Err(Stop);
            }
            let base = self.program.base_of(stage.index, &image);
            let windows = match stage.from.platform {
                Some(piece) => {
                    Some(self.platform(&site, &global, piece.text, stage.name.as_deref())?)
                }
                None => None,
            };
            let outer = self.inputs.platform.os == "windows";
            let windows = match base {
                Base::Stage(base) => found.get(base).is_some_and(|base| base.windows),
                Base::Image => windows.unwrap_or(outer),
                Base::Scratch => outer,
            };
            found.push(Resolved { image, base, windows });
        }
        Ok(found)
    }

    /// Warns of variables in FROM that no ARG declares.
    fn undeclared(
        &mut self,
        site: &Site,
        global: &Global,
        expanded: &Result<Expansion, ExpandError>,
    ) {
        let unmatched = match expanded {
            Ok(expansion) => &expansion.unmatched,
            Err(error) => &error.unmatched,
        };
        for name in unmatched.iter().filter(|name| !global.declared.contains(*name)) {
            let known = || {
                let declared = global.declared.iter().map(String::as_str);
                global.vars.names().into_iter().chain(declared).collect()
            };
            let near = self.budget.nearest(name, known);
            let near = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
            let detail = format!("FROM argument '{name}' is not declared{near}");
            self.warn(site, Check::UndefinedArgInFrom, name, detail);
        }
    }

    /// Checks `--platform`; returns whether it is Windows.
    fn platform(
        &mut self,
        site: &Site,
        global: &Global,
        text: &str,
        stage: Option<&str>,
    ) -> Result<bool, Stop> {
        let expanded = self.expand(text, &global.vars);
        self.undeclared(site, global, &expanded);
        let expansion = expanded.map_err(|_| Stop)?;
        let arch = self.inputs.build_platform.arch.as_str();
        let target = global.vars.get("TARGETPLATFORM");
        let parsed = platform::parse(&expansion.text, arch);
        let constant = expansion.matched.is_empty() && expansion.unmatched.is_empty();
        let only = expansion.unmatched.is_empty() && expansion.matched == ["TARGETPLATFORM"];
        if only && target == Some(expansion.text.as_str()) {
            let what = "in FROM is redundant as this is the default behavior";
            let detail = format!("Setting platform to predefined {text} {what}");
            self.warn(site, Check::RedundantTargetPlatform, text, detail);
        }
        let named = |part: &str| stage.unwrap_or("").contains(part);
        if constant && parsed.as_ref().is_some_and(|p| !named(&p.os) && !named(&p.arch)) {
            let quoted = quote(&expansion.text);
            let detail = format!("FROM --platform flag should not use constant value {quoted}");
            self.warn(site, Check::FromPlatformFlagConstDisallowed, &expansion.text, detail);
        }
        parsed.map(|parsed| parsed.os == "windows").ok_or(Stop)
    }

    /// Follows `--from` and the mounts: stops where BuildKit finds a wrong one before it begins.
    pub(super) fn references(&self, bases: &[Resolved]) -> Result<(), Stop> {
        let mut needs: Vec<Vec<usize>> = vec![Vec::new(); self.program.stages.len()];
        for (stage, resolved) in self.program.stages.iter().zip(bases) {
            for instr in &stage.instructions {
                for (reference, text, _) in self.program.references(instr) {
                    match reference {
                        FromRef::Stage(other) => needs[stage.index].push(other),
                        FromRef::Image if text == "scratch" || reference::is_valid(text) => {}
                        FromRef::Image | FromRef::Invalid => return Err(Stop),
                    }
                }
            }
            if resolved.base == Base::Image && !reference::is_valid(&resolved.image) {
                return Err(Stop);
            }
        }
        if is_circular(&needs) { Err(Stop) } else { Ok(()) }
    }
}

/// Whether stages copy or mount from each other in a circle: stages that need none of those
/// left are taken away until none is left.
fn is_circular(needs: &[Vec<usize>]) -> bool {
    let mut waits: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (stage, others) in needs.iter().enumerate() {
        for other in others {
            needed_by[*other].push(stage);
        }
    }
    let mut free: Vec<usize> = (0..needs.len()).filter(|stage| waits[*stage] == 0).collect();
    let mut gone = 0;
    while let Some(stage) = free.pop() {
        gone += 1;
        for other in &needed_by[stage] {
            waits[*other] -= 1;
            if waits[*other] == 0 {
                free.push(*other);
            }
        }
    }
    gone < needs.len()
}
