//! Waivers: findings let through with a reason and a date, in a comment or in `plimsoll.toml`.
//!
//! `# plimsoll: allow cache/no-cache until=2027-01-31 reason="runner is warm"` holds for its
//! own line, or, alone on a line, for what begins on the next one: a Dockerfile instruction,
//! or a YAML entry with everything indented below it. At the top of a file, followed by an
//! empty line, it holds for the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_model::{Date, Sources};
use plimsoll_syntax::{LineIndex, Span};

use crate::repo::{Fact, Place};

const MARK: &str = "plimsoll: allow";

/// A waiver that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) at: Place,
    pub(crate) rules: Vec<String>,
    pub(crate) until: Option<Date>,
    pub(crate) reason: String,
    pub(crate) scope: Scope,
}

/// What a waiver covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Lines of its file, first and last.
    Lines(u32, u32),
    /// A file, or a folder with everything below it.
    Path(String),
    /// Everything.
    All,
}

/// Reads the waivers in the comments of every file. What is wrong with one is a fault.
pub(crate) fn read(sources: &Sources) -> (Vec<Allowance>, Vec<Fact<String>>) {
    let (mut waivers, mut faults) = (Vec::new(), Vec::new());
    for (path, file) in sources.files.iter().filter(|(_, f)| f.text.contains(MARK)) {
        let path: Arc<str> = path.as_str().into();
        let index = LineIndex::new(&file.text);
        for (offset, _) in file.text.match_indices(MARK) {
            match comment(&path, &file.text, &index, offset) {
                Some(Ok(waiver)) => waivers.push(waiver),
                Some(Err(fault)) => faults.push(fault),
                None => {}
            }
        }
    }
    (waivers, faults)
}

fn comment(
    path: &Arc<str>,
    text: &str,
    index: &LineIndex,
    offset: usize,
) -> Option<Result<Allowance, Fact<String>>> {
    let line = index.line(Span::new(offset, offset).start);
    let start = index.line_start(line) as usize;
    let before = text.get(start..offset)?;
    let hash = before.rfind('#').filter(|h| before[h + 1..].trim().is_empty())?;
    let rest = text.get(offset + MARK.len()..)?.lines().next().unwrap_or("").trim_end();
    let at = Place::new(path, Span::new(start + hash, offset + MARK.len() + rest.len()));
    let scope = if before[..hash].trim().is_empty() {
        scope_below(text, index, line)
    } else {
        Scope::Lines(line, line)
    };
    Some(
        clauses(rest)
            .map(|c| Allowance { at: at.clone(), rules: c.0, until: Some(c.1), reason: c.2, scope })
            .map_err(|e| Fact::new(e, at)),
    )
}

/// The rules, the date and the reason of a comment.
fn clauses(text: &str) -> Result<(Vec<String>, Date, String), String> {
    let (head, reason) = match text.split_once("reason=") {
        Some((head, reason)) => (head, reason.trim().trim_matches('"').trim()),
        None => (text, ""),
    };
    let mut until = None;
    let mut rules = Vec::new();
    for word in head.split([' ', '\t', ',']).filter(|w| !w.is_empty()) {
        match word.strip_prefix("until=") {
            Some(day) => until = Some(day.parse::<Date>().map_err(|e| e.to_string())?),
            None => rules.push(word.to_owned()),
        }
    }
    match until {
        _ if rules.is_empty() => Err("the waiver names no rule".to_owned()),
        None => Err("the waiver has no date: add until=2027-01-31".to_owned()),
        Some(_) if reason.is_empty() => {
            Err("the waiver gives no reason: add reason=\"…\"".to_owned())
        }
        Some(day) => Ok((rules, day, reason.to_owned())),
    }
}

