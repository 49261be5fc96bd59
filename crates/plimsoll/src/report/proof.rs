//! A proof as text: both builds side by side, then what the builder said, then the rebuild.

use std::fmt::Write as _;

use plimsoll_model::{Built, Change, Load, Loaded, Proof, Trial, printable, seconds};

/// One line of the table: its name, and a cell for each build.
type Row = (String, String, String);

/// Renders a proof for a page of `width` columns.
pub(crate) fn render(proof: &Proof, width: usize) -> String {
    let mut out = String::new();
    table(&rows(proof), proof.before.is_some(), width, &mut out);
    for (when, trial) in [("before", proof.before.as_ref()), ("after", Some(&proof.after))] {
        let Some(trial) = trial else { continue };
        said(when, trial, &mut out);
    }
    if let Some(change) = &proof.change {
        rebuild(change, &mut out);
    }
    out
}

fn rows(proof: &Proof) -> Vec<Row> {
    let before = |of: &dyn Fn(&Trial) -> String| proof.before.as_ref().map_or(String::new(), of);
    let after = |of: &dyn Fn(&Trial) -> String| of(&proof.after);
    let both = |name: &str, of: &dyn Fn(&Trial) -> String| (name.to_owned(), before(of), after(of));
    let mut rows = vec![both("build", &built)];
    let mut names: Vec<&Load> = Vec::new();
    for load in proof.after.loads.iter().chain(proof.before.iter().flat_map(|t| &t.loads)) {
        if names.iter().all(|n| n.name != load.name) {
            names.push(load);
        }
    }
    for load in names {
        let verb = if load.is_application { "application" } else { "load" };
        rows.push(both(&format!("{verb} {}", load.name), &|t| loaded(t, &load.name)));
    }
    rows.push(both("path files (.pth)", &|t| listed(t, &t.left.pth)));
    rows.push(both("editable records", &|t| listed(t, &t.left.editable)));
    rows.push(both("dangling links", &|t| listed(t, &t.left.dangling)));
    rows
}

fn built(trial: &Trial) -> String {
    match &trial.build {
        Built::Done { seconds: took } => format!("built in {}", seconds(*took)),
        Built::Failed { seconds: took, .. } => format!("failed after {}", seconds(*took)),
    }
}

fn is_built(trial: &Trial) -> bool {
    matches!(trial.build, Built::Done { .. })
}

fn loaded(trial: &Trial, name: &str) -> String {
    match trial.loads.iter().find(|l| l.name == name).map(|l| &l.outcome) {
        Some(Loaded::From(file)) => file.clone(),
        Some(Loaded::Missing(error)) => format!("MISSING {error}"),
        Some(Loaded::Raised(error)) => format!("found; its code raised {error}"),
        None if is_built(trial) => "not answered".to_owned(),
        None => "no image".to_owned(),
    }
}

fn listed(trial: &Trial, found: &[String]) -> String {
    match found {
        _ if !is_built(trial) => "no image".to_owned(),
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first, ..] => format!("{}: {first}, …", found.len()),
    }
}

fn table(rows: &[Row], with_before: bool, width: usize, out: &mut String) {
    let longest = |of: fn(&Row) -> &str| rows.iter().map(|r| cells(of(r))).max().unwrap_or(0);
    let first = longest(|r| &r.0).min(width / 3);
    let second = longest(|r| &r.1).max("before".len()).min(width.saturating_sub(first + 6) / 2);
    let third = width.saturating_sub(first + second + 6);
    let mut line = |a: &str, b: &str, c: &str| {
        let row = match with_before {
            true => format!("{}  {}  {}", fit(a, first), fit(b, second), fit(c, third)),
            false => format!("{}  {}", fit(a, first), fit(c, second + third)),
        };
        let _ = writeln!(out, "  {}", row.trim_end());
    };
    line("", "before", if with_before { "after" } else { "now" });
    for (a, b, c) in rows {
        line(a, b, c);
    }
}

fn cells(text: &str) -> usize {
    printable(text).chars().count()
}

