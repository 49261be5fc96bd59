//! Which checks are on: `# check=skip=A,B;error=true` at the top of the file, and
//! `# check=skip=A` above an instruction.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::comments::{directives, starts_line};
use super::{Check, Linter, Stop};
use crate::dockerfile::directives::named;

/// What is said about the checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    skip: Choice,
    /// Experimental checks are off unless they are chosen, and cannot be skipped.
    experimental: Choice,
    /// Whether warnings are errors.
    pub(super) error: bool,
}

/// All checks, or those named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Choice {
    all: bool,
    named: Rc<BTreeSet<String>>,
}

impl Choice {
    fn read(value: &str) -> Self {
        match value.trim() {
            "all" => Self { all: true, ..Self::default() },
            value => {
                let named = value.split(',').map(|name| name.trim().to_owned()).collect();
                Self { all: false, named: Rc::new(named) }
            }
        }
    }

    fn has(&self, check: Check) -> bool {
        self.all || self.named.contains(check.as_str())
    }

    fn join(&mut self, other: &Self) {
        self.all |= other.all;
        if !other.named.is_empty() {
            self.named = Rc::new(self.named.union(&other.named).cloned().collect());
        }
    }
}

impl Options {
    /// Reads `skip=A,B;experimental=C;error=true`; `None` where BuildKit refuses it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut options = Self::default();
        let text = text.trim();
        if text.is_empty() {
            return Some(options);
        }
        for part in text.splitn(3, ';') {
            let (key, value) = part.split_once('=')?;
            match key.trim() {
                "skip" => options.skip = Choice::read(value),
                "experimental" => options.experimental = Choice::read(value),
                "error" => options.error = boolean(value.trim())?,
                _ => return None,
            }
        }
        Some(options)
    }

    /// Adds what the first check directive in the comments above an instruction says.
    pub(super) fn with_comments(&self, comments: &[String]) -> Self {
        let mut options = self.clone();
        let is_check = |(name, _): &(&str, &str)| name.eq_ignore_ascii_case("check");
        let found = comments.iter().filter_map(|comment| named(comment)).find(is_check);
        let found = found.and_then(|(_, value)| Self::parse(first_word(value)));
        if let Some(found) = found {
            options.skip.join(&found.skip);
            options.experimental.join(&found.experimental);
        }
        options
    }

    pub(super) fn allows(&self, check: Check) -> bool {
        match check {
            Check::InvalidDefinitionDescription => self.experimental.has(check),
            _ => !self.skip.has(check),
        }
    }
}

fn first_word(value: &str) -> &str {
    value.split(' ').next().unwrap_or("")
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

impl Linter<'_, '_> {
    /// What the build argument says about the checks, else the directive at the top of the file.
    pub(super) fn global_options(&self) -> Result<Options, Stop> {
        let argument = self.inputs.build_args.get("BUILDKIT_DOCKERFILE_CHECK");
        let value = argument.map(String::as_str).or_else(|| self.directive());
        Options::parse(value.unwrap_or("")).ok_or(Stop)
    }

    /// The check directive; the frontend sees none below an indented line, the parser does.
    fn directive(&self) -> Option<&str> {
        let file = self.program.file;
        let check = file.directives.check.as_ref()?;
        let mut above = directives(file).filter(|found| found.span.end <= check.span.end);
        let flush = above
            .all(|found| starts_line(self.source.get(..found.span.start as usize).unwrap_or("")));
        flush.then(|| first_word(&check.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_buildkit_does() {
        let options = Options::parse(" skip = UndefinedVar, FromAsCasing;error=T").unwrap();
        assert!(options.error && !options.allows(Check::FromAsCasing));
        assert!(!options.allows(Check::UndefinedVar) && options.allows(Check::StageNameCasing));
        let options = Options::parse("skip=all;experimental=all").unwrap();
        assert!(!options.allows(Check::UndefinedVar));
        assert!(options.allows(Check::InvalidDefinitionDescription));
        assert_eq!(Options::parse(""), Some(Options::default()));
        assert!(
            ["skip", "skipp=all", "error=yes", ";"].iter().all(|o| Options::parse(o).is_none())
        );
    }

    #[test]
    fn the_first_check_above_an_instruction_counts() {
        let comments = ["why", "check=skip=UndefinedVar // why", "check=skip=all"];
        let options = Options::default().with_comments(&comments.map(str::to_owned));
        assert!(!options.allows(Check::UndefinedVar) && options.allows(Check::FromAsCasing));
        let bad = Options::default().with_comments(&["check=skipp=all".to_owned()]);
        assert_eq!(bad, Options::default());
    }
}
