//! A sign-off document that a manager can read.

use std::fmt::Write as _;

use plimsoll_model::{
    BudgetSource, CheckState, Finding, GateState, Level, Report, ServiceSummary, Verdict, bytes,
    count, metric, printable,
};

use super::evidence;
use super::terminal::figure_text;

/// Writes the document.
pub(crate) fn render(report: &Report) -> String {
    let mut out = String::new();
    head(&mut out, report);
    services(&mut out, report);
    figures(&mut out, report);
    scores(&mut out, report);
    let levels = [
        (Level::Blocking, "Blocking", "Nothing ships before these are gone."),
        (Level::ShouldFix, "Should fix", "Each has a day after which it blocks."),
        (Level::Advice, "Advice", "Worth doing."),
    ];
    for (level, title, lead) in levels {
        findings(&mut out, report, level, title, lead);
    }
    waived(&mut out, report);
    checklist(&mut out, report);
    gaps(&mut out, report);
    out
}

/// Text for a table cell or a paragraph: nothing in it is markup.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::new();
    for c in printable(raw).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '!')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text as code: backticks in it cannot end it.
pub(super) fn code(raw: &str) -> String {
    format!("`{}`", printable(raw).replace('`', "'").replace('|', "\\|"))
}

fn head(out: &mut String, report: &Report) {
    let verdict = report.verdict.as_str().to_uppercase();
    let _ = writeln!(out, "# Production sign-off: {}\n", text(&report.repository));
    let score = report.score.map_or("none".to_owned(), |s| format!("{s:.1} / 10"));
    let measured = report.figures.iter().filter(|f| f.figure.value().is_some()).count();
    let _ = writeln!(out, "| | |\n| --- | --- |\n| Verdict | **{verdict}** |");
    let _ = writeln!(out, "| Score | {score} |\n| Date | {} |", report.date);
    let _ = writeln!(out, "| Figures measured | {measured} of {} |", report.figures.len());
    let _ = writeln!(out, "| Reviewed by | plimsoll {} |\n", report.plimsoll_version);
    let meaning = match report.verdict {
        Verdict::Approved => "Everything that was asked for was checked or measured, and holds.",
        Verdict::Conditional => "It may ship; what is listed under \"Should fix\" has a date.",
        Verdict::NotProven => {
            "Nothing blocks, but budgeted figures were not measured: it is not proven that it holds."
        }
        Verdict::Rejected => "It must not ship as it is.",
    };
    let _ = writeln!(out, "{meaning}\n");
    for reason in &report.reasons {
        let _ = writeln!(out, "- {}", text(reason));
    }
    out.push('\n');
}

fn services(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## Services\n");
    if report.services.is_empty() {
        let _ = writeln!(out, "None was found.\n");
    }
    for service in &report.services {
        service_block(out, service);
        evidence::markdown(out, &evidence::tables(service));
    }
}

fn service_block(out: &mut String, service: &ServiceSummary) {
    let _ = writeln!(out, "### {}\n", text(&service.name));
    let file = service.dockerfile.as_deref().map_or("none".to_owned(), code);
    let context = service.context.as_deref().map_or("not known".to_owned(), code);
    let _ = writeln!(out, "Dockerfile {file}, context {context}.\n");
    if !service.deploys.is_empty() {
        let _ = writeln!(
            out,
            "| Environment | Platform | Settings | Where |\n| --- | --- | --- | --- |"
        );
        for deploy in &service.deploys {
            let settings: Vec<String> =
                deploy.settings.iter().map(|s| format!("{} {}", s.name, code(&s.value))).collect();
            let environment = deploy.environment.as_deref().map_or("not said".to_owned(), text);
            let _ = writeln!(
                out,
                "| {environment} | {} | {} | {} |",
                deploy.platform,
                settings.join(", "),
                code(&deploy.location.to_string())
            );
        }
        out.push('\n');
    }
    let Some(sent) = &service.sent else { return };
    let without = sent
        .unfiltered_bytes
        .map(|b| format!(", {} without the ignore file", bytes(b as f64)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "Sent to the builder: {} in {} files{without}.\n",
        bytes(sent.bytes as f64),
        count(sent.files as f64)
    );
    if !sent.categories.is_empty() {
        let _ = writeln!(out, "| What | Sent | Files |\n| --- | ---: | ---: |");
        for c in &sent.categories {
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                text(&c.path),
                bytes(c.bytes as f64),
                count(c.files as f64)
            );
        }
        out.push('\n');
    }
}

