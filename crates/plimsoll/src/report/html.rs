//! One HTML file: no script, no network, light and dark.

use std::fmt::Write as _;

use plimsoll_model::{
    CheckState, Finding, GateState, Level, Report, ServiceSummary, bytes, count, metric,
};

use super::terminal::figure_text;
use super::{escape, evidence, treemap};

const CSS: &str = include_str!("page.css");

/// The beginning of a page, which may load and run nothing.
pub(super) fn begin(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <style>{CSS}</style></head><body>\n",
        escape(title)
    )
}

/// Writes the page.
pub(crate) fn render(report: &Report) -> String {
    let mut out = begin(&format!("{}: {}", report.repository, report.verdict));
    head(&mut out, report);
    findings(&mut out, report);
    figures(&mut out, report);
    scores(&mut out, report);
    for service in &report.services {
        service_block(&mut out, service);
        evidence::html(&mut out, &evidence::tables(service));
    }
    lists(&mut out, report);
    let _ = writeln!(
        out,
        "<p class=\"dim\">Written by plimsoll {} on {}.</p></body></html>",
        escape(&report.plimsoll_version),
        report.date
    );
    out
}

fn class(report: &Report) -> String {
    report.verdict.as_str().replace(' ', "-")
}

fn head(out: &mut String, report: &Report) {
    let score = report.score.map_or("no score".to_owned(), |s| format!("{s:.1} / 10"));
    let measured = report.figures.iter().filter(|f| f.figure.value().is_some()).count();
    let _ = write!(
        out,
        "<h1>Production sign-off: {}</h1>\n<div class=\"head\"><span class=\"verdict {}\">{}</span>\
         <strong>{score}</strong><span class=\"dim\">{measured} of {} figures measured · {}</span></div>\n<ul>\n",
        escape(&report.repository),
        class(report),
        report.verdict,
        report.figures.len(),
        report.date
    );
    for reason in &report.reasons {
        let _ = writeln!(out, "<li>{}</li>", escape(reason));
    }
    out.push_str("</ul>\n");
}

fn findings(out: &mut String, report: &Report) {
    let levels = [
        (Level::Blocking, "Blocking"),
        (Level::ShouldFix, "Should fix"),
        (Level::Advice, "Advice"),
    ];
    for (level, title) in levels {
        let open: Vec<&Finding> = report.open(level).collect();
        if open.is_empty() {
            continue;
        }
        let _ = writeln!(out, "<h2>{title} ({})</h2>", open.len());
        open.iter().for_each(|f| finding(out, f));
    }
}

fn finding(out: &mut String, f: &Finding) {
    let _ = writeln!(
        out,
        "<div class=\"finding {}\"><h3>{}</h3><div class=\"dim\"><code>{}</code> at <code>{}</code></div>",
        f.effective_level().as_str(),
        escape(&f.message),
        escape(&f.rule),
        escape(&f.primary.to_string())
    );
    if let Some(excerpt) = &f.excerpt {
        let lines = f.primary.start.zip(f.primary.end).map_or(0..=0, |(s, e)| s.line..=e.line);
        out.push_str("<pre>");
        for (i, line) in excerpt.lines.iter().enumerate() {
            let number = excerpt.first_line + u32::try_from(i).unwrap_or(0);
            let text = format!("<i>{number:>4}  </i>{}", escape(line));
            if lines.contains(&number) {
                let _ = write!(out, "<span class=\"at\">{text}</span>");
            } else {
                let _ = writeln!(out, "{text}");
            }
        }
        out.push_str("</pre>\n");
    }
    out.push_str("<dl>");
    let mut row = |term: &str, text: &str| {
        if !text.is_empty() {
            let _ = write!(out, "<dt>{term}</dt><dd>{}</dd>", escape(text));
        }
    };
    row("", &f.label);
    f.related.iter().for_each(|r| row(&escape(&r.location.to_string()), &r.label));
    f.evidence.iter().for_each(|e| row("evidence", e));
    row("so", &f.consequence);
    row("do", &f.remedy);
    if let Some(fix) = &f.fix {
        row("fix", &fix.title);
    }
    if let Some(due) = f.due {
        row(if f.overdue { "overdue since" } else { "due" }, &due.to_string());
    }
    out.push_str("</dl></div>\n");
}

fn figures(out: &mut String, report: &Report) {
    if report.figures.is_empty() {
        return;
    }
    out.push_str("<h2>Figures against budgets</h2>\n<table><tr><th>Service</th><th>Figure</th><th class=\"n\">Value</th><th class=\"n\">Budget</th><th>Result</th></tr>\n");
    for figure in &report.figures {
        let title = metric(&figure.metric).map_or(figure.metric.as_str(), |m| m.title);
        let gate = report
            .gates
            .iter()
            .find(|g| g.service == figure.service && g.budget.metric == figure.metric);
        let limit = gate.map_or(String::new(), |g| g.figure.unit().show(g.budget.limit));
        let state = gate.map_or("", |g| match g.state {
            GateState::Passed => "<span class=\"within\">within</span>",
            GateState::Failed => "<span class=\"over\">over</span>",
            GateState::NotMeasured => "<span class=\"dim\">not proven</span>",
        });
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{title}</td><td class=\"n\">{}</td><td class=\"n\">{limit}</td><td>{state}</td></tr>",
            escape(&figure.service),
            escape(&figure_text(&figure.figure))
        );
    }
    out.push_str("</table>\n");
}

