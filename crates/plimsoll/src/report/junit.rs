//! JUnit XML: a rule a test case, so that any CI shows what passed and what did not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use plimsoll_model::{Finding, Level, Report};

use super::escape;

/// Writes a suite for each section. Blocking and should-fix findings fail their case.
pub(crate) fn render(report: &Report) -> String {
    let mut cases: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|f| f.waiver.is_none()) {
        cases.entry(&finding.rule).or_default().push(finding);
    }
    for passed in &report.passed {
        cases.entry(&passed.rule).or_default();
    }
    let mut suites: BTreeMap<&str, Vec<(&str, Vec<&Finding>)>> = BTreeMap::new();
    for (rule, findings) in cases {
        suites.entry(rule.split('/').next().unwrap_or(rule)).or_default().push((rule, findings));
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"plimsoll: {}\">", escape(&report.repository));
    for (section, cases) in suites {
        let failures = cases.iter().filter(|(_, f)| fails(f)).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{section}\" tests=\"{}\" failures=\"{failures}\">",
            cases.len()
        );
        for (rule, findings) in cases {
            case(&mut out, rule, &findings);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn fails(findings: &[&Finding]) -> bool {
    findings.iter().any(|f| f.effective_level() <= Level::ShouldFix)
}

fn case(out: &mut String, rule: &str, findings: &[&Finding]) {
    let head = format!("    <testcase classname=\"plimsoll\" name=\"{}\"", escape(rule));
    if findings.is_empty() {
        let _ = writeln!(out, "{head}/>");
        return;
    }
    let text: Vec<String> =
        findings.iter().map(|f| format!("{}: {}\n  {}", f.primary, f.message, f.remedy)).collect();
    let tag = if fails(findings) { "failure" } else { "system-out" };
    let message = match tag {
        "failure" => format!(" message=\"{}\"", escape(&findings[0].message)),
        _ => String::new(),
    };
    // Line breaks are kept: the text is escaped a line at a time.
    let body: Vec<String> = text.join("\n").lines().map(escape).collect();
    let _ = writeln!(
        out,
        "{head}>\n      <{tag}{message}>{}</{tag}>\n    </testcase>",
        body.join("\n")
    );
}
