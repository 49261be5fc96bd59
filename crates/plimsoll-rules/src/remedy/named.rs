//! The packages become contexts of their own: `COPY --from=NAME`. The context stays.

use std::collections::BTreeSet;

use plimsoll_model::EntryKind;

use super::change::Changes;
use super::dockerfile::climbing;
use super::install::{Done, Kitchen, Named};
use super::needs::common;
use super::{Case, Draft, proof, widen};
use crate::discover::paths::{below, file_name, folder};
use crate::discover::{Build, BuildTool};
use crate::layout::image_path;
use crate::repo::Place;

pub(super) fn work_out(case: &Case<'_, '_>, folders: &BTreeSet<&str>) -> Result<Draft, String> {
    if case.builds.is_empty() {
        return Err("nothing in the repository builds it".to_owned());
    }
    if let Some(root) = case.needs.iter().find_map(|n| n.workspace.as_ref()) {
        return Err(format!(
            "{root} makes it a member of a workspace, which named contexts cannot lay out"
        ));
    }
    for needs in case.needs {
        let moment = case.uses.installs[needs.install].moment;
        if let Some((source, _)) = climbing(case.file, case.layout, moment).first() {
            return Err(format!("the Dockerfile takes {source} from outside of its context"));
        }
    }
    let outside: Vec<&str> =
        folders.iter().copied().filter(|f| below(case.layout.context, f).is_none()).collect();
    let is_folder = |p: &str| case.review.sources.kind(p) == Some(EntryKind::Folder);
    let above = match &outside[..] {
        [only] if is_folder(only) => (*only).to_owned(),
        all => common(all.iter().map(|f| folder(f))),
    };
    if above.is_empty() {
        return Err("the packages share no folder but the root of the repository".to_owned());
    }
    let name = file_name(&above).to_ascii_lowercase();
    if case.file.target(Some(&name)).is_some() {
        return Err(format!("a stage is called {name} already"));
    }
    let mut changes = Changes::default();
    let mut done = Done::default();
    widen::declarations(case, &mut changes, &mut done);
    for build in &case.builds {
        add(case, build, &name, &above, &mut changes)?;
    }
    let kitchen = Kitchen {
        review: case.review,
        layout: case.layout,
        uses: case.uses,
        context: "",
        buildkit: true,
        named: Some(Named { name: &name, folder: &above }),
        wheels: None,
        ships: true,
    };
    for needs in case.needs {
        kitchen.mend(needs, &mut changes, &mut done);
    }
    let context = case.layout.context.to_owned();
    let packages = proof::folders(case.review, case.uses);
    Ok(Draft { changes, done, context, named: vec![(name, above)], packages, released: false })
}

/// Gives a build the named context.
fn add(
    case: &Case<'_, '_>,
    build: &Build,
    name: &str,
    above: &str,
    changes: &mut Changes,
) -> Result<(), String> {
    let at = build.context.at();
    let text = case.review.sources.text(&at.path).ok_or("the place was not read")?;
    let span = at.span.ok_or("the place has no bytes")?;
    let start = text[..span.start as usize].rfind('\n').map_or(0, |i| i + 1);
    let before = &text[start..span.start as usize];
    let indent: String =
        before.chars().map(|c| if c == '-' { ' ' } else { c }).take_while(|c| *c == ' ').collect();
    let end = text[span.end as usize..].find('\n').map_or(text.len(), |i| span.end as usize + i);
    let end = super::dockerfile::offset(end);
    match build.tool {
        BuildTool::BuildPushAction
            if before.trim_start_matches([' ', '-']).starts_with("context") =>
        {
            if !build.contexts.is_empty() {
                return Err("the build has named contexts already: add to them by hand".to_owned());
            }
            let line =
                format!("\n{indent}build-contexts: {name}={}", image_path::relative("", above));
            changes.insert(&at.path, end, line);
            Ok(())
        }
        BuildTool::Compose => compose(at, before, span.end, end, &indent, name, above, changes),
        BuildTool::Buildx => {
            changes
                .replace(at, format!("--build-context {name}={} {}", above, &text[span.range()]));
            Ok(())
        }
        tool => Err(format!("{} has no named contexts", tool.name())),
    }
}

#[expect(clippy::too_many_arguments, reason = "each is a fact of the place")]
fn compose(
    at: &Place,
    before: &str,
    value_end: u32,
    end: u32,
    indent: &str,
    name: &str,
    above: &str,
    changes: &mut Changes,
) -> Result<(), String> {
    let path = image_path::relative(folder(&at.path), above);
    if before.trim() == "build:" {
        let inner = format!("{indent}  ");
        let start = at.span.map_or(value_end, |s| s.start);
        // The space after the colon goes.
        let colon = start - u32::from(before.ends_with(' '));
        changes.edit(&at.path, colon, start, format!("\n{inner}context: "));
        changes.insert(
            &at.path,
            end,
            format!("\n{inner}additional_contexts:\n{inner}  {name}: {path}"),
        );
        return Ok(());
    }
    if !before.trim().starts_with("context") {
        return Err(format!("{} does not name the context", at.path));
    }
    changes.insert(
        &at.path,
        end,
        format!("\n{indent}additional_contexts:\n{indent}  {name}: {path}"),
    );
    Ok(())
}
