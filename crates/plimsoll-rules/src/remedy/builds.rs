//! The places that build a service, given another context.

use super::change::Changes;
use crate::discover::paths::{below, folder, join};
use crate::discover::{Build, BuildTool, ContextRef};
use crate::layout::image_path;
use crate::repo::Place;
use crate::review::Review;

/// Gives a build another context. The Dockerfile stays where it is.
///
/// # Errors
/// A sentence that says why it cannot be done.
pub(super) fn retarget(
    review: &Review<'_>,
    build: &Build,
    context: &str,
    dockerfile: &str,
    changes: &mut Changes,
) -> Result<(), String> {
    let ContextRef::Folder(old) = &build.context else {
        return Err(format!("the context of {} is no folder that is written out", shown(build)));
    };
    let written = written(review, &old.at).unwrap_or("");
    if written.contains('$') || old.at.span.is_none() {
        return Err(format!("the context of {} is a variable", shown(build)));
    }
    let implied = build.dockerfile.as_ref().is_none_or(|d| d.at == old.at);
    match build.tool {
        BuildTool::BuildPushAction => {
            changes.replace(&old.at, text_of("", context));
            if implied {
                below_key(review, &old.at, &format!("file: {dockerfile}"), changes)?;
            }
            Ok(())
        }
        BuildTool::Compose | BuildTool::Skaffold => {
            yaml_service(review, build, context, dockerfile, implied, changes)
        }
        BuildTool::DockerBuild | BuildTool::Buildx | BuildTool::Podman => {
            command(build, &old.value, written, context, dockerfile, implied, changes)
        }
        BuildTool::CloudBuildDocker => {
            arguments(review, &old.at, written, context, dockerfile, implied, changes)
        }
        BuildTool::Config => {
            changes.replace(&old.at, format!("\"{}\"", text_of("", context)));
            Ok(())
        }
        tool => Err(format!(
            "{} is not rewritten: give it the context {}",
            tool.name(),
            text_of("", context)
        )),
    }
}

fn shown(build: &Build) -> String {
    format!("{} in {}", build.tool.name(), build.at.path)
}

/// The text of a place without quotes.
fn written<'r>(review: &Review<'r>, at: &Place) -> Option<&'r str> {
    let text = review.sources.text(&at.path)?.get(at.span?.range())?;
    Some(text.trim().trim_matches(['"', '\'']))
}

/// A folder of the repository as it is written from another one.
fn text_of(from: &str, folder: &str) -> String {
    image_path::relative(from, folder)
}

/// The line of a place: what stands before it, and where it ends.
fn line<'r>(review: &Review<'r>, at: &Place) -> Option<(&'r str, usize)> {
    let text = review.sources.text(&at.path)?;
    let span = at.span?;
    let start = text.get(..span.start as usize)?.rfind('\n').map_or(0, |i| i + 1);
    let end =
        text.get(span.end as usize..)?.find('\n').map_or(text.len(), |i| span.end as usize + i);
    Some((text.get(start..span.start as usize)?, end))
}

/// Adds a key below the key of a value, as far to the right.
pub(super) fn below_key(
    review: &Review<'_>,
    value: &Place,
    key: &str,
    changes: &mut Changes,
) -> Result<(), String> {
    let (before, end) = line(review, value).ok_or("the place has no line")?;
    let indent: String =
        before.chars().map(|c| if c == '-' { ' ' } else { c }).take_while(|c| *c == ' ').collect();
    let is_block = before
        .trim_start_matches([' ', '-'])
        .chars()
        .all(|c| c.is_alphanumeric() || "-_: ".contains(c));
    if !is_block || before.contains(['{', '[']) {
        return Err(format!("{} is written in flow style", value.path));
    }
    changes.insert(&value.path, u32::try_from(end).unwrap_or(u32::MAX), format!("\n{indent}{key}"));
    Ok(())
}

/// A service of compose or an artifact of skaffold: the Dockerfile is named from the context.
fn yaml_service(
    review: &Review<'_>,
    build: &Build,
    context: &str,
    dockerfile: &str,
    implied: bool,
    changes: &mut Changes,
) -> Result<(), String> {
    let at = build.context.at();
    let here = folder(&at.path);
    let file = below(context, dockerfile).ok_or("the Dockerfile lies outside the new context")?;
    let (before, _) = line(review, at).ok_or("the place has no line")?;
    if build.tool == BuildTool::Skaffold && implied {
        return Err("skaffold is not rewritten: name the Dockerfile below `docker:`".to_owned());
    }
    if let Some(head) = before.strip_suffix("build: ") {
        let indent = " ".repeat(head.len() + 2);
        let text =
            format!("\n{indent}context: {}\n{indent}dockerfile: {file}", text_of(here, context));
        // The space after the colon goes with the value.
        let span = at.span.ok_or("the place has no bytes")?;
        changes.edit(&at.path, span.start - 1, span.end, text);
        return Ok(());
    }
    if !before.contains("context") {
        return Err(format!("{} does not name the context", at.path));
    }
    changes.replace(at, text_of(here, context));
    match (&build.dockerfile, implied) {
        (Some(old), false) => {
            changes.replace(&old.at, file);
            Ok(())
        }
        _ => below_key(review, at, &format!("dockerfile: {file}"), changes),
    }
}

/// A command line: the last word is the context, `-f` is seen from where it runs.
fn command(
    build: &Build,
    folder: &str,
    written: &str,
    context: &str,
    dockerfile: &str,
    implied: bool,
    changes: &mut Changes,
) -> Result<(), String> {
    let at = build.context.at();
    // Where the command runs, told by what its word means.
    let here = if join("", written).as_deref() == Some(folder) && !matches!(written, "." | "./") {
        String::new()
    } else if matches!(written, "." | "./") {
        folder.to_owned()
    } else {
        return Err(format!("where {} runs cannot be told", shown(build)));
    };
    let new = text_of(&here, context);
    let flag = if implied { format!("-f {} ", text_of(&here, dockerfile)) } else { String::new() };
    changes.replace(at, format!("{flag}{new}"));
    Ok(())
}

/// A list of arguments in YAML: the item of the context, and two more for `-f`.
fn arguments(
    review: &Review<'_>,
    at: &Place,
    written: &str,
    context: &str,
    dockerfile: &str,
    implied: bool,
    changes: &mut Changes,
) -> Result<(), String> {
    if written.contains('$') {
        return Err("the context of the Cloud Build step is a variable".to_owned());
    }
    let new = text_of("", context);
    let (before, _) = line(review, at).ok_or("the place has no line")?;
    let text = if !implied {
        format!("'{new}'")
    } else if let Some(indent) = before.strip_suffix("- ").filter(|b| b.trim().is_empty()) {
        format!("'-f'\n{indent}- '{dockerfile}'\n{indent}- '{new}'")
    } else {
        format!("'-f', '{dockerfile}', '{new}'")
    };
    changes.replace(at, text);
    Ok(())
}
