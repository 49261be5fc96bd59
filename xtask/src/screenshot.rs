//! The README's picture: the program's own output, drawn as SVG.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

const FONT: f64 = 8.43;
const LINE: f64 = 19.0;

/// Runs the review of the example and draws what it printed.
pub(crate) fn write(root: &Path) -> Result<(), String> {
    let run = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--release",
            "-p",
            "plimsoll",
            "--",
            "review",
            "examples/olorin",
            "--color",
            "always",
        ])
        .env("COLUMNS", "110")
        .current_dir(root)
        .output()
        .map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&run.stdout);
    if text.is_empty() {
        return Err(String::from_utf8_lossy(&run.stderr).into_owned());
    }
    let path = root.join("docs/review.svg");
    fs::write(&path, draw("plimsoll review examples/olorin", &text))
        .map_err(|e| format!("{}: {e}", path.display()))
}

/// Lines that are drawn; the rest is counted.
const MOST: usize = 58;

/// Columns that are drawn; a longer line is cut.
const WIDEST: usize = 118;

fn draw(command: &str, text: &str) -> String {
    let mut lines: Vec<String> = vec![format!("\u{1b}[2m$\u{1b}[0m {command}"), String::new()];
    lines.extend(text.lines().take(MOST).map(str::to_owned));
    let left = text.lines().count().saturating_sub(MOST);
    if left > 0 {
        lines.push(format!("\u{1b}[2m… {left} more lines\u{1b}[0m"));
    }
    let widest = lines.iter().map(|l| plain_length(l)).max().unwrap_or(0).min(WIDEST);
    let (width, height) = (widest as f64 * FONT + 40.0, lines.len() as f64 * LINE + 40.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#14181c\"/>\n\
         <g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,monospace\" font-size=\"14\" fill=\"#d7dce1\" xml:space=\"preserve\">\n"
    );
    for (i, line) in lines.iter().enumerate() {
        let y = 30.0 + i as f64 * LINE;
        let _ = writeln!(out, "<text x=\"20\" y=\"{y:.0}\">{}</text>", spans(line));
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn plain_length(line: &str) -> usize {
    parts(line).iter().map(|(_, text)| text.chars().count()).sum()
}

/// A line as runs of one style each.
fn parts(line: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut style = String::new();
    let mut rest = line;
    while let Some(i) = rest.find("\u{1b}[") {
        all.push((style.clone(), rest[..i].to_owned()));
        let after = &rest[i + 2..];
        let end = after.find('m').unwrap_or(0);
        let code = &after[..end];
        style =
            if code == "0" || code.is_empty() { String::new() } else { format!("{style};{code}") };
        rest = &after[(end + 1).min(after.len())..];
    }
    all.push((style, rest.to_owned()));
    all.retain(|(_, text)| !text.is_empty());
    all
}

fn spans(line: &str) -> String {
    let mut out = String::new();
    for (style, text) in parts(line) {
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace(' ', "\u{a0}");
        let codes: Vec<&str> = style.split(';').collect();
        let colour = codes.iter().rev().find_map(|c| match *c {
            "31" | "91" => Some("#ff8a7a"),
            "32" | "92" => Some("#5fd08c"),
            "33" | "93" => Some("#f0b849"),
            "34" | "94" => Some("#7cb8ff"),
            "36" | "96" => Some("#6fd3d9"),
            "2" => Some("#8a949e"),
            _ => None,
        });
        let weight = if codes.contains(&"1") { " font-weight=\"700\"" } else { "" };
        let fill = colour.map(|c| format!(" fill=\"{c}\"")).unwrap_or_default();
        let _ = write!(out, "<tspan{fill}{weight}>{text}</tspan>");
    }
    out
}