fn figures(out: &mut String, report: &Report) {
    if report.figures.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "## Figures against budgets\n\n| Service | Figure | Value | Budget | Result |\n| --- | --- | ---: | ---: | --- |"
    );
    for figure in &report.figures {
        let title = metric(&figure.metric).map_or(figure.metric.as_str(), |m| m.title);
        let gate = report
            .gates
            .iter()
            .find(|g| g.service == figure.service && g.budget.metric == figure.metric);
        let limit = gate.map(|g| {
            let from =
                if matches!(g.budget.source, BudgetSource::Config(_)) { "" } else { " (default)" };
            format!("{}{from}", g.figure.unit().show(g.budget.limit))
        });
        let state = gate.map_or("", |g| match g.state {
            GateState::Passed => "within",
            GateState::Failed => "**over**",
            GateState::NotMeasured => "not proven",
        });
        let value = text(&figure_text(&figure.figure));
        let _ = writeln!(
            out,
            "| {} | {title} | {value} | {} | {state} |",
            text(&figure.service),
            limit.unwrap_or_default()
        );
    }
    out.push('\n');
}

fn scores(out: &mut String, report: &Report) {
    let _ = writeln!(
        out,
        "## Scores\n\n| Section | Score | Blocking | Should fix | Advice | Rules | Figures measured |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |"
    );
    for s in &report.sections {
        let score = s.score.map_or("none".to_owned(), |v| format!("{v:.1}"));
        let [blocking, should, advice] = s.open;
        let coverage = if s.figures_total == 0 {
            String::new()
        } else {
            format!("{} of {}", s.figures_measured, s.figures_total)
        };
        let _ = writeln!(
            out,
            "| {} | {score} | {blocking} | {should} | {advice} | {} | {coverage} |",
            s.section.title(),
            s.rules_applied
        );
    }
    out.push('\n');
}

fn findings(out: &mut String, report: &Report, level: Level, title: &str, lead: &str) {
    let open: Vec<&Finding> = report.open(level).collect();
    if open.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {title} ({})\n\n{lead}\n", open.len());
    for finding in open {
        one(out, finding);
    }
}

fn one(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "### {}\n", text(&finding.message));
    let due = finding.due.map(|d| {
        if finding.overdue { format!(", overdue since {d}") } else { format!(", due {d}") }
    });
    let _ = writeln!(
        out,
        "{} at {}{}\n",
        code(&finding.rule),
        code(&finding.primary.to_string()),
        due.unwrap_or_default()
    );
    if let Some(excerpt) = &finding.excerpt {
        let longest = excerpt
            .lines
            .iter()
            .map(|l| l.chars().take_while(|c| *c == '`').count())
            .max()
            .unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let _ = writeln!(out, "{fence}text");
        for (i, line) in excerpt.lines.iter().enumerate() {
            let _ = writeln!(out, "{:>4}  {line}", excerpt.first_line as usize + i);
        }
        let _ = writeln!(out, "{fence}\n");
    }
    for related in &finding.related {
        let _ =
            writeln!(out, "- {}: {}", code(&related.location.to_string()), text(&related.label));
    }
    for evidence in &finding.evidence {
        let _ = writeln!(out, "- Evidence: {}", text(evidence));
    }
    if !finding.consequence.is_empty() {
        let _ = writeln!(out, "- Consequence: {}", text(&finding.consequence));
    }
    if !finding.remedy.is_empty() {
        let _ = writeln!(out, "- Remedy: {}", text(&finding.remedy));
    }
    out.push('\n');
}

fn waived(out: &mut String, report: &Report) {
    let mut waived = report.waived().peekable();
    if waived.peek().is_none() {
        return;
    }
    let _ = writeln!(
        out,
        "## Waived\n\n| Finding | Where | Until | Reason |\n| --- | --- | --- | --- |"
    );
    for finding in waived {
        let Some(w) = &finding.waiver else { continue };
        let until = w.until.map_or("no date".to_owned(), |d| d.to_string());
        let _ = writeln!(
            out,
            "| {} | {} | {until} | {} |",
            code(&finding.rule),
            code(&finding.primary.to_string()),
            text(&w.reason)
        );
    }
    out.push('\n');
}

fn checklist(out: &mut String, report: &Report) {
    let _ = writeln!(out, "## Validation\n\nRun, not ticked.\n");
    for item in &report.checklist {
        let (mark, word) = match item.state {
            CheckState::Passed => ("x", "passed"),
            CheckState::Failed => (" ", "**failed**"),
            CheckState::NotRun => (" ", "not run"),
        };
        let _ = writeln!(out, "- [{mark}] {}: {word}: {}", text(&item.name), text(&item.detail));
    }
    let _ = writeln!(out, "\n{} rules passed:\n", report.passed.len());
    for rule in &report.passed {
        let _ = writeln!(out, "- {}: {}", code(&rule.rule), text(&rule.summary));
    }
    out.push('\n');
}

fn gaps(out: &mut String, report: &Report) {
    if !report.not_analysed.is_empty() {
        let _ = writeln!(out, "## Not analysed\n");
        for gap in &report.not_analysed {
            let _ = writeln!(out, "- {}: {}", code(&gap.location.to_string()), text(&gap.reason));
        }
        out.push('\n');
    }
    if !report.next.is_empty() {
        let _ = writeln!(
            out,
            "## Next\n\n```sh\n{}\n```",
            report.next.iter().map(|n| printable(n)).collect::<Vec<_>>().join("\n")
        );
    }
}
