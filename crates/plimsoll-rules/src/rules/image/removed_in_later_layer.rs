//! Files that a later RUN removes, and the image keeps.

use std::collections::BTreeMap;

use plimsoll_model::{Level, Section};
use plimsoll_syntax::shell::Invocation;

use crate::discover::paths::join;
use crate::repo::{Command, CopyStep, DockerfileView, Place, StepKind};
use crate::review::Review;
use crate::rule::{Check, Out, Rule};
use crate::views::running::mounted;
use crate::views::targets;

pub(crate) static RULE: Rule = Rule {
    name: "image/removed-in-later-layer",
    section: Section::Image,
    level: Level::Advice,
    assures: "what the image does not need is in none of its layers",
    aliases: &[],
    page: include_str!("removed_in_later_layer.md"),
    check: Check::Dockerfile(check),
};

/// What a layer has brought, by its path.
type Brought = BTreeMap<String, (Place, &'static str)>;

fn check(review: &Review<'_>, file: &DockerfileView, out: &mut Out) {
    for target in targets(review, file) {
        let (mut brought, mut folder) = (Brought::new(), Some("/".to_owned()));
        for step in file.lineage(target).into_iter().flat_map(|s| &s.steps) {
            match &step.kind {
                StepKind::Workdir(path) => folder = at(folder.as_deref(), &path.value),
                StepKind::Copy(copy) => copies(copy, folder.as_deref(), &mut brought),
                StepKind::Run(command) if !command.exec => {
                    removals(command, folder.as_deref(), &mut brought, out);
                    downloads(command, folder.as_deref(), &mut brought);
                }
                _ => {}
            }
        }
    }
}

/// A path below a folder, as it is called from the root; `None` where that is not known.
fn at(folder: Option<&str>, path: &str) -> Option<String> {
    if path.contains(['$', '*', '?', '{', '~', '`']) {
        return None;
    }
    let whole = match path.strip_prefix('/') {
        Some(below) => join("", below.trim_start_matches('/')),
        None => join(folder?.trim_start_matches('/'), path),
    };
    Some(format!("/{}", whole?))
}

fn copies(copy: &CopyStep, folder: Option<&str>, brought: &mut Brought) {
    let Some(dest) = at(folder, &copy.dest.value) else { return };
    for source in &copy.sources {
        let path = source.path.value.as_str();
        let Some(name) = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .filter(|n| n.contains('.') && *n != "." && *n != "..")
        else {
            continue;
        };
        // Only what is named as a file: of a folder the content is copied, under other names.
        let into =
            copy.dest.value.ends_with('/') || copy.dest.value == "." || copy.sources.len() > 1;
        let target = if into { at(Some(&dest), name) } else { Some(dest.clone()) };
        if let Some(target) = target.filter(|t| t != "/" && !copy.parents) {
            brought.insert(target, (source.path.at.clone(), "copied here"));
        }
    }
}

/// The files that a RUN downloads to a path that is written out.
fn downloads(command: &Command, folder: Option<&str>, brought: &mut Brought) {
    if command.calls().any(|c| matches!(c.program, "cd" | "pushd")) {
        return;
    }
    for call in command.calls() {
        let (letter, long) = match call.program {
            "curl" => ('o', "--output"),
            "wget" => ('O', "--output-document"),
            _ => continue,
        };
        let is_flag = |head: &str| {
            let short = head.starts_with('-') && !head.starts_with("--");
            head == long || (short && head.ends_with(letter))
        };
        let path = call.args.windows(2).find(|pair| is_flag(pair[0].head()));
        let path = path.and_then(|pair| pair[1].text()).and_then(|p| at(folder, p));
        if let Some(path) = path.filter(|p| !mounted(command, p)) {
            brought.insert(path, (command.place(call.span()), "downloaded here"));
        }
    }
}

fn removals(command: &Command, folder: Option<&str>, brought: &mut Brought, out: &mut Out) {
    let moves = command.calls().any(|c| matches!(c.program, "cd" | "pushd"));
    let folder = folder.filter(|_| !moves);
    for call in command.calls().filter(|c| c.program == "rm") {
        for (path, (place, how)) in hit(&call, folder, brought) {
            out.finding(&command.place(call.span()), format!("{path} is removed too late"))
                .label("a layer below keeps it")
                .related(&place, how)
                .consequence("each pull carries it, and whoever has the image can read it")
                .remedy(
                    "remove it in the RUN that makes it; bring what only the build needs with RUN \
                     --mount=type=bind, or use it in a stage of its own",
                );
            brought.remove(&path);
        }
    }
}

/// What an `rm` takes of that which layers below have brought: the files it names.
fn hit(
    call: &Invocation<'_>,
    folder: Option<&str>,
    brought: &Brought,
) -> Vec<(String, (Place, &'static str))> {
    let paths = call.args.iter().filter_map(|w| w.text()).filter(|t| !t.starts_with('-'));
    let paths = paths.filter_map(|t| at(folder, t));
    paths.filter_map(|p| brought.get(&p).cloned().map(|found| (p, found))).collect()
}
