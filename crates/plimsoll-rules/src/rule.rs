//! What a rule is: metadata, a page, and a check over one kind of subject.

use plimsoll_model::{Applicability, Edit, Fix, Level, Section};

use crate::discover::{Build, Deploy, Service};
use crate::repo::{DockerfileView, Place, Workflow};
use crate::review::Review;
use crate::views::subject::Subject;

/// A rule: what it is called, what it weighs, and how it looks.
pub struct Rule {
    /// `section/problem`, named after the problem.
    pub name: &'static str,
    /// The section it counts for.
    pub section: Section,
    /// What its findings weigh unless one says otherwise.
    pub level: Level,
    /// What the rule makes sure of, in the affirmative: printed when it passes.
    pub assures: &'static str,
    /// Codes of other tools for the same problem, whose suppressions are honoured.
    pub aliases: &'static [&'static str],
    /// The page, Markdown.
    pub page: &'static str,
    /// The check.
    pub check: Check,
}

/// The check of a rule, by the kind of subject it looks at. The runner calls it once for
/// each subject the repository has.
#[derive(Clone, Copy)]
pub enum Check {
    /// The repository as a whole.
    Repo(fn(&Review<'_>, &mut Out)),
    /// Each Dockerfile.
    Dockerfile(fn(&Review<'_>, &DockerfileView, &mut Out)),
    /// Each service.
    Service(fn(&Review<'_>, &Service, &mut Out)),
    /// Each context of each service, where it installs what manifests list.
    Installs(fn(&Subject<'_>, &mut Out)),
    /// Each place that builds an image.
    Build(fn(&Review<'_>, &Build, &mut Out)),
    /// Each place that deploys one.
    Deploy(fn(&Review<'_>, &Deploy, &mut Out)),
    /// Each GitHub workflow.
    Workflow(fn(&Review<'_>, &Workflow, &mut Out)),
    /// Nothing: the runner finds it itself, as it alone knows waivers and settings.
    Runner,
}

/// What a check says: what it looked at, and what it found.
#[derive(Default)]
pub struct Out {
    pub(crate) subjects: usize,
    pub(crate) findings: Vec<Draft>,
}

impl Out {
    /// Notes that the rule looked at one subject it applies to. A rule that looked at
    /// nothing is not applicable; one that looked and found nothing has passed.
    pub fn examined(&mut self) {
        self.subjects += 1;
    }

    /// Begins a finding at its primary place. It counts as examined.
    pub fn finding(&mut self, at: &Place, message: impl Into<String>) -> &mut Draft {
        self.subjects += 1;
        self.findings.push(Draft::new(at.clone(), message.into()));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }
}

impl Out {
    /// Makes one finding of those with the same key. The first stays; of each other, `label` says
    /// what it adds to it. The fix is that of all, where each has one.
    pub(crate) fn gather<K: PartialEq>(
        &mut self,
        key: impl Fn(&Draft) -> K,
        label: impl Fn(&Draft) -> (Place, String),
    ) {
        let mut kept: Vec<(K, Draft)> = Vec::new();
        for draft in std::mem::take(&mut self.findings) {
            let own = key(&draft);
            let Some((_, first)) = kept.iter_mut().find(|(k, _)| *k == own) else {
                kept.push((own, draft));
                continue;
            };
            let also = label(&draft);
            if also.0 != first.at && !first.related.contains(&also) {
                first.related.push(also);
            }
            match (&mut first.fix, draft.fix) {
                (Some(fix), Some(more)) => {
                    for edit in more.edits {
                        if !fix.edits.contains(&edit) {
                            fix.edits.push(edit);
                        }
                    }
                }
                (fix, _) => *fix = None,
            }
        }
        self.findings = kept.into_iter().map(|(_, draft)| draft).collect();
    }
}

/// A finding in the making; the runner adds what only it knows.
pub struct Draft {
    pub(crate) at: Place,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) level: Option<Level>,
    pub(crate) service: Option<String>,
    pub(crate) related: Vec<(Place, String)>,
    pub(crate) evidence: Vec<String>,
    pub(crate) consequence: String,
    pub(crate) remedy: String,
    pub(crate) fix: Option<Fix>,
}

impl Draft {
    fn new(at: Place, message: String) -> Self {
        Self {
            at,
            message,
            label: String::new(),
            level: None,
            service: None,
            related: Vec::new(),
            evidence: Vec::new(),
            consequence: String::new(),
            remedy: String::new(),
            fix: None,
        }
    }

    /// Says something right at the primary place.
    pub fn label(&mut self, text: impl Into<String>) -> &mut Self {
        self.label = text.into();
        self
    }

    /// Weighs this finding otherwise than the rule does by default.
    pub fn level(&mut self, level: Level) -> &mut Self {
        self.level = Some(level);
        self
    }

    /// Names the service, where the subject does not tell it.
    pub fn service(&mut self, name: impl Into<String>) -> &mut Self {
        self.service = Some(name.into());
        self
    }

    /// Adds another place that belongs to the finding.
    pub fn related(&mut self, at: &Place, label: impl Into<String>) -> &mut Self {
        self.related.push((at.clone(), label.into()));
        self
    }

    /// Adds a figure or fact the finding rests on.
    pub fn evidence(&mut self, text: impl Into<String>) -> &mut Self {
        self.evidence.push(text.into());
        self
    }

    /// Says what happens because of it.
    pub fn consequence(&mut self, text: impl Into<String>) -> &mut Self {
        self.consequence = text.into();
        self
    }

    /// Says what to do.
    pub fn remedy(&mut self, text: impl Into<String>) -> &mut Self {
        self.remedy = text.into();
        self
    }

    /// Adds the remedy as edits.
    pub fn fix(
        &mut self,
        title: impl Into<String>,
        applicability: Applicability,
        edits: Vec<Edit>,
    ) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), applicability, edits });
        self
    }
}

/// Makes the edit that replaces the bytes of a place; a place without bytes has no edit.
#[must_use]
pub fn replace(at: &Place, text: impl Into<String>) -> Vec<Edit> {
    let edit = |span: plimsoll_syntax::Span| Edit {
        path: at.path.to_string(),
        start: span.start,
        end: span.end,
        text: text.into(),
    };
    at.span.map(edit).into_iter().collect()
}

/// Makes the edit that inserts text at a byte of a file.
#[must_use]
pub fn insert(path: &str, offset: u32, text: impl Into<String>) -> Vec<Edit> {
    vec![Edit { path: path.to_owned(), start: offset, end: offset, text: text.into() }]
}
