//! Comments that tell other tools to be quiet, as far as our rules know their codes.
//!
//! | comment | where | holds for |
//! | --- | --- | --- |
//! | `# hadolint ignore=DL3008` | Dockerfiles | the next instruction; `global ignore` for the file |
//! | `# check=skip=X` | Dockerfiles | the file where it is a directive at the top, else the next instruction; `skip=all` is every check of BuildKit |
//! | `# trivy:ignore:DS-0002` | Dockerfiles | the next instruction, or the file at its top; `:exp:2027-01-31` is its last day |
//! | `# checkov:skip=CKV_DOCKER_3:why` | Dockerfiles | the file |
//! | `# zizmor: ignore[excessive-permissions]` | workflows | its line, or what begins on the next |

use std::sync::Arc;

use plimsoll_model::Date;
use plimsoll_syntax::dockerfile::lint;
use plimsoll_syntax::{LineIndex, Span};

use super::Review;
use super::waiver::{Allowance, Scope, scope_below};
use crate::repo::Place;

/// How far a comment reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Next,
    File,
    /// The file where only comments are above it, else the next instruction.
    Directive,
}

/// What a comment asks for.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    codes: Vec<String>,
    reach: Reach,
    until: Option<Date>,
    reason: String,
}

/// Every such comment of the repository.
pub(crate) fn of_other_tools(review: &Review<'_>) -> Vec<Allowance> {
    let dockerfiles = review.repo.dockerfiles.iter().map(|view| (&view.path, false));
    let workflows = review.repo.workflows.iter().map(|workflow| (&workflow.path, true));
    let mut all = Vec::new();
    for (path, is_workflow) in dockerfiles.chain(workflows) {
        let text = review.sources.text(path).unwrap_or_default();
        read(path, text, is_workflow, &mut all);
    }
    // Whether one of them is still of use is for its own tool to say; one that ran out is none.
    all.retain(|asked| asked.until.is_none_or(|day| day >= review.today));
    all.into_iter().map(|asked| Allowance { until: None, ..asked }).collect()
}

fn read(path: &Arc<str>, text: &str, is_workflow: bool, all: &mut Vec<Allowance>) {
    let marks: &[&str] =
        if is_workflow { &["zizmor:"] } else { &["hadolint", "check", "trivy:", "checkov:"] };
    if !marks.iter().any(|mark| text.contains(mark)) {
        return;
    }
    let index = LineIndex::new(text);
    for (i, line) in text.lines().enumerate() {
        let whole = line.trim_start();
        let alone = whole.starts_with('#');
        let comment = match is_workflow {
            true => line.rsplit_once('#').map(|(_, comment)| comment),
            // What follows an instruction on its line is no comment.
            false => whole.strip_prefix('#'),
        };
        let read = if is_workflow { of_workflow } else { of_dockerfile };
        let Some(asked) = comment.and_then(|comment| read(comment.trim())) else { continue };
        let number = u32::try_from(i + 1).unwrap_or(u32::MAX);
        let start = index.line_start(number) as usize;
        let scope = match asked.reach {
            Reach::File => Scope::Path(path.to_string()),
            Reach::Directive if text.lines().take(i).all(|above| above.starts_with('#')) => {
                Scope::Path(path.to_string())
            }
            _ if alone => scope_below(text, &index, number),
            _ => Scope::Lines(number, number),
        };
        all.push(Allowance {
            at: Place::new(path, Span::new(start, start + line.len())),
            rules: rules(&asked.codes),
            until: asked.until,
            reason: asked.reason,
            scope,
        });
    }
}

/// The rules that other tools call so.
fn rules(codes: &[String]) -> Vec<String> {
    let is = |alias: &str, code: &str| match code {
        "all" => is_of_buildkit(alias),
        code => alias.eq_ignore_ascii_case(code),
    };
    let knows = |rule: &&crate::rule::Rule| {
        rule.aliases.iter().any(|alias| codes.iter().any(|code| is(alias, code)))
    };
    crate::rules::all().filter(knows).map(|rule| rule.name.to_owned()).collect()
}

fn is_of_buildkit(alias: &str) -> bool {
    lint::Check::ALL.iter().any(|check| check.as_str() == alias)
}

fn of_dockerfile(comment: &str) -> Option<Asked> {
    if let Some(rest) = comment.strip_prefix("hadolint") {
        let rest = rest.trim_start();
        let global = rest.strip_prefix("global").map(str::trim_start);
        let list = global.unwrap_or(rest).strip_prefix("ignore")?.trim_start().strip_prefix('=')?;
        let reach = if global.is_some() { Reach::File } else { Reach::Next };
        return Some(listed(list, reach));
    }
    if let Some(rest) = comment.strip_prefix("trivy:") {
        return of_trivy(rest);
    }
    if let Some(rest) = comment.strip_prefix("checkov:") {
        let rest = rest.strip_prefix("skip")?.trim_start().strip_prefix('=')?;
        let (code, reason) = rest.split_once(':').unwrap_or((rest, ""));
        return Some(asked(vec![code.trim().to_owned()], Reach::File, reason));
    }
    let rest = comment.strip_prefix("check")?.trim_start().strip_prefix('=')?;
    let list = rest.split(';').find_map(|part| part.trim().strip_prefix("skip="))?;
    Some(listed(list, Reach::Directive))
}