/// A text in exactly so many columns; of one that is too long the middle goes.
fn fit(text: &str, width: usize) -> String {
    let text = printable(text);
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= width {
        return format!("{text:<width$}");
    }
    let keep = width.saturating_sub(1);
    let head: String = chars.iter().take(keep.div_ceil(2)).collect();
    let tail: String = chars.iter().skip(chars.len() - keep / 2).collect();
    format!("{head}…{tail}")
}

/// What the builder said where it failed, and what did not load in full.
fn said(when: &str, trial: &Trial, out: &mut String) {
    if let Built::Failed { step, said, .. } = &trial.build {
        let step = step.as_deref().map_or(String::new(), |s| format!(" at {}", printable(s)));
        let _ = writeln!(out, "\n  {when}, the build fails{step}");
        for line in said {
            let _ = writeln!(out, "    {}", printable(line));
        }
    }
    if let Some(reason) = &trial.unasked {
        let _ = writeln!(out, "\n  {when}, not everything was loaded: {}", printable(reason));
    }
    let missing = trial.loads.iter().filter_map(|l| match &l.outcome {
        Loaded::Missing(error) => Some((&l.name, error)),
        Loaded::From(_) | Loaded::Raised(_) => None,
    });
    for (name, error) in missing {
        let _ = writeln!(out, "\n  {when}, {} does not load:", printable(name));
        let _ = writeln!(out, "    {}", printable(error));
    }
    for link in &trial.left.dangling {
        let _ = writeln!(out, "\n  {when}, a link leads nowhere: {}", printable(link));
    }
}

fn rebuild(change: &Change, out: &mut String) {
    let _ = writeln!(out, "\n  after a change of {}", printable(&change.file));
    for (step, cached) in &change.third_party {
        let state = if *cached { "cached " } else { "RUN AGAIN" };
        let _ = writeln!(out, "    {state}  {}", printable(step));
    }
    let code = match change.new_code {
        Some(true) => "the image has the new code",
        Some(false) => "the image still has the OLD code",
        None => "the rebuild FAILED",
    };
    let _ = writeln!(out, "    {code}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::Left;

    #[test]
    fn both_builds_stand_side_by_side() {
        let before = Trial {
            build: Built::Failed {
                seconds: 2.0,
                step: Some("RUN pip install -r requirements.txt".into()),
                said: vec!["ERROR: \u{1b}[31mno such file".into()],
            },
            loads: Vec::new(),
            left: Left::default(),
            unasked: None,
        };
        let load = |name: &str, is_application, outcome| Load {
            name: name.into(),
            is_application,
            outcome,
        };
        let after = Trial {
            build: Built::Done { seconds: 12.25 },
            loads: vec![
                load("core", false, Loaded::From("/usr/lib/python3/core/__init__.py".into())),
                load("app.main", true, Loaded::Missing("No module named 'x'".into())),
            ],
            left: Left::default(),
            unasked: None,
        };
        let change = Change {
            file: "core/core.py".into(),
            third_party: vec![("pip install -r third-party.txt".into(), true)],
            new_code: Some(true),
        };
        let proof = Proof { before: Some(before), after, change: Some(change) };
        let text = render(&proof, 100);
        assert!(!text.contains('\u{1b}'), "{text}");
        let want = "                        before               after
  build                 failed after 2.00 s  built in 12.2 s
  load core             no image             /usr/lib/python3/core/__init__.py
  application app.main  no image             MISSING No module named 'x'
  path files (.pth)     no image             none
  editable records      no image             none
  dangling links        no image             none

  before, the build fails at RUN pip install -r requirements.txt
";
        assert!(text.starts_with(want), "{text}");
        assert!(text.ends_with("    the image has the new code\n"), "{text}");
    }

    #[test]
    fn a_long_text_loses_its_middle() {
        assert_eq!(fit("abcdefgh", 5), "ab…gh");
        assert_eq!(fit("ab", 5), "ab   ");
    }
}
