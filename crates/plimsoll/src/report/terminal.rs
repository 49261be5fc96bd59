//! The report for a terminal: an expert's page, the verdict first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{
    AnnotationKind, Element, Group, Level as Frame, Origin, Renderer, Snippet,
};
use plimsoll_model::{
    CheckState, Excerpt, Figure, Finding, Gate, GateState, Level, Location, NamedFigure, Report,
    Verdict, metric, printable,
};

use super::evidence;

/// How the page is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Whether it may use colour.
    pub(crate) colour: bool,
    /// Whether every finding gets its code frame, and passed rules are listed.
    pub(crate) full: bool,
    /// Columns.
    pub(crate) width: usize,
}

/// Sets the report as a page.
pub(crate) fn render(report: &Report, style: Style) -> String {
    let mut page = Page { out: String::new(), style };
    page.head(report);
    page.findings(report);
    page.measured(report);
    page.evidence(report);
    page.sections(report);
    page.gaps(report);
    page.next(report);
    page.out
}

struct Page {
    out: String,
    style: Style,
}

/// Services that are listed without `--full`.
const MOST_SERVICES: usize = 8;

/// The budgeted figures that are missing, each with the number of services it is missing for.
fn not_measured(report: &Report) -> Vec<(&'static str, usize)> {
    let mut missing: Vec<(&'static str, usize)> = Vec::new();
    let gates = report.gates.iter().filter(|g| g.state == GateState::NotMeasured);
    for title in gates.filter_map(|g| metric(&g.budget.metric)).map(|m| m.title) {
        match missing.iter_mut().find(|(t, _)| *t == title) {
            Some((_, n)) => *n += 1,
            None => missing.push((title, 1)),
        }
    }
    missing
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const GREEN: &str = "1;32";
const CYAN: &str = "36";

impl Page {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.style.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let text = self.paint(BOLD, text);
        self.line(&format!("\n{text}"));
    }

    fn head(&mut self, report: &Report) {
        let colour = match report.verdict {
            Verdict::Approved => GREEN,
            Verdict::Conditional | Verdict::NotProven => YELLOW,
            Verdict::Rejected => RED,
        };
        let verdict = self.paint(colour, &report.verdict.as_str().to_uppercase());
        let score = report.score.map_or("no score".to_owned(), |s| format!("{s:.1} / 10"));
        let measured = report.figures.iter().filter(|f| f.figure.value().is_some()).count();
        self.line(&format!(
            "{verdict}  {}  {score}, {measured} of {} figures measured",
            printable(&report.repository),
            report.figures.len()
        ));
        let count = |level| report.open(level).count();
        let due = report.open(Level::ShouldFix).filter_map(|f| f.due).min();
        let due = due.map(|d| format!(" (first due {d})")).unwrap_or_default();
        let mut parts = vec![
            format!("{} blocking", count(Level::Blocking)),
            format!("{} should-fix{due}", count(Level::ShouldFix)),
            format!("{} advice", count(Level::Advice)),
            format!("{} rules passed", report.passed.len()),
        ];
        let waived = report.waived().count();
        if waived > 0 {
            parts.push(format!("{waived} waived"));
        }
        self.line(&parts.join(" · "));
        // Without a finding that blocks, a budget is why.
        let over: Vec<&Gate> =
            report.gates.iter().filter(|gate| gate.state == GateState::Failed).collect();
        for gate in over.iter().take(MOST_SERVICES) {
            let text = self.paint(RED, &printable(&gate.says()));
            self.line(&text);
        }
        self.rest(over.len().saturating_sub(MOST_SERVICES), "budgets");
        let most = if self.style.full { usize::MAX } else { MOST_SERVICES };
        for service in report.services.iter().take(most) {
            let file = service.dockerfile.as_deref().unwrap_or("no Dockerfile");
            let context = service.context.as_deref().unwrap_or("not known");
            let mut environments: Vec<String> = Vec::new();
            for deploy in &service.deploys {
                let name = deploy.environment.as_ref().unwrap_or(&deploy.platform);
                if !environments.contains(name) {
                    environments.push(name.clone());
                }
            }
            let to = if environments.is_empty() {
                "no deployment found".to_owned()
            } else {
                environments.join(", ")
            };
            let text = format!("  {}: {} (context {}) → {}", service.name, file, context, to);
            let text = self.paint(DIM, &printable(&text));
            self.line(&text);
        }
        self.rest(report.services.len().saturating_sub(most), "services");
    }

    /// Says how many were left out.
    fn rest(&mut self, left_out: usize, what: &str) {
        if left_out > 0 {
            let text =
                self.paint(DIM, &format!("  and {left_out} more {what} (--full lists them)"));
            self.line(&text);
        }
    }

    fn findings(&mut self, report: &Report) {
        for finding in report.open(Level::Blocking) {
            self.frame(finding);
        }
        for level in [Level::ShouldFix, Level::Advice] {
            let open: Vec<&Finding> = report.open(level).collect();
            if open.is_empty() {
                continue;
            }
            if self.style.full {
                open.iter().for_each(|f| self.frame(f));
            } else {
                self.heading(if level == Level::ShouldFix { "Should fix" } else { "Advice" });
                open.iter().for_each(|f| self.short(f));
            }
        }
    }

    /// A finding on two lines: what and where, then what to do.
    fn short(&mut self, finding: &Finding) {
        let colour = if finding.level == Level::ShouldFix { YELLOW } else { CYAN };
        let rule = self.paint(colour, &finding.rule);
        self.line(&format!("  {rule}  {}", finding.primary));
        let text = if finding.remedy.is_empty() {
            String::new()
        } else {
            format!(" → {}", finding.remedy)
        };
        self.wrapped("      ", &format!("{}{text}", finding.message));
    }

    /// A finding with its lines, in the manner of rustc.
    fn frame(&mut self, finding: &Finding) {
        let level = match finding.effective_level() {
            Level::Blocking => Frame::ERROR,
            Level::ShouldFix => Frame::WARNING,
            Level::Advice => Frame::INFO,
        };
        let level = level.with_name(finding.level.as_str());
        let message = printable(&finding.message);
        let mut notes = Vec::new();
        let main = level.primary_title(message).id(&*finding.rule).elements(places(finding));
        let width = self.style.width.saturating_sub(16);
        let mut note = |level: Frame<'static>, label: &'static str, text: &str| {
            if !text.is_empty() {
                notes.push(level.with_name(label).message(folded(text, width)));
            }
        };
        for evidence in &finding.evidence {
            note(Frame::NOTE, "evidence", evidence);
        }
        note(Frame::NOTE, "so", &finding.consequence);
        note(Frame::HELP, "do", &finding.remedy);
        note(Frame::HELP, "fix", finding.fix.as_ref().map_or("", |f| &f.title));
        if let Some(due) = finding.due {
            let late = if finding.overdue { "overdue since" } else { "due" };
            note(Frame::NOTE, "time", &format!("{late} {due}"));
        }
        let main = main.elements(notes);
        let groups: Vec<Group<'_>> = vec![main];
        let renderer = if self.style.colour { Renderer::styled() } else { Renderer::plain() };
        let text = renderer.term_width(self.style.width).render(&groups);
        self.line(&format!("\n{text}"));
    }

    fn measured(&mut self, report: &Report) {
        if report.figures.is_empty() {
            return;
        }
        self.heading("Measured");
        let most = if self.style.full { usize::MAX } else { MOST_SERVICES };
        let mut measured: BTreeMap<&str, Vec<&NamedFigure>> = BTreeMap::new();
        for figure in report.figures.iter().filter(|f| f.figure.value().is_some()) {
            measured.entry(&figure.service).or_default().push(figure);
        }
        let with_figures = report.services.iter().filter_map(|s| measured.get_key_value(&*s.name));
        let with_figures: Vec<_> = with_figures.collect();
        for (service, figures) in with_figures.iter().take(most) {
            self.line(&format!("  {}", printable(service)));
            for figure in *figures {
                let title = metric(&figure.metric).map_or(figure.metric.as_str(), |m| m.title);
                let gate = report
                    .gates
                    .iter()
                    .find(|g| g.service == **service && g.budget.metric == figure.metric);
                let budget = gate.map(|g| self.gate(g)).unwrap_or_default();
                self.line(
                    format!("    {title:<28}{:>12}  {budget}", figure.figure.to_string())
                        .trim_end(),
                );
            }
        }
        self.rest(with_figures.len().saturating_sub(most), "services");
        for (title, services) in not_measured(report) {
            let of = if services == report.services.len() {
                String::new()
            } else {
                format!(" for {services} services")
            };
            self.line(&format!("  {title:<30}{:>12}{of}", "not measured"));
        }
    }

    /// What was built, looked at and tried, table by table.
    fn evidence(&mut self, report: &Report) {
        let services: &[_] = if self.style.full { &report.services } else { &[] };
        for service in services {
            let lines = evidence::terminal(&evidence::tables(service), self.style.width);
            if !lines.is_empty() {
                self.heading(&printable(&service.name));
            }
            lines.iter().for_each(|line| self.line(line));
        }
    }

    fn gate(&self, gate: &Gate) -> String {
        let limit = gate.figure.unit().show(gate.budget.limit);
        match gate.state {
            GateState::Passed => self.paint(GREEN, &format!("within the budget of {limit}")),
            GateState::Failed => self.paint(RED, &format!("over the budget of {limit}")),
            GateState::NotMeasured => String::new(),
        }
    }

    fn sections(&mut self, report: &Report) {
        let scored: Vec<_> = report.sections.iter().filter(|s| s.score.is_some()).collect();
        if scored.is_empty() {
            return;
        }
        self.heading("Scores");
        for section in scored {
            let score = section.score.unwrap_or(0.0);
            let filled = (score * 2.0).round() as usize;
            let bar =
                format!("{}{}", "█".repeat(filled), "·".repeat(20_usize.saturating_sub(filled)));
            let [blocking, should, advice] = section.open;
            let open = [(blocking, "blocking"), (should, "should-fix"), (advice, "advice")];
            let open: Vec<String> =
                open.iter().filter(|(n, _)| *n > 0).map(|(n, w)| format!("{n} {w}")).collect();
            let coverage = match section.figures_total {
                0 => String::new(),
                n => format!("  {} of {n} figures measured", section.figures_measured),
            };
            self.line(
                format!(
                    "  {:<14}{score:>5.1} {bar} {}{coverage}",
                    section.section.title(),
                    open.join(", ")
                )
                .trim_end(),
            );
        }
    }

    fn gaps(&mut self, report: &Report) {
        if !report.not_analysed.is_empty() {
            self.heading("Not analysed");
            let most = if self.style.full { usize::MAX } else { 10 };
            for gap in report.not_analysed.iter().take(most) {
                self.wrapped("  ", &format!("{}: {}", gap.location, gap.reason));
            }
            self.rest(report.not_analysed.len().saturating_sub(most), "places");
        }
        for finding in report.waived() {
            let Some(waiver) = &finding.waiver else { continue };
            let until = waiver.until.map(|d| format!(" until {d}")).unwrap_or_default();
            self.wrapped(
                "  ",
                &format!(
                    "waived{until}: {} at {}: {}",
                    finding.rule, finding.primary, waiver.reason
                ),
            );
        }
        if self.style.full {
            self.heading("Passed");
            for rule in &report.passed {
                self.wrapped("  ", &format!("{}: {}", rule.rule, rule.summary));
            }
            self.heading("Checklist");
            for item in &report.checklist {
                let mark = match item.state {
                    CheckState::Passed => "[x]",
                    CheckState::Failed => "[!]",
                    CheckState::NotRun => "[ ]",
                };
                self.wrapped("  ", &format!("{mark} {}: {}", item.name, item.detail));
            }
        }
    }

    fn next(&mut self, report: &Report) {
        if report.next.is_empty() {
            return;
        }
        self.heading("Next");
        for step in &report.next {
            self.line(&format!("  {}", printable(step)));
        }
    }

    /// Breaks a text at blanks to the width of the page.
    fn wrapped(&mut self, indent: &str, text: &str) {
        for line in folded(text, self.style.width.saturating_sub(indent.len())).lines() {
            let _ = writeln!(self.out, "{indent}{line}");
        }
    }
}

/// A text made printable and broken at blanks.
fn folded(text: &str, width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in printable(text).split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width.max(20) {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// The lines of the finding and of what belongs to it, each with its label; a place without
/// lines is named, its label a note.
fn places(finding: &Finding) -> Vec<Element<'_>> {
    let label = Some(finding.label.as_str()).filter(|l| !l.is_empty());
    let mut all = place(&finding.primary, finding.excerpt.as_ref(), AnnotationKind::Primary, label);
    for related in &finding.related {
        let label = Some(related.label.as_str());
        all.extend(place(
            &related.location,
            related.excerpt.as_ref(),
            AnnotationKind::Context,
            label,
        ));
    }
    all
}

fn place<'a>(
    location: &'a Location,
    excerpt: Option<&'a Excerpt>,
    kind: AnnotationKind,
    label: Option<&'a str>,
) -> Vec<Element<'a>> {
    let path = printable(&location.path);
    let Some((excerpt, range)) = excerpt.and_then(|e| Some((e, range(location, e)?))) else {
        let note = label.map(|l| Frame::NOTE.with_name("here").message(printable(l)).into());
        return std::iter::once(Origin::path(path).into()).chain(note).collect();
    };
    let annotation = kind.span(range).label(label.map(printable));
    let lines = Snippet::source(excerpt.lines.join("\n")).line_start(excerpt.first_line as usize);
    vec![lines.path(path).annotation(annotation).into()]
}

/// The bytes of a location within its excerpt.
fn range(location: &Location, excerpt: &Excerpt) -> Option<Range<usize>> {
    let offset = |line: u32, column: u32| {
        let index = line.checked_sub(excerpt.first_line)? as usize;
        let before: usize = excerpt.lines.iter().take(index).map(|l| l.len() + 1).sum();
        let text = excerpt.lines.get(index)?;
        let column = text
            .char_indices()
            .nth(column.saturating_sub(1) as usize)
            .map_or(text.len(), |(i, _)| i);
        Some(before + column)
    };
    let (start, end) = (location.start?, location.end?);
    let first = offset(start.line, start.column)?;
    let whole: usize = excerpt.lines.iter().map(|l| l.len() + 1).sum::<usize>().saturating_sub(1);
    let last = offset(end.line, end.column).unwrap_or(whole);
    Some(first..last.max(first))
}

/// A figure with its gap said in words, for tables.
pub(crate) fn figure_text(figure: &Figure) -> String {
    match figure {
        Figure::NotMeasured { missing, command, .. } => {
            format!("not measured: {missing} ({command})")
        }
        other => other.to_string(),
    }
}