/// `ignore:AVD-DS-0002:exp:2027-01-31 trivy:ignore:DS-0026`.
fn of_trivy(rest: &str) -> Option<Asked> {
    let mut until = None;
    let mut codes = Vec::new();
    let mut words = rest.split_whitespace();
    for word in words
        .by_ref()
        .map_while(|word| word.strip_prefix("trivy:").unwrap_or(word).strip_prefix("ignore:"))
    {
        let mut parts = word.split(':');
        let code = parts.next().unwrap_or_default().to_ascii_uppercase();
        let code = code.strip_prefix("AVD-").unwrap_or(&code);
        codes.push(match code.strip_prefix("DS").filter(|number| !number.starts_with('-')) {
            // Older versions wrote three digits and no dash.
            Some(number) => format!("DS-{number:0>4}"),
            None => code.to_owned(),
        });
        if parts.next() == Some("exp") {
            until = parts.next().and_then(|day| day.parse().ok()).or(until);
        }
    }
    (!codes.is_empty()).then(|| Asked { until, ..asked(codes, Reach::Next, "") })
}

fn of_workflow(comment: &str) -> Option<Asked> {
    let rest = comment.strip_prefix("zizmor:")?.trim_start().strip_prefix("ignore[")?;
    let (list, reason) = rest.split_once(']')?;
    Some(asked(codes(list), Reach::Next, reason))
}

/// A list of codes, and what is said behind it.
fn listed(list: &str, reach: Reach) -> Asked {
    let cut = list.find(" //").or_else(|| list.find('#'));
    let (list, reason) = cut.map_or((list, ""), |at| list.split_at(at));
    asked(codes(list), reach, reason)
}

fn codes(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn asked(codes: Vec<String>, reach: Reach, reason: &str) -> Asked {
    let reason = reason.trim_start_matches([' ', '/', '#', '-', ':']).trim();
    let none = "suppressed by a comment for another tool";
    let reason = if reason.is_empty() { none } else { reason };
    Asked { codes, reach, until: None, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_other_tools_are_read() {
        let file = (Reach::File, None);
        let next = (Reach::Next, None);
        let directive = (Reach::Directive, None);
        let day = (Reach::Next, Date::from_ymd(2027, 1, 31));
        let said = "suppressed by a comment for another tool";
        for (comment, codes, (reach, until), reason) in [
            ("hadolint ignore=DL3008,DL3009", vec!["DL3008", "DL3009"], next, said),
            (
                "hadolint global ignore=DL3006 # its base is ours",
                vec!["DL3006"],
                file,
                "its base is ours",
            ),
            (
                "check=error=true;skip=JSONArgsRecommended,StageNameCasing",
                vec!["JSONArgsRecommended", "StageNameCasing"],
                directive,
                said,
            ),
            ("check=skip=all", vec!["all"], directive, said),
            (
                "trivy:ignore:AVD-DS-0002 trivy:ignore:ds026 because",
                vec!["DS-0002", "DS-0026"],
                next,
                said,
            ),
            ("trivy:ignore:DS-0002:exp:2027-01-31", vec!["DS-0002"], day, said),
            (
                "checkov:skip=CKV_DOCKER_3:it needs root",
                vec!["CKV_DOCKER_3"],
                file,
                "it needs root",
            ),
        ] {
            let codes = codes.into_iter().map(str::to_owned).collect();
            let want = Asked { codes, reach, until, reason: reason.to_owned() };
            assert_eq!(of_dockerfile(comment), Some(want), "{comment}");
        }
        for comment in ["checks are good", "hadolint is a linter", "trivy:no", "checkov:skip"] {
            assert_eq!(of_dockerfile(comment), None, "{comment}");
        }
        let read = of_workflow("zizmor: ignore[a, b] - for forks").unwrap();
        assert_eq!((read.codes, read.reason.as_str()), (codes("a,b"), "for forks"));
    }

    #[test]
    fn a_check_at_the_top_holds_for_the_file_and_elsewhere_for_what_is_below() {
        let scopes = |text: &str| {
            let mut all = Vec::new();
            read(&"Dockerfile".into(), text, false, &mut all);
            all.into_iter().map(|asked| asked.scope).collect::<Vec<Scope>>()
        };
        let skip = "# check=skip=StageNameCasing\n";
        assert_eq!(
            scopes(&format!("# syntax=x\n{skip}FROM a\n")),
            [Scope::Path("Dockerfile".into())]
        );
        assert_eq!(scopes(&format!("FROM a\n{skip}RUN b\n")), [Scope::Lines(3, 3)]);
    }

    #[test]
    fn a_code_is_a_rule_that_has_it_as_its_alias() {
        let of = |code: &str| rules(&[code.to_owned()]);
        assert_eq!(of("dl3004"), ["security/sudo-in-build"]);
        assert_eq!(of("nobody-knows"), Vec::<String>::new());
        assert!(of("all").contains(&"runtime/shell-form-without-exec".to_owned()));
        assert!(!of("all").contains(&"security/sudo-in-build".to_owned()));
    }
}
