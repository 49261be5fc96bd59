//! The generated reference: rules, metrics, exit codes, the JSON schemas of the reports.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use plimsoll_model::{
    Better, BootComparison, BootReport, Exit, ImageReport, METRICS, Report, Section,
};
use plimsoll_rules::all_rules;

/// Every generated file with its text.
fn generated() -> Vec<(String, String)> {
    let mut files = vec![
        ("docs/reference/rules.md".to_owned(), rules()),
        ("docs/reference/metrics.md".to_owned(), metrics()),
        ("docs/reference/exit-codes.md".to_owned(), exit_codes()),
        ("docs/reference/report.schema.json".to_owned(), schema::<Report>()),
        ("docs/reference/image.schema.json".to_owned(), schema::<ImageReport>()),
        ("docs/reference/boot.schema.json".to_owned(), schema::<BootReport>()),
        ("docs/reference/boot-comparison.schema.json".to_owned(), schema::<BootComparison>()),
    ];
    files.extend(
        all_rules().map(|r| (format!("docs/reference/rules/{}.md", r.name), r.page.to_owned())),
    );
    files
}

/// Writes the generated files.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    // Pages of rules that are gone must not stay behind.
    let pages = root.join("docs/reference/rules");
    if pages.is_dir() {
        fs::remove_dir_all(&pages).map_err(|e| format!("{}: {e}", pages.display()))?;
    }
    for (path, text) in generated() {
        let full = root.join(&path);
        let parent = full.parent().map_or(Ok(()), fs::create_dir_all);
        parent.and_then(|()| fs::write(&full, text)).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(())
}

/// Says which generated files are stale.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let stale = |(path, text): &(String, String)| {
        fs::read_to_string(root.join(path)).ok().as_deref() != Some(text)
    };
    let stale: Vec<String> = generated().into_iter().filter(stale).map(|(path, _)| path).collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale, run `cargo xtask docs`: {}", stale.join(", ")))
    }
}

fn rules() -> String {
    let mut out = format!(
        "# Rules\n\n{} rules. `plimsoll explain RULE` prints the page of one.\n",
        all_rules().count()
    );
    for section in Section::ALL {
        let rules: Vec<_> = all_rules().filter(|r| r.section == section).collect();
        if rules.is_empty() {
            continue;
        }
        let _ = writeln!(
            out,
            "\n## {}\n\n| Rule | Level | Passes when | Elsewhere |\n| --- | --- | --- | --- |",
            section.title()
        );
        for rule in rules {
            let _ = writeln!(
                out,
                "| [{0}](rules/{0}.md) | {1} | {2} | {3} |",
                rule.name,
                rule.level,
                rule.assures,
                rule.aliases.join(", ")
            );
        }
    }
    out
}

fn metrics() -> String {
    let mut out = String::from(
        "# Metrics\n\nA budget in `plimsoll.toml` limits one of these by its name.\n\n\
         | Metric | What it is | Better | Default budget | Measured by |\n| --- | --- | --- | ---: | --- |\n",
    );
    for m in &METRICS {
        let better = if m.better == Better::Lower { "lower" } else { "higher" };
        let limit = m.default_limit.map_or("none".to_owned(), |l| m.unit.show(l));
        let _ = writeln!(
            out,
            "| `{}` | {} | {better} | {limit} | `{}` |",
            m.name,
            m.doc,
            m.command.replace('|', "\\|")
        );
    }
    out
}

fn exit_codes() -> String {
    let mut out =
        String::from("# Exit codes\n\n| Code | Meaning | Since |\n| ---: | --- | --- |\n");
    for (exit, meaning, since) in Exit::ALL {
        let _ = writeln!(out, "| {} | {meaning} | {since} |", exit.code());
    }
    out.push_str("\nWhich verdicts give a code other than 0 is set with `--fail-on` or `fail-on` in `plimsoll.toml`; by default rejected and not proven do.\n");
    out
}

fn schema<T: schemars::JsonSchema>() -> String {
    let schema = schemars::schema_for!(T);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
