//! SARIF 2.1.0, for code scanning.

use std::collections::BTreeMap;

use plimsoll_model::{Applicability, Finding, Level, Location, Report};
use plimsoll_rules::{Rule, find_rule};
use serde::Serialize;
use serde_json::{Value, json};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Value,
    column_kind: &'static str,
    results: Vec<Value>,
    properties: Value,
}

/// Writes the findings as SARIF results; waived ones carry their suppression.
pub(crate) fn render(report: &Report) -> String {
    let mut names: Vec<&str> = report.findings.iter().map(|f| f.rule.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let rules: Vec<Value> = names.iter().map(|n| descriptor(n)).collect();
    let driver = json!({
        "name": "plimsoll",
        "version": report.plimsoll_version,
        "semanticVersion": report.plimsoll_version,
        "rules": rules,
    });
    let run = Run {
        tool: json!({ "driver": driver }),
        column_kind: "unicodeCodePoints",
        results: report
            .findings
            .iter()
            .map(|f| result(f, index.get(f.rule.as_str()).copied()))
            .collect(),
        properties: json!({ "verdict": report.verdict, "score": report.score }),
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    super::json::text(&log)
}

fn descriptor(name: &str) -> Value {
    match find_rule(name) {
        Some(rule) => json!({
            "id": name,
            "shortDescription": { "text": rule.assures },
            "help": { "text": rule.page, "markdown": rule.page },
            "defaultConfiguration": { "level": level(rule_level(rule)) },
        }),
        None => json!({ "id": name }),
    }
}

fn rule_level(rule: &Rule) -> Level {
    rule.level
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Blocking => "error",
        Level::ShouldFix => "warning",
        Level::Advice => "note",
    }
}

fn result(finding: &Finding, rule_index: Option<usize>) -> Value {
    let parts = [&finding.message, &finding.consequence, &finding.remedy];
    let text: Vec<&str> = parts.iter().map(|p| p.as_str()).filter(|p| !p.is_empty()).collect();
    let related = finding.related.iter().enumerate().map(|(i, r)| {
        let mut value = location(&r.location);
        value["id"] = json!(i);
        value["message"] = json!({ "text": r.label });
        value
    });
    let mut value = json!({
        "ruleId": finding.rule,
        "level": level(finding.effective_level()),
        "message": { "text": text.join("\n") },
        "locations": [location(&finding.primary)],
        "relatedLocations": related.collect::<Vec<Value>>(),
        "partialFingerprints": { "plimsoll/v1": finding.fingerprint },
    });
    if let Some(index) = rule_index {
        value["ruleIndex"] = json!(index);
    }
    if let Some(waiver) = &finding.waiver {
        value["suppressions"] = json!([{ "kind": "inSource", "justification": waiver.reason }]);
    }
    if let Some(fix) = finding.fix.as_ref().filter(|f| f.applicability != Applicability::Display) {
        value["properties"] = json!({ "fix": fix.title });
    }
    value
}

fn location(at: &Location) -> Value {
    let mut physical =
        json!({ "artifactLocation": { "uri": uri(&at.path), "uriBaseId": "%SRCROOT%" } });
    if let (Some(start), Some(end)) = (at.start, at.end) {
        physical["region"] = json!({
            "startLine": start.line, "startColumn": start.column,
            "endLine": end.line, "endColumn": end.column,
        });
    }
    json!({ "physicalLocation": physical })
}

/// A path as a relative URI reference: whatever is not plain is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/@+".contains(&b);
    let encode = |b: u8| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
    path.bytes().map(encode).collect()
}
