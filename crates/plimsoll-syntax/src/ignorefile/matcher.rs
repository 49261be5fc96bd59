//! Decides which paths a list of patterns ignores.

use super::program::Program;
use super::translate::{Shape, translate};
use super::{Pattern, PatternError, expression, path, syntax};

/// Patterns made ready to match.
#[derive(Clone, Debug)]
pub struct Matcher {
    rules: Vec<Rule>,
}

/// One pattern made ready.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Its index among the patterns given.
    index: usize,
    text: String,
    negated: bool,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    Exact,
    Prefix,
    Suffix,
    Expression(Program),
    Malformed,
}

/// Which patterns matched a folder; carried to what lies in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParentState {
    matched: Vec<bool>,
    decision: Decision,
}

/// Whether a path is ignored, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether the path is ignored.
    pub ignored: bool,
    /// The index of the pattern that decided; none where no pattern matches.
    pub by: Option<usize>,
}

/// Makes one pattern ready as moby's `New` does; none for an empty one.
pub(super) fn compile(index: usize, pattern: &Pattern) -> Result<Option<Rule>, PatternError> {
    let raw = pattern.raw();
    if raw.trim().is_empty() {
        return Ok(None);
    }
    let clean = path::clean(raw.trim());
    let (negated, text) = match clean.strip_prefix('!') {
        Some("") => return Err(PatternError::LoneExclamation { pattern: index }),
        Some(text) => (true, text),
        None => (false, clean.as_str()),
    };
    if !syntax::is_well_formed(text) {
        return Err(PatternError::Malformed { pattern: index });
    }
    let how = match translate(text) {
        Shape::Exact => How::Exact,
        Shape::Prefix => How::Prefix,
        Shape::Suffix => How::Suffix,
        Shape::Expression(written) => expression::parse(&written)
            .and_then(|rows| Program::new(&rows))
            .map_or(How::Malformed, How::Expression),
    };
    Ok(Some(Rule { index, text: text.to_owned(), negated, how }))
}

impl Rule {
    /// Whether trying the pattern is an error.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self.how, How::Malformed)
    }

    fn matches(&self, path: &str) -> Result<bool, PatternError> {
        Ok(match &self.how {
            How::Exact => path == self.text,
            How::Prefix => path::begins(path, self.prefix()),
            How::Suffix => self.matches_suffix(path),
            How::Expression(program) => program.matches(path),
            How::Malformed => return Err(PatternError::Malformed { pattern: self.index }),
        })
    }

    fn prefix(&self) -> &str {
        self.text.strip_suffix("**").unwrap_or(&self.text)
    }

    fn matches_suffix(&self, path: &str) -> bool {
        let suffix = self.text.strip_prefix("**").unwrap_or(&self.text);
        path::ends(path, suffix) || suffix.strip_prefix('/') == Some(path)
    }

    /// Whether the pattern matches a folder above the path. A malformed pattern does not.
    fn matches_parent(&self, parents: &[String]) -> bool {
        parents.iter().any(|parent| self.matches(parent).unwrap_or(false))
    }

    /// Whether the pattern might match a path below the folder (`folder` ends in `/`).
    fn may_match_below(&self, folder: &str) -> bool {
        match &self.how {
            How::Exact => self.text.starts_with(folder),
            How::Prefix => {
                let prefix = self.prefix();
                prefix.starts_with(folder) || folder.starts_with(prefix)
            }
            How::Suffix | How::Malformed => true,
            How::Expression(program) => program.may_match_from(folder),
        }
    }
}

impl Matcher {
    /// Makes patterns ready.
    ///
    /// # Errors
    /// For what moby refuses when the build begins: a lone `!`, malformed syntax.
    pub fn new(patterns: &[Pattern]) -> Result<Self, PatternError> {
        let compiled = patterns.iter().enumerate().map(|(index, pattern)| compile(index, pattern));
        Ok(Self { rules: compiled.filter_map(Result::transpose).collect::<Result<_, _>>()? })
    }

    /// How many patterns there are, empty ones left out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there are no patterns.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a pattern begins with `!`.
    #[must_use]
    pub fn has_exceptions(&self) -> bool {
        self.rules.iter().any(|rule| rule.negated)
    }

    /// Moby's `Matches`, which looks at one folder above the path only.
    ///
    /// # Errors
    /// When a malformed pattern is tried.
    pub fn matches(&self, path: &str) -> Result<bool, PatternError> {
        let parents = path::parents(path);
        self.matches_with(path, |rule| {
            let depth = rule.text.split('/').count();
            let parent = depth.checked_sub(1).and_then(|at| parents.get(at..=at));
            parent.is_some_and(|parent| rule.matches_parent(parent))
        })
    }

    /// Moby's `MatchesOrParentMatches`: whether the path or a folder above it is ignored.
    ///
    /// # Errors
    /// When a malformed pattern is tried.
    pub fn matches_or_parent(&self, path: &str) -> Result<bool, PatternError> {
        let parents = path::parents(path);
        self.matches_with(path, |rule| rule.matches_parent(&parents))
    }

    /// Moby's `MatchesUsingParentResult`, which knows of the parent only whether it matched.
    ///
    /// # Errors
    /// When a malformed pattern is tried.
    pub fn matches_after(&self, path: &str, parent_matched: bool) -> Result<bool, PatternError> {
        let mut matched = parent_matched;
        for rule in &self.rules {
            if rule.negated == matched && rule.matches(path)? {
                matched = !rule.negated;
            }
        }
        Ok(matched)
    }

