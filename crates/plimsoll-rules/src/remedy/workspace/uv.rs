//! A member of a uv workspace, built with its workspace: the root and the lock file first, so
//! that the packages of others keep a layer of their own, then the members it needs.

use crate::discover::paths::{below, folder, join};
use crate::layout::image_path;
use crate::layout::installs::Install;
use crate::remedy::change::Changes;
use crate::remedy::dockerfile::{above, copies, offset, shippers, text_of};
use crate::remedy::install::{Done, Kitchen, one_line};
use crate::remedy::needs::{Need, Needs};
use crate::repo::{Stage, Step, StepKind};
use crate::views::Manager;

/// Lays out the workspace of a manifest, `root`, around an install.
///
/// # Errors
/// A sentence that says why it cannot be done.
pub(in crate::remedy) fn lay_out(
    kitchen: &Kitchen<'_, '_>,
    needs: &Needs,
    root: &str,
    changes: &mut Changes,
    done: &mut Done,
) -> Result<(), String> {
    let install = &kitchen.uses.installs[needs.install];
    let refuse = || {
        Err(format!(
            "{root} lists the service as a member of its workspace: the whole workspace must be laid out in the image"
        ))
    };
    let single = install.command.script.commands.len() == 1 && !install.command.exec;
    let plain = is_sync(install) && single && !install.has(&["--directory", "--project"]);
    let Some(member) = member(kitchen, needs).filter(|_| plain) else { return refuse() };
    let lock = join(folder(root), "uv.lock").unwrap_or_default();
    if kitchen.review.sources.kind(&lock).is_none() {
        return Err(format!("the workspace of {root} has no lock file: run `uv lock` first"));
    }
    let text = kitchen.layout.file.text(kitchen.layout.sources);
    let path = &kitchen.layout.file.path;
    let run = text_of(text, &install.step.at);
    let up = image_path::relative(&member.folder, folder(root));
    let place = image_path::join(&install.folder, &up);
    let inside = |p: &str| below(kitchen.context, p).unwrap_or(p).to_owned();
    let third = third_party(run, &member.name, &place);
    let environment = match text.contains("UV_PROJECT_ENVIRONMENT") {
        // uv puts the environment of a workspace beside its root.
        false => format!("ENV UV_PROJECT_ENVIRONMENT={}/.venv\n", install.folder),
        true => String::new(),
    };
    let slash = if place == "/" { "" } else { "/" };
    let first =
        format!("{environment}COPY {} {} {place}{slash}\n{third}\n", inside(root), inside(&lock));
    let others = |before: bool| {
        let mut all = kitchen.uses.installs.iter().filter(|i| is_sync(i));
        all.any(|i| {
            i.moment.stage == install.moment.stage
                && if before { i.moment < install.moment } else { i.moment > install.moment }
        })
    };
    let (earlier, later) = (others(true), others(false));
    let missing: Vec<&Need> = needs.missing.iter().collect();
    let copied = copies(kitchen.review, &missing, needs.ecosystem, kitchen.context);
    let lines: String = copied.iter().map(|c| c.line(None)).collect();
    let stage = &kitchen.layout.file.stages[install.moment.stage];
    let last = format!("{lines}{}", whole(kitchen, install, run));
    let text_after = match (earlier, later) {
        (false, true) => first.trim_end().to_owned(),
        (false, false) => {
            let step = early(stage, install).map_or(&install.step.at, |s| &s.at);
            changes.insert(path, offset(above(text, step)), format!("{first}\n"));
            last
        }
        (true, _) => last,
    };
    if !earlier {
        done.third_party.push(one_line(&third));
    }
    if let Some(span) = install.step.at.span {
        changes.edit(path, span.start, offset(span.start as usize + run.len()), text_after);
    }
    Ok(())
}

fn is_sync(install: &Install<'_>) -> bool {
    install.manager == Manager::Uv && !install.export && install.call.subcommand(0) == Some("sync")
}

/// The member that an install is run for.
struct Member {
    name: String,
    folder: String,
}

fn member(kitchen: &Kitchen<'_, '_>, needs: &Needs) -> Option<Member> {
    let mut own = kitchen.uses.uses.iter().filter(|u| u.install == needs.install && u.depth == 0);
    let manifest = kitchen.review.repo.packages.get(&own.next()?.manifest)?;
    Some(Member { name: manifest.name.clone()?, folder: folder(&manifest.path).to_owned() })
}

/// `uv sync` of what is not of the repository: it needs the root and the lock file alone.
fn third_party(run: &str, name: &str, place: &str) -> String {
    let run = run.replace(" --no-install-project", "");
    let mut flags = format!(" --directory {place} --package {name}");
    if !run.contains("--no-install-workspace") {
        flags.push_str(" --no-install-workspace");
    }
    frozen(&run).replacen("uv sync", &format!("uv sync{flags}"), 1)
}

/// The install as it was, to the letter of the lock file; as copies where another stage takes
/// the environment.
fn whole(kitchen: &Kitchen<'_, '_>, install: &Install<'_>, run: &str) -> String {
    let names = [".venv", "venv", "site-packages"];
    let shipped = !shippers(kitchen.layout.file, install.moment.stage, &names).is_empty();
    let run = frozen(run);
    match shipped && !run.contains("--no-editable") {
        true => run.replacen("uv sync", "uv sync --no-editable", 1),
        false => run,
    }
}

fn frozen(run: &str) -> String {
    let run = run.replace(" --locked", "");
    match run.contains("--frozen") {
        true => run,
        false => run.replacen("uv sync", "uv sync --frozen", 1),
    }
}

/// The first copy of the context once uv is there: what precedes it keeps its layer.
fn early<'s>(stage: &'s Stage, install: &Install<'_>) -> Option<&'s Step> {
    let before = stage.steps.get(..install.moment.step)?;
    let brings_uv = |s: &Step| match &s.kind {
        StepKind::Run(command) => command.text().contains("uv"),
        StepKind::Copy(copy) => {
            copy.from.is_some() && copy.sources.iter().any(|s| s.path.value.contains("uv"))
        }
        _ => false,
    };
    let from = before.iter().rposition(brings_uv).map_or(0, |i| i + 1);
    before[from..].iter().find(|s| matches!(&s.kind, StepKind::Copy(c) if c.from.is_none()))
}