fn scores(out: &mut String, report: &Report) {
    out.push_str("<h2>Scores</h2>\n<table><tr><th>Section</th><th class=\"n\">Score</th><th></th><th>Open</th><th>Rules</th><th>Figures measured</th></tr>\n");
    for s in report.sections.iter().filter(|s| s.score.is_some()) {
        let score = s.score.unwrap_or(0.0);
        let tone = if score < 5.0 {
            "over"
        } else if score < 8.0 {
            "should-fix"
        } else {
            "within"
        };
        let names = ["blocking", "should-fix", "advice"];
        let open: Vec<String> = s
            .open
            .iter()
            .zip(names)
            .filter(|(n, _)| **n > 0)
            .map(|(n, w)| format!("{n} {w}"))
            .collect();
        let coverage = if s.figures_total == 0 {
            String::new()
        } else {
            format!("{} of {}", s.figures_measured, s.figures_total)
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{score:.1}</td><td class=\"{tone}\"><span class=\"bar\"><span style=\"width:{:.0}%\"></span></span></td><td>{}</td><td>{}</td><td>{coverage}</td></tr>",
            s.section.title(),
            score * 10.0,
            open.join(", "),
            s.rules_applied
        );
    }
    out.push_str("</table>\n");
}

fn service_block(out: &mut String, service: &ServiceSummary) {
    let file = service.dockerfile.as_deref().unwrap_or("none");
    let context = service.context.as_deref().unwrap_or("not known");
    let _ = writeln!(
        out,
        "<h2>{}</h2>\n<p>Dockerfile <code>{}</code>, context <code>{}</code></p>",
        escape(&service.name),
        escape(file),
        escape(context)
    );
    if !service.deploys.is_empty() {
        out.push_str("<table><tr><th>Environment</th><th>Platform</th><th>Settings</th><th>Where</th></tr>\n");
        for d in &service.deploys {
            let settings: Vec<String> = d
                .settings
                .iter()
                .map(|s| format!("{} <code>{}</code>", s.name, escape(&s.value)))
                .collect();
            let environment = escape(d.environment.as_deref().unwrap_or("not said"));
            let _ = writeln!(
                out,
                "<tr><td>{environment}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                d.platform,
                settings.join(", "),
                escape(&d.location.to_string())
            );
        }
        out.push_str("</table>\n");
    }
    let Some(sent) = &service.sent else { return };
    let without = sent
        .unfiltered_bytes
        .map(|b| format!("; {} without the ignore file", bytes(b as f64)))
        .unwrap_or_default();
    let _ = writeln!(
        out,
        "<h3>Sent to the builder: {} in {} files{without}</h3>",
        bytes(sent.bytes as f64),
        count(sent.files as f64)
    );
    out.push_str(&treemap::svg(&sent.folders));
    out.push_str(
        "<table><tr><th>What</th><th class=\"n\">Sent</th><th class=\"n\">Files</th></tr>\n",
    );
    for c in &sent.categories {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            escape(&c.path),
            bytes(c.bytes as f64),
            count(c.files as f64)
        );
    }
    out.push_str("</table>\n");
}

fn lists(out: &mut String, report: &Report) {
    out.push_str("<h2>Validation</h2>\n<ul class=\"check\">\n");
    for item in &report.checklist {
        let (mark, tone) = match item.state {
            CheckState::Passed => ("✓", "within"),
            CheckState::Failed => ("✗", "over"),
            CheckState::NotRun => ("○", "dim"),
        };
        let _ = writeln!(
            out,
            "<li><span class=\"{tone}\">{mark}</span> {}: {}</li>",
            escape(&item.name),
            escape(&item.detail)
        );
    }
    out.push_str("</ul>\n");
    for f in report.waived() {
        let Some(w) = &f.waiver else { continue };
        let until = w.until.map(|d| format!(" until {d}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "<p>Waived{until}: <code>{}</code> at <code>{}</code>: {}</p>",
            escape(&f.rule),
            escape(&f.primary.to_string()),
            escape(&w.reason)
        );
    }
    let _ = writeln!(out, "<details><summary>{} rules passed</summary><ul>", report.passed.len());
    for rule in &report.passed {
        let _ =
            writeln!(out, "<li><code>{}</code> {}</li>", escape(&rule.rule), escape(&rule.summary));
    }
    out.push_str("</ul></details>\n");
    if !report.not_analysed.is_empty() {
        out.push_str("<h2>Not analysed</h2>\n<ul>\n");
        for gap in &report.not_analysed {
            let _ = writeln!(
                out,
                "<li><code>{}</code>: {}</li>",
                escape(&gap.location.to_string()),
                escape(&gap.reason)
            );
        }
        out.push_str("</ul>\n");
    }
}
