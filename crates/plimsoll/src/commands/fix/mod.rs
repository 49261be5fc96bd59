//! `plimsoll fix`: the fixes of the findings, shown as a diff or applied.

mod apply;
mod path_dependency;
mod prove;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll_model::{Applicability, Exit, Finding};
use plimsoll_rules::remedy::{Mended, mechanical};

use apply::Uncommitted;

use crate::failure::Failure;
use crate::pipeline;
use crate::replays;
use crate::ui;

/// The name that stands for every rule about local dependencies and their strategies.
const PATH_DEPENDENCY: &str = "path-dependency";

/// Which fixes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the fixes of these rules; `path-dependency` mends local packages.
    rules: Vec<String>,
    /// The repository.
    #[arg(long, default_value = ".", value_name = "PATH")]
    path: PathBuf,
    /// Only shows what would change; the default.
    #[arg(long, conflicts_with = "write")]
    dry_run: bool,
    /// Applies the fixes.
    #[arg(long)]
    write: bool,
    /// Takes fixes that may change what the pipeline does, too.
    #[arg(long = "unsafe")]
    with_unsafe: bool,
    /// Writes to files with uncommitted changes, too.
    #[arg(long)]
    force: bool,
    /// How to mend local packages: copy, widen-context, pnpm-deploy, named-contexts, wheels,
    /// published.
    #[arg(long, value_name = "NAME")]
    strategy: Option<String>,
    /// The index that has the packages, for `--strategy published`.
    #[arg(long, value_name = "URL")]
    index: Option<String>,
    /// Only this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Builds the image before and after, and imports every local package in it.
    #[arg(long)]
    prove: bool,
}

/// Shows or applies the fixes.
pub(crate) fn run(args: &Args, colour: ui::Colour) -> Result<Exit, Failure> {
    let path_dependency = args.rules.iter().any(|r| r == PATH_DEPENDENCY);
    let given =
        args.strategy.is_some() || args.index.is_some() || args.service.is_some() || args.prove;
    if path_dependency || (given && args.rules.is_empty()) {
        if args.rules.len() > 1 {
            return Err(Failure::usage(format!("`{PATH_DEPENDENCY}` stands alone")));
        }
        return path_dependency::run(args, colour);
    }
    if given {
        return Err(Failure::usage(
            "--strategy, --index, --service and --prove belong to `path-dependency`",
        ));
    }
    for name in &args.rules {
        if plimsoll_rules::find_rule(name).is_none() {
            let hint = if Path::new(name).is_dir() {
                format!("a folder is given with --path: `plimsoll fix --path {name}`")
            } else {
                "`plimsoll explain` lists every rule".to_owned()
            };
            return Err(Failure::usage(format!("there is no rule `{name}`")).hint(hint));
        }
    }
    let all = pipeline::find(&args.path)?;
    let most = if args.with_unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let wanted = |f: &Finding| args.rules.is_empty() || args.rules.contains(&f.rule);
    let mended =
        pipeline::with_evidence(&all, |review, terms| mechanical(review, terms, &wanted, most));
    show(&mended, args, &all, colour)
}

fn show(
    mended: &Mended,
    args: &Args,
    all: &pipeline::Found,
    colour: ui::Colour,
) -> Result<Exit, Failure> {
    for finding in &mended.display {
        if let Some(fix) = &finding.fix {
            ui::note(format_args!(
                "by hand: {}: {} ({})",
                finding.rule, fix.title, finding.primary.path
            ));
        }
    }
    for (rule, title) in &mended.dropped {
        ui::note(format_args!("left alone: {rule}: {title} does not end the finding"));
    }
    if mended.outcome.is_empty() {
        ui::note(if mended.held_back == 0 {
            "nothing to fix mechanically"
        } else {
            "nothing that is safe to fix; --unsafe takes the rest"
        });
        return Ok(Exit::Passed);
    }
    apply::show(&all.sources, &mended.outcome, colour)?;
    // Before anything is written: today's files are the ones to compare with.
    let worth = replays::effect(&args.path, all, &mended.outcome);
    if args.write {
        let none = BTreeSet::new();
        let uncommitted = match args.force {
            true => Uncommitted::Forced,
            false => Uncommitted::Refused(&none),
        };
        apply::write(&args.path, &all.sources, &mended.outcome, uncommitted)?;
    }
    for line in &worth {
        ui::note(line);
    }
    let verb = if args.write { "applied" } else { "would apply" };
    let (fixes, files) = (mended.applied.len(), mended.outcome.len());
    ui::note(format_args!("{verb} {fixes} fixes in {files} files"));
    if mended.held_back > 0 {
        ui::note(format_args!(
            "{} more may change what the pipeline does: read them with --unsafe",
            mended.held_back
        ));
    }
    if !args.write {
        ui::note("run again with --write to apply");
    }
    Ok(Exit::Passed)
}
