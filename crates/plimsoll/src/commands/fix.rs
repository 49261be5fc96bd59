//! `plimsoll fix`: the fixes of the findings, shown as a diff or applied.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_model::{Applicability, Edit, Exit, Finding, Sources, apply_edits};

use super::review::write_whole;
use crate::failure::Failure;
use crate::pipeline::{self, Settings};
use crate::ui;

/// Which fixes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the fixes of these rules.
    rules: Vec<String>,
    /// The repository.
    #[arg(long, default_value = ".", value_name = "PATH")]
    path: PathBuf,
    /// Applies the fixes; without it they are only shown.
    #[arg(long)]
    write: bool,
    /// Takes fixes that may change what the pipeline does, too.
    #[arg(long = "unsafe")]
    with_unsafe: bool,
}

/// Shows or applies the fixes.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    for name in &args.rules {
        if plimsoll_rules::find_rule(name).is_none() {
            return Err(Failure::usage(format!("there is no rule `{name}`"))
                .hint("`plimsoll explain` lists every rule"));
        }
    }
    let settings = Settings { baseline: None, today: None, measure_context: false };
    let reviewed = pipeline::review(&args.path, &settings)?;
    let wanted = |f: &&Finding| {
        f.waiver.is_none() && (args.rules.is_empty() || args.rules.contains(&f.rule))
    };
    let most = if args.with_unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let plan = plan(reviewed.report.findings.iter().filter(wanted), most, &reviewed.sources);
    if plan.files.is_empty() {
        ui::note(if plan.held_back == 0 {
            "nothing to fix mechanically"
        } else {
            "nothing that is safe to fix; --unsafe takes the rest"
        });
        return Ok(Exit::Passed);
    }
    for (path, after) in &plan.files {
        let before = reviewed.sources.text(path).unwrap_or("");
        if args.write {
            write_whole(&inside(&args.path, path)?, after)?;
        }
        ui::result(&crate::report::diff::unified(path, before, after, colour.on()))?;
    }
    let verb = if args.write { "applied" } else { "would apply" };
    ui::note(format_args!("{verb} {} fixes in {} files", plan.fixes, plan.files.len()));
    if plan.held_back > 0 {
        ui::note(format_args!(
            "{} more may change what the pipeline does: read them with --unsafe",
            plan.held_back
        ));
    }
    if !args.write {
        ui::note("run again with --write to apply");
    }
    Ok(Exit::Passed)
}

struct Plan {
    files: BTreeMap<String, String>,
    fixes: usize,
    held_back: usize,
}

/// Chooses the fixes that fit together: one that overlaps an earlier one waits for the next run.
fn plan<'a>(
    findings: impl Iterator<Item = &'a Finding>,
    most: Applicability,
    sources: &Sources,
) -> Plan {
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    let (mut fixes, mut held_back) = (0, 0);
    for finding in findings {
        let Some(fix) = finding.fix.as_ref().filter(|f| f.applicability <= Applicability::Unsafe)
        else {
            continue;
        };
        if fix.applicability > most {
            held_back += 1;
            continue;
        }
        let mut next = edits.clone();
        for edit in &fix.edits {
            next.entry(&edit.path).or_default().push(edit.clone());
        }
        let fits =
            next.iter().all(|(path, e)| apply_edits(sources.text(path).unwrap_or(""), e).is_ok());
        if fits && !fix.edits.is_empty() {
            edits = next;
            fixes += 1;
        }
    }
    let apply = |(path, e): (&str, Vec<Edit>)| {
        let before = sources.text(path).unwrap_or("");
        let after = apply_edits(before, &e).ok()?;
        (after != before).then(|| (path.to_owned(), after))
    };
    Plan { files: edits.into_iter().filter_map(apply).collect(), fixes, held_back }
}

/// A path of the repository, which no fix may leave: no `..`, no link on the way.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Failure> {
    let mut full = root.to_path_buf();
    for part in path.split('/') {
        if part.is_empty() || part == ".." || part == "." {
            return Err(Failure::usage(format!(
                "{path} leaves the repository and was not written"
            )));
        }
        full.push(part);
        if full.is_symlink() {
            return Err(Failure::usage(format!(
                "{} is a link and was not written",
                full.display()
            )));
        }
    }
    Ok(full)
}