/// What begins below a comment that stands alone on its line.
pub(super) fn scope_below(text: &str, index: &LineIndex, line: u32) -> Scope {
    let lines: Vec<&str> =
        text.get(index.line_start(line) as usize..).unwrap_or("").lines().skip(1).collect();
    let head = text.get(..index.line_start(line) as usize).unwrap_or("");
    let tops = head.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#'));
    if tops && lines.first().is_none_or(|l| l.trim().is_empty()) {
        return Scope::All;
    }
    let skipped =
        lines.iter().take_while(|l| l.trim().is_empty() || l.trim_start().starts_with('#')).count();
    let Some(first) = lines.get(skipped) else { return Scope::Lines(line, line) };
    let indent = |l: &str| l.len() - l.trim_start().len();
    let mut last = skipped;
    let mut open = first.trim_end().ends_with(['\\', '`']);
    for (i, l) in lines.iter().enumerate().skip(skipped + 1) {
        let deeper = !l.trim().is_empty() && indent(l) > indent(first);
        if !(deeper || open || l.trim().is_empty()) {
            break;
        }
        if deeper || open {
            last = i;
            open = l.trim_end().ends_with(['\\', '`']) || (open && l.trim_start().starts_with('#'));
        }
    }
    let line_of = |i: usize| line + 1 + u32::try_from(i).unwrap_or(u32::MAX - line - 1);
    Scope::Lines(line_of(skipped), line_of(last))
}

impl Allowance {
    /// Whether it speaks of this rule at this place.
    pub(crate) fn covers(&self, rule: &str, path: &str, line: Option<u32>) -> bool {
        self.rules.iter().any(|r| r == rule)
            && match &self.scope {
                Scope::Path(entry) => crate::config::covers(entry, path),
                Scope::All => {
                    self.at.path.as_ref() == path || self.at.path.as_ref() == crate::config::FILE
                }
                Scope::Lines(first, last) => {
                    self.at.path.as_ref() == path
                        && line.is_some_and(|l| (*first..=*last).contains(&l))
                }
            }
    }
}

/// Which waivers were used, so that the others can be called stale.
#[derive(Default)]
pub(crate) struct Used(BTreeMap<usize, usize>);

impl Used {
    pub(crate) fn note(&mut self, index: usize) {
        *self.0.entry(index).or_default() += 1;
    }

    pub(crate) fn contains(&self, index: usize) -> bool {
        self.0.contains_key(&index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Vec<Scope> {
        let mut sources = Sources::default();
        sources.insert("f", text);
        read(&sources).0.into_iter().map(|w| w.scope).collect()
    }

    #[test]
    fn a_comment_covers_what_begins_below_it() {
        let allow = "# plimsoll: allow a/b until=2027-01-31 reason=\"x\"";
        assert_eq!(
            scopes(&format!("FROM a\n{allow}\nRUN x \\\n  y \\\n# c\n  z\nRUN b\n")),
            [Scope::Lines(3, 6)]
        );
        assert_eq!(
            scopes(&format!("jobs:\n  {allow}\n  a:\n    b: 1\n\n    c: 2\n  d: 1\n")),
            [Scope::Lines(3, 6)]
        );
        assert_eq!(scopes(&format!("a: 1 {allow}\nb: 2\n")), [Scope::Lines(1, 1)]);
        assert_eq!(scopes(&format!("# head\n{allow}\n\nFROM a\n")), [Scope::All]);
        assert_eq!(scopes(&format!("x = \"{}\"\n", &allow[2..])), []);
    }

    #[test]
    fn a_waiver_needs_a_rule_a_date_and_a_reason() {
        for (text, want) in [
            ("# plimsoll: allow until=2027-01-31 reason=\"x\"", "names no rule"),
            ("# plimsoll: allow a/b reason=\"x\"", "no date"),
            ("# plimsoll: allow a/b until=2027-02-30 reason=\"x\"", "not a date"),
            ("# plimsoll: allow a/b until=2027-01-31", "no reason"),
        ] {
            let mut sources = Sources::default();
            sources.insert("f", text);
            let faults = read(&sources).1;
            assert!(faults.len() == 1 && faults[0].value.contains(want), "{text}: {faults:?}");
        }
    }
}