    fn matches_with(
        &self,
        path: &str,
        above: impl Fn(&Rule) -> bool,
    ) -> Result<bool, PatternError> {
        let mut matched = false;
        for rule in &self.rules {
            if rule.negated == matched && (rule.matches(path)? || above(rule)) {
                matched = !rule.negated;
            }
        }
        Ok(matched)
    }

    /// Moby's `MatchesUsingParentResults`, what decides the transfer of a context: what the
    /// patterns do with a path, given what they did with its folder. With the default state
    /// the folders above are matched too.
    ///
    /// # Errors
    /// When a malformed pattern is tried, and for a state of another matcher.
    pub fn step(&self, path: &str, parent: &ParentState) -> Result<ParentState, PatternError> {
        let mut matched = Vec::with_capacity(self.rules.len());
        let decision = self.step_with(path, parent, |matches| matched.push(matches))?;
        Ok(ParentState { matched, decision })
    }

    /// [`Self::step`] for a path in which nothing lies.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn step_file(&self, path: &str, parent: &ParentState) -> Result<Decision, PatternError> {
        self.step_with(path, parent, |_| {})
    }

    fn step_with(
        &self,
        path: &str,
        parent: &ParentState,
        mut note: impl FnMut(bool),
    ) -> Result<Decision, PatternError> {
        let known = !parent.matched.is_empty();
        if known && parent.matched.len() != self.rules.len() {
            return Err(PatternError::ForeignParent);
        }
        let parents = if known || self.rules.is_empty() { Vec::new() } else { path::parents(path) };
        let mut decision = Decision::default();
        for (at, rule) in self.rules.iter().enumerate() {
            let inherited = parent.matched.get(at).copied().unwrap_or(false);
            let tried = rule.negated == decision.ignored;
            let matches =
                inherited || tried && (rule.matches(path)? || rule.matches_parent(&parents));
            note(matches);
            if matches {
                decision = Decision { ignored: !rule.negated, by: Some(rule.index) };
            }
        }
        Ok(decision)
    }

    /// What becomes of a path (without `./`) when BuildKit walks down to it from the root.
    ///
    /// # Errors
    /// When a malformed pattern is tried.
    pub fn decide(&self, path: &str) -> Result<Decision, PatternError> {
        let mut state = ParentState::default();
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            state = self.step(&path[..end], &state)?;
        }
        Ok(state.decision)
    }

    /// Whether all below an ignored folder is ignored, so that a walk may leave it out.
    /// Errs on the side of walking.
    #[must_use]
    pub fn can_prune(&self, folder: &str, state: &ParentState) -> bool {
        let Decision { ignored: true, by: Some(by) } = state.decision else { return false };
        let folder = format!("{folder}/");
        // What decided for the folder matches below it too; only later exceptions can undo it.
        let mut later = self.rules.iter().filter(|rule| rule.negated && rule.index > by);
        !later.any(|rule| rule.may_match_below(&folder))
    }
}

impl ParentState {
    /// What becomes of the path itself.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(text: &str) -> Matcher {
        Matcher::new(&super::super::IgnoreFile::parse(text).patterns).unwrap()
    }

    fn pruned(text: &str, folder: &str) -> bool {
        let matcher = matcher(text);
        let state = matcher.step(folder, &ParentState::default()).unwrap();
        matcher.can_prune(folder, &state)
    }

    #[test]
    fn the_last_match_decides() {
        let matcher = matcher("*\n!src\nsrc/*.tmp\n!src/keep.tmp\n");
        for (path, ignored, by) in [
            ("README.md", true, Some(0)),
            ("src/a.py", false, Some(1)),
            ("src/a.tmp", true, Some(2)),
            ("src/keep.tmp", false, Some(3)),
        ] {
            assert_eq!(matcher.decide(path), Ok(Decision { ignored, by }), "{path}");
        }
        assert_eq!(Matcher::new(&[]).unwrap().decide("a"), Ok(Decision::default()));
    }

    #[test]
    fn a_walk_does_not_lose_what_a_folder_did_not_try() {
        let matcher = matcher("a/b\n!a");
        assert_eq!(matcher.matches_or_parent("a/b"), Ok(false));
        assert!(matcher.decide("a/b").unwrap().ignored);
    }

    #[test]
    fn prunes_where_no_exception_reaches() {
        assert!(pruned("node_modules", "node_modules"));
        assert!(pruned("**/node_modules\n!src/**", "web/node_modules"));
        assert!(pruned("!dist/app.js\ndist", "dist"));
        assert!(pruned("*\n!*.md", "docs"));
        assert!(!pruned("dist\n!dist/app.js", "dist"));
        assert!(!pruned("dist\n!**/*.js", "dist"));
        assert!(!pruned("dist\n!d*/a/b", "dist"));
        assert!(!pruned("dist\n!dist/**", "dist"));
        assert!(!pruned("*\n!a|b*", "dist"));
        assert!(!pruned("src", "dist"));
    }

    #[test]
    fn malformed_classes_fail_when_tried() {
        let matcher = matcher("a\n![l-O]");
        assert_eq!(matcher.decide("b").unwrap().by, None);
        assert_eq!(matcher.decide("a"), Err(PatternError::Malformed { pattern: 1 }));
    }
}
